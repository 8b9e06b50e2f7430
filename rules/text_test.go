package rules

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

const written = `# Ours.
queues:
  all: { members: [a@b.example] }
ladder:
  std: { cut_off: 6h, at_cut_off: submit }
rules:
  # Money went back.
  - id: refunded
    when: payment.refunded   # issuers know
    then: { respond: contest }

  # --- by amount ---

  - id: high
    when: |
      dispute.amount_base >= money("500 USD") &&
        dispute.family == "fraudulent"

    then:
      queue: all
      notify: [{ connection: alerts, channel: "#d" }]
  - { id: small, when: 'dispute.amount_base < money("5 USD")', then: { respond: accept } }
  -
    id: rest
    when: "true"
    then: { queue: all, approval: none, ladder: std, respond: contest }

# The end.
defaults: { queue: all }
`

func TestRuleText(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]struct {
		text  string
		lines Lines
	}{
		"refunded": {"# Money went back.\n- id: refunded\n  when: payment.refunded   # issuers know\n  then: { respond: contest }\n", Lines{7, 10}},
		"high": {"- id: high\n  when: |\n    dispute.amount_base >= money(\"500 USD\") &&\n      dispute.family == \"fraudulent\"\n\n  then:\n    queue: all\n" +
			"    notify: [{ connection: alerts, channel: \"#d\" }]\n", Lines{14, 21}},
		"small": {"- { id: small, when: 'dispute.amount_base < money(\"5 USD\")', then: { respond: accept } }\n", Lines{22, 22}},
		"rest":  {"-\n  id: rest\n  when: \"true\"\n  then: { queue: all, approval: none, ladder: std, respond: contest }\n", Lines{23, 26}},
	} {
		text, lines, err := RuleText([]byte(written), id)
		if err != nil || text != want.text || lines != want.lines {
			t.Errorf("%s: %v %v\n%s", id, lines, err, cmp.Diff(want.text, text))
		}
	}
	for _, id := range []string{"", "nope"} {
		if _, _, err := RuleText([]byte(written), id); dispute.KindOf(err) != dispute.NotFound {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestPutRule(t *testing.T) {
	t.Parallel()
	added := "- id: new\n  when: \"true\"\n  then: { queue: all }\n"
	got, err := PutRule([]byte(written), "", added)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(written, "  -\n    id: rest", "  - id: new\n    when: \"true\"\n    then: { queue: all }\n\n  -\n    id: rest", 1)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error("added (-want +got)\n" + diff)
	}
	if got, err = PutRule(got, "new", "- id: newer\n  when: payment.refunded\n  then: { queue: all }\n\n\n"); err != nil {
		t.Fatal(err)
	}
	want = strings.Replace(want, "- id: new\n    when: \"true\"", "- id: newer\n    when: payment.refunded", 1)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error("changed (-want +got)\n" + diff)
	}
	if got, err = RemoveRule(got, "newer"); err != nil || string(got) != written {
		t.Errorf("removed: %v (-want +got)\n%s", err, cmp.Diff(written, string(got)))
	}
	open := "rules:\n- id: a\n  when: payment.refunded\n  then: { hold: true }\n"
	if got, err = PutRule([]byte(open), "", added); err != nil || string(got) != open+"\n"+added {
		t.Errorf("at the end: %v\n%s", err, got)
	}
}

func TestMoveRule(t *testing.T) {
	t.Parallel()
	order := func(src []byte) string {
		var ids []string
		for _, r := range ReadSketch("t", src).Set.Rules {
			ids = append(ids, r.ID)
		}
		return strings.Join(ids, " ")
	}
	for name, c := range map[string]struct {
		id    string
		place int
		want  string
	}{
		"up":      {"high", 0, "high refunded small rest"},
		"down":    {"refunded", 1, "high refunded small rest"},
		"far":     {"refunded", 99, "high small rest refunded"},
		"first":   {"rest", -1, "rest refunded high small"},
		"nowhere": {"small", 2, "refunded high small rest"},
	} {
		got, err := MoveRule([]byte(written), c.id, c.place)
		if err != nil || order(got) != c.want {
			t.Errorf("%s: %s, %v\n%s", name, order(got), err, got)
		}
		if name == "nowhere" && string(got) != written {
			t.Error(cmp.Diff(written, string(got)))
		}
		for _, kept := range []string{"# Money went back.\n  - id: refunded", "# The end.\ndefaults", "# --- by amount ---"} {
			if !strings.Contains(string(got), kept) {
				t.Errorf("%s: %q is gone\n%s", name, kept, got)
			}
		}
	}
}

// A comment may stand left of its rule, which goes on below it.
func TestCommentsAnywhere(t *testing.T) {
	t.Parallel()
	const src = "rules:\n  - id: a\n    when: \"true\"\n#   then: { queue: old }\n # or\n    then: { queue: q }\n    continue: true\n# of b\n  - id: b\n    then: { queue: r }\n"
	text, lines, err := RuleText([]byte(src), "a")
	if err != nil || !strings.HasSuffix(text, "continue: true\n") || lines != (Lines{First: 2, Last: 7}) {
		t.Errorf("%v, lines %v, %v", err, lines, text)
	}
	moved, err := MoveRule([]byte(src), "a", 1)
	if err != nil {
		t.Fatal(err)
	}
	if set := ReadSketch("t", moved).Set; len(set.Rules) != 2 || set.Rules[0].ID != "b" || set.Rules[0].Continue || !set.Rules[1].Continue {
		t.Errorf("moved:\n%s", moved)
	}
	if back, err := MoveRule(moved, "a", 0); err != nil || string(back) != src {
		t.Errorf("%v: %s", err, cmp.Diff(src, string(back)))
	}
}

func TestTextsThatCannotBeEdited(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]string{
		"no yaml": "a: [", "no rules": "queues: {}\n", "empty": "", "a list": "- a\n", "no rule": "rules: []\n",
		"in one line": "rules: [{ id: a, when: \"true\", then: { queue: q } }]\n", "a word": "rules: none\n",
	} {
		_, err := MoveRule([]byte(src), "a", 0)
		_, put := PutRule([]byte(src), "", NewRule)
		_, removed := RemoveRule([]byte(src), "a")
		for _, err := range []error{err, put, removed} {
			if dispute.KindOf(err) != dispute.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// Whatever is moved, all rules stay as they are written, and moving back gives the
// text that was.
func TestMovesLoseNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src := []byte(written)
		ids := []string{"refunded", "high", "small", "rest"}
		for range rapid.IntRange(1, 6).Draw(t, "moves") {
			var err error
			if src, err = MoveRule(src, rapid.SampledFrom(ids).Draw(t, "rule"), rapid.IntRange(-1, 5).Draw(t, "place")); err != nil {
				t.Fatal(err)
			}
		}
		for place, id := range ids {
			was, _, err := RuleText([]byte(written), id)
			now, _, err2 := RuleText(src, id)
			if err != nil || err2 != nil || was != now {
				t.Fatalf("%s: %v, %v\n%s", id, err, err2, cmp.Diff(was, now))
			}
			if src, err = MoveRule(src, id, place); err != nil {
				t.Fatal(err)
			}
		}
		if string(src) != written {
			t.Fatal(cmp.Diff(written, string(src)))
		}
	})
}

func FuzzEditText(f *testing.F) {
	f.Add([]byte(written), "high", 1)
	f.Add(defaultSource, "rest", 0)
	f.Add([]byte("rules:\n-\n  id: a\n"), "a", 0)
	f.Add([]byte("rules:\n? - id: a\n"), "a", 0)
	f.Fuzz(func(t *testing.T, src []byte, id string, place int) {
		moved, err := MoveRule(src, id, place)
		if err != nil {
			return
		}
		if _, err := RemoveRule(moved, id); err != nil && dispute.KindOf(err) != dispute.Invalid {
			t.Fatalf("%v\n%q\n%q", err, src, moved)
		}
		text, lines, err := RuleText(src, id)
		if err != nil || lines.First < 1 || lines.Last < lines.First {
			t.Fatalf("%v %v", lines, err)
		}
		form, _ := FormOf(text)
		if again, err := form.Write(text); err == nil && form.When == "" {
			if now, _ := FormOf(again); !reflect.DeepEqual(form.Builder, now.Builder) {
				t.Fatalf("%q says %v, and %q %v", text, form.Builder, again, now.Builder)
			}
		}
	})
}
