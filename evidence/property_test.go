package evidence

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

const plantedCard = "4111 1111 1111 1111"

// contents are files of every sort that people attach.
func contents() [][]byte {
	return [][]byte{
		nil, testPDF("one"), testPDF("one", "two", "three"), testPDF(make([]string, 12)...), protectedPDF("x"), testPNG(200, 100),
		testJPEG(noise(300, 200)), testJPEG(noise(500, 400)), testGIF(), []byte("%PDF-1.7 broken"), []byte("plain words"), filledForm(),
	}
}

func anyItem(files [][]byte) *rapid.Generator[dispute.Item] {
	names := append([]string{dispute.FactSlot, "warehouse", "x_y"}, dispute.FactAccessLog, dispute.FactServiceDate)
	for _, l := range labels {
		names = append(names, l.fact)
	}
	return rapid.Custom(func(t *rapid.T) dispute.Item {
		it := dispute.Item{
			ID:     rapid.StringMatching(`[a-z]{1,3}:[0-9]{1,2}`).Draw(t, "id"),
			Source: rapid.SampledFrom([]string{"shop", "carrier", "person:ana"}).Draw(t, "source"),
			Kind:   rapid.SampledFrom(append(kindOrder, dispute.ItemNote, "new_kind")).Draw(t, "kind"),
			Title:  rapid.String().Draw(t, "title"),
			Facts:  map[string]string{},
		}
		for range rapid.IntRange(0, 8).Draw(t, "facts") {
			name := rapid.SampledFrom(names).Draw(t, "fact")
			it.Facts[name] = anyFact(t, name)
		}
		it.Content = rapid.SampledFrom(files).Draw(t, "content")
		if rapid.Bool().Draw(t, "text") {
			it.MediaType = "text/plain"
		}
		return it
	})
}

func anyFact(t *rapid.T, name string) string {
	values := []string{
		"129.00 EUR", "2026-11-01T10:00:00Z", "2026-11-25", "pass", "fail", "1001", "authenticated", "delivered",
		rapid.String().Draw(t, "words"), strings.Repeat("A long tale. ", rapid.IntRange(0, 400).Draw(t, "length")),
		string(rapid.SampledFrom(stripeLimits().FileFields).Draw(t, "slot")),
	}
	if name != dispute.FactTrackingNumber {
		values = append(values, "my card "+plantedCard)
	}
	return rapid.SampledFrom(values).Draw(t, "value")
}

// Whatever the items are, the packet is valid and within the limits, and shows
// no card number.
func TestAnyItemsFit(t *testing.T) {
	t.Parallel()
	files := contents()
	rapid.Check(t, func(rt *rapid.T) {
		limits := stripeLimits()
		limits.TotalPages = rapid.IntRange(2, 49).Draw(rt, "pages")
		limits.TotalBytes = int64(rapid.IntRange(150_000, 4_500_000).Draw(rt, "bytes"))
		limits.FileBytes = int64(rapid.IntRange(100_000, 4_500_000).Draw(rt, "file bytes"))
		limits.TextFieldChars = rapid.IntRange(0, 3000).Draw(rt, "chars")
		limits.TextTotalChars = rapid.IntRange(0, 9000).Draw(rt, "chars together")
		limits.FileFields = limits.FileFields[rapid.IntRange(0, len(limits.FileFields)).Draw(rt, "slots"):]
		in := Input{
			Case:   testCase(rapid.SampledFrom(allFamilies).Draw(rt, "family")),
			Items:  rapid.SliceOfN(anyItem(files), 0, 25).Draw(rt, "items"),
			Limits: limits,
		}
		p := mustCompose(t, in)
		if t.Failed() {
			rt.FailNow()
		}
		for field, text := range p.Texts {
			if strings.Contains(text, "4111 1111") {
				rt.Fatalf("%s shows a card number", field)
			}
		}
		for _, f := range p.Files {
			if strings.Contains(words(t, f), "4111 1111") {
				rt.Fatalf("%s shows a card number", f.Field)
			}
		}
	})
}
