package evidence

import (
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func BenchmarkCompose(b *testing.B) {
	for name, items := range map[string][]dispute.Item{
		"none": nil, "records": sale(), "documents": everything(),
		"photo": append(everything(), docItem("photo", "", testJPEG(noise(3000, 2000)))),
	} {
		b.Run(name, func(b *testing.B) {
			in := Input{Case: testCase(dispute.FamilyProductNotReceived), Items: items, Limits: stripeLimits()}
			for b.Loop() {
				if _, err := Compose(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
