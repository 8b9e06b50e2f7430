package evidence

import (
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestDrawable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Ærø ŁÓDŹ Αθήνα Москва € – “x” \n": "Ærø ŁÓDŹ Αθήνα Москва € – “x” \n",
		"Nguyễn Văn Ḥasan Əliyev":          "Nguyen Văn Hasan Eliyev",
		"Қазақстан":                        "Kазаkстан",
		"서울":                               "seoul",
		"ｊａｎａ ４２":                          "jana 42",
		"Li 李 小龙 (Bruce)":                  "Li [text in another script] (Bruce)",
		"שלום, Jana":                       "[text in another script], Jana",
		"مرحبا بكم\nHello":                 "[text in another script]\nHello",
		"Thanks 😀😀 👍🏽!":                    "Thanks [emoji]!",
		"x\u0323\u0302":                    "x",
		"1\u20102\u202f3":                  "1-2 3",
		"①":                                "[text in another script]",
		"":                                 "",
	} {
		if got := drawable(in); got != want {
			t.Errorf("drawable(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzDrawable(f *testing.F) {
	f.Add("Жизнь 東京 😀 e\u0301 \x00")
	f.Fuzz(func(t *testing.T, in string) {
		for _, r := range drawable(cleanText(in)) {
			if !inFont(r) {
				t.Fatalf("%U of %q has no shape", r, in)
			}
		}
	})
}

func TestScriptLint(t *testing.T) {
	t.Parallel()
	named := item(dispute.ItemCustomer, "customer:1", dispute.FactCustomerName, "李 小龙")
	plain := item(dispute.ItemOrder, "order:1", dispute.FactProducts, "Shoes")
	b := newBook(testCase(dispute.FamilyGeneral), []dispute.Item{named, plain})
	got := scriptLint(b, Letter{Text: "Dear 李"})
	if len(got) != 2 || got[0].Subject != "customer:1" || got[0].Value != 3 || got[0].Limit != LimitScript {
		t.Fatalf("findings %+v", got)
	}
	for _, want := range []string{"Exhibit 1", "U+5C0F", "U+674E", "U+9F99"} {
		if !strings.Contains(got[0].Action, want) {
			t.Errorf("%q does not name %s", got[0].Action, want)
		}
	}
	if got[1].Subject != string(dispute.FieldUncategorizedText) || got[1].Value != 1 {
		t.Errorf("the letter: %+v", got[1])
	}
}
