package evidence

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// PacketVersion names the layout of packets and of their manifest.
const PacketVersion = "packet/2"

// Input is what a packet is composed from.
type Input struct {
	Case  dispute.Case
	Items []dispute.Item // with Content for documents; notes are never sent
	// Letters are the words of the letter; nil for the built-in ones. A person's own
	// letter among Items, of kind ItemLetter, goes instead of the composed one: the
	// newest, and of one moment the one with the last id.
	Letters *LetterSet
	Limits  Limits
	// Open reads the file of an item whose Content is empty, as often as it is
	// asked; no bytes when the item has none. With it not all files are held at
	// once. Nil when every Item has its Content.
	Open func(dispute.Item) ([]byte, error)
}

// Packet is what a provider is sent: the texts, the files, and how they came
// about. It is frozen by its Hash.
type Packet struct {
	Version   string
	Texts     map[dispute.EvidenceField]string
	Files     []File
	Exhibits  []Exhibit
	Checklist Checklist // of what is sent, after what did not fit was left out
	Letter    Letter
	// Eligibility is how far earlier sales meet a network's rule. Compelling is what
	// a provider may be sent for it: for Visa only, and nil where the rule is not
	// met; it holds personal data.
	Eligibility Eligibility
	Compelling  *dispute.CompellingEvidence
	Lint        []Finding
	Hash        string // SHA-256 of Manifest, lower-case hex
}

// File is one document of a packet.
type File struct {
	Field     dispute.EvidenceField
	Name      string
	MediaType string
	SHA256    string // lower-case hex
	Bytes     []byte
	Pages     int
}

// Compose builds the packet of a case within the provider's limits. What does
// not fit is made smaller, then left out from the weakest on; Packet.Lint says
// what was done. Equal input gives equal bytes, whatever the order of Items.
//
// It fails with kind Invalid when the case and its letter alone do not fit.
func Compose(in Input) (Packet, error) {
	c := newComposer(in)
	r, err := c.fit()
	if err != nil {
		return Packet{}, err
	}
	p := Packet{
		Version: PacketVersion, Texts: r.texts, Files: r.files, Exhibits: r.book.public(),
		Checklist: r.checklist, Letter: r.letter, Lint: slices.Concat(c.lint, r.lint),
		Eligibility: r.book.eligibility,
	}
	if p.Eligibility.Program == VisaCompellingEvidence3 {
		p.Compelling = r.book.compelling
	}
	slices.SortStableFunc(p.Lint, func(a, b Finding) int {
		return strings.Compare(a.Limit+"\x00"+a.Subject, b.Limit+"\x00"+b.Subject)
	})
	sum := sha256.Sum256(Manifest(p))
	p.Hash = hex.EncodeToString(sum[:])
	return p, nil
}

// MinimalPacket is the packet of a case of which nothing but the dispute is
// known. It is valid, and better than a missed deadline.
func MinimalPacket(c dispute.Case, limits Limits) (Packet, error) {
	return Compose(Input{Case: c, Limits: limits})
}

// manifest lists the parts of a packet by their hashes, so that it may be shown
// without personal data.
type manifest struct {
	Version  string         `json:"version"`
	Letter   string         `json:"letter"` // the version of its words
	Texts    []manifestText `json:"texts"`
	Files    []manifestFile `json:"files"`
	Exhibits []manifestItem `json:"exhibits"`
	// Compelling is the SHA-256 of Packet.Compelling as JSON; empty without it.
	Compelling string `json:"compelling,omitempty"`
}

type manifestText struct {
	Field  dispute.EvidenceField `json:"field"`
	SHA256 string                `json:"sha256"`
	Chars  int                   `json:"chars"`
}

type manifestFile struct {
	Field     dispute.EvidenceField `json:"field"`
	Name      string                `json:"name"`
	MediaType string                `json:"media_type"`
	SHA256    string                `json:"sha256"`
	Bytes     int                   `json:"bytes"`
	Pages     int                   `json:"pages"`
}

type manifestItem struct {
	Number int    `json:"number"`
	Item   string `json:"item"`
	Source string `json:"source"`
}

// Manifest is the canonical list of a packet's parts, as JSON: texts sorted by
// field, files in their order, each with its SHA-256. Its own SHA-256 is
// Packet.Hash. It holds ids and hashes, no personal data.
func Manifest(p Packet) []byte {
	m := manifest{Version: p.Version, Letter: p.Letter.Version, Texts: []manifestText{}, Files: []manifestFile{}, Exhibits: []manifestItem{}}
	for _, field := range slices.Sorted(maps.Keys(p.Texts)) {
		text := p.Texts[field]
		m.Texts = append(m.Texts, manifestText{field, hash([]byte(text)), utf8.RuneCountInString(text)})
	}
	for _, f := range p.Files {
		m.Files = append(m.Files, manifestFile{f.Field, f.Name, f.MediaType, f.SHA256, len(f.Bytes), f.Pages})
	}
	for _, e := range p.Exhibits {
		m.Exhibits = append(m.Exhibits, manifestItem{e.Number, e.Item, e.Source})
	}
	if p.Compelling != nil {
		m.Compelling = hash(marshal(p.Compelling))
	}
	return marshal(m)
}

// marshal writes what is made of strings, numbers and dates.
func marshal(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		panic("evidence: manifest: " + err.Error()) // such values always marshal
	}
	return out
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// ownLetter is the letter that a person wrote, among the items; empty without
// one.
func ownLetter(items []dispute.Item) string {
	var newest *dispute.Item
	for i, it := range items {
		if it.Kind != dispute.ItemLetter || strings.TrimSpace(it.Facts[dispute.FactText]) == "" {
			continue
		}
		if newest == nil || cmp.Or(it.At.Compare(newest.At), strings.Compare(it.ID, newest.ID)) > 0 {
			newest = &items[i]
		}
	}
	if newest == nil {
		return ""
	}
	return newest.Facts[dispute.FactText]
}

// byHand puts a person's letter in place of the composed one. The claims stay:
// other text fields use them.
func byHand(l Letter, text string, exhibits int) (Letter, []Finding) {
	masked, hidden := Mask(cleanText(text))
	lint := hiddenLint(string(dispute.FieldUncategorizedText), hidden)
	for _, number := range citedNumbers(masked) {
		if number < 1 || number > exhibits {
			lint = append(lint, Finding{Limit: LimitExhibitCited, Subject: string(dispute.FieldUncategorizedText),
				Value: int64(number), Max: int64(exhibits), Action: "nothing: the letter cites an exhibit that is not in the packet, correct it"})
		}
	}
	l.Version, l.Text = letterByHand, masked
	return l, lint
}

var citations = regexp.MustCompile(`(?i)\bexhibits?\s+([0-9]{1,4}(?:(?:\s*,\s*|\s+and\s+|\s+to\s+|\s*[-–]\s*)[0-9]{1,4})*)`)

func citedNumbers(text string) []int {
	var out []int
	for _, m := range citations.FindAllStringSubmatch(text, -1) {
		n, in := 0, false
		for _, r := range m[1] + " " {
			d, ok := digit(r)
			switch {
			case ok:
				n, in = n*10+int(d), true
			case in:
				out, n, in = append(out, n), 0, false
			}
		}
	}
	return out
}
