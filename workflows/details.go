package workflows

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// details is the case as the Temporal UI shows it, in Markdown: what it is
// about, what it waits for and until when, what each source answered, what was
// sent. It holds no personal data.
func details(s *State) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("### %s · %s", s.Known.Title, s.Known.Amount)
	line("")
	line("| | |\n|---|---|")
	line("| case | `%s` |", s.Ref.CaseID())
	line("| dispute | `%s`, %s, provider says `%s` |", s.Ref, s.Known.Stage, s.Known.RawStatus)
	line("| status | **%s** |", s.Face.Status)
	if s.Face.Needs != "" {
		line("| needs | %s |", s.Face.Needs)
	}
	line("| next | %s%s |", s.Face.Next, until(s.Face))
	line("| deadline | %s (%s) |", cmp.Or(stamp(s.Known.Deadline.At), "none known"), s.Known.Deadline.Origin)
	line("| cut-off | %s, then: %s |", cmp.Or(stamp(s.Plan.CutOff), "none"), s.Plan.AtCutOff)
	line("| owner | %s%s |", cmp.Or(s.queue(), "no queue"), assigned(s))
	line("| rule | `%s`: %s |", s.Plan.Rule, s.Plan.Why)
	sourceLines(line, s.Sources)
	packetLines(line, s)
	return b.String()
}

func until(f dispute.Face) string {
	if f.NextAt.IsZero() {
		return ""
	}
	return " (" + stamp(f.NextAt) + ")"
}

func assigned(s *State) string {
	if s.Assignee == "" {
		return ""
	}
	return ", " + s.Assignee
}

func sourceLines(line func(string, ...any), sources []dispute.SourceResult) {
	if len(sources) == 0 {
		return
	}
	line("\n#### Sources\n\n| source | answer | items | detail |\n|---|---|---|---|")
	for _, r := range sources {
		line("| %s | %s | %d | %s |", r.Connection, r.Outcome, r.Items, r.Detail)
	}
}

func packetLines(line func(string, ...any), s *State) {
	if s.Packet.Hash != "" {
		line("\n#### Packet\n\n`%.12s` · strength %d/4 · %d file(s), %d bytes", s.Packet.Hash, s.Packet.Strength, s.Packet.Files, s.Packet.Bytes)
		if len(s.Packet.Missing) > 0 {
			line("\nmissing: %s", strings.Join(s.Packet.Missing, ", "))
		}
		if len(s.Packet.Contradicting) > 0 {
			line("\ncontradicting: %s", strings.Join(s.Packet.Contradicting, ", "))
		}
	}
	if a := s.Answer; a != nil {
		line("\n#### Response\n\n%s: %s by %s at %s; packet `%.12s`. %s", a.Response, a.Outcome, a.By, stamp(a.At), a.PacketHash, a.Detail)
	}
	if s.Auto != nil && !s.Auto.Claimed {
		line("\nWithout an answer from us the provider answers by its method `%s`.", s.Auto.Method)
	}
}
