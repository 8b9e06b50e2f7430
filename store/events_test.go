package store

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func appendThree(t testing.TB, d *DB, ref dispute.Ref) string {
	t.Helper()
	inCase(t, d, ref, func(c *CaseTx) error {
		for _, e := range []Event{
			{Actor: "rebuttal", Kind: "opened", At: noon, Data: []byte(`{ "b": 1.50, "a": ["<x>", 1e400] }`)},
			{Actor: "ana", Kind: "note", Key: "click-1", At: noon.Add(1500)},
			{Actor: "ana", Kind: "note", Key: "click-2", At: noon},
		} {
			if err := c.Append(e); err != nil {
				return err
			}
		}
		return nil
	})
	return ref.CaseID()
}

func TestAppendChains(t *testing.T) {
	t.Parallel()
	d := open(t)
	id := appendThree(t, d, testRef)
	got := must[[]Event](t)(d.Events(t.Context(), id))
	want := []Event{
		{CaseID: id, Seq: 1, At: noon, Actor: "rebuttal", Kind: "opened", Data: []byte(`{"a":["<x>",1e400],"b":1.50}`)},
		{CaseID: id, Seq: 2, At: noon.Add(1000), Actor: "ana", Kind: "note", Key: "click-1", Data: []byte(`null`)},
		{CaseID: id, Seq: 3, At: noon, Actor: "ana", Kind: "note", Key: "click-2", Data: []byte(`null`)},
	}
	for i := range want {
		if i > 0 {
			want[i].PrevHash = want[i-1].Hash
		}
		want[i].Hash = must[string](t)(want[i].Digest())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	ok(t, d.VerifyChain(t.Context(), id))
	wantKind(t, d.VerifyChain(t.Context(), "cs_none"), dispute.NotFound)
}

// The digest is a promise to whoever verifies a bundle: it must not move.
func TestDigestIsFixed(t *testing.T) {
	t.Parallel()
	e := Event{
		CaseID: "cs_1", Seq: 2, At: noon, Actor: "ana", Kind: "note", Key: "k", Data: []byte(`{"b":1,"a":"<é>"}`),
		PrevHash: strings.Repeat("ab", 32),
	}
	const want = "7f87546bf664f4e0e6e7d77b48a76f2e1a9206c27d2de9cbbf9b54739bad2956"
	if got := must[string](t)(e.Digest()); got != want {
		t.Errorf("digest = %s, want %s", got, want)
	}
}

func TestAppendOncePerKey(t *testing.T) {
	t.Parallel()
	d := open(t)
	id := appendThree(t, d, testRef)
	inCase(t, d, testRef, func(c *CaseTx) error {
		return c.Append(Event{Actor: "ana", Kind: "note", Key: "click-2", At: noon.Add(1)})
	})
	if got := must[[]Event](t)(d.Events(t.Context(), id)); len(got) != 3 {
		t.Errorf("%d events, want 3", len(got))
	}
	other := dispute.Ref{Connection: "stripe-us", ID: "du_2"}
	inCase(t, d, other, func(c *CaseTx) error { return c.Append(Event{Kind: "note", Key: "click-2"}) })
	if got := must[[]Event](t)(d.Events(t.Context(), other.CaseID())); len(got) != 1 {
		t.Errorf("another case has %d events, want 1", len(got))
	}
	err := d.InCase(t.Context(), testRef, func(c *CaseTx) error { return c.Append(Event{Kind: "k", Data: []byte(`{`)}) })
	wantKind(t, err, dispute.Invalid)
}

func TestEventsAreAppendOnly(t *testing.T) {
	t.Parallel()
	d := open(t)
	appendThree(t, d, testRef)
	for _, statement := range []string{
		"UPDATE case_events SET actor = 'x'", "DELETE FROM case_events", "TRUNCATE case_events",
	} {
		wantKind(t, wrap("test", sql(t, d, statement)), dispute.Conflict)
	}
}

func TestTamperingIsNoticed(t *testing.T) {
	t.Parallel()
	d := open(t)
	ok(t, sql(t, d, "ALTER TABLE case_events DISABLE TRIGGER case_events_append_only"))
	for name, c := range map[string]struct{ statement, want string }{
		"data":      {`UPDATE case_events SET data = '{"b":2}' WHERE case_id = $1 AND seq = 1`, "event 1: conflict: its content"},
		"actor":     {`UPDATE case_events SET actor = 'eve' WHERE case_id = $1 AND seq = 2`, "event 2: conflict: its content"},
		"time":      {`UPDATE case_events SET at = at - interval '1 microsecond' WHERE case_id = $1 AND seq = 3`, "event 3: conflict: its content"},
		"hash":      {`UPDATE case_events SET hash = sha256(hash) WHERE case_id = $1 AND seq = 2`, "event 2: conflict: its content"},
		"link":      {`UPDATE case_events SET prev_hash = '' WHERE case_id = $1 AND seq = 2`, "event 2: conflict: it does not follow"},
		"cut out":   {`DELETE FROM case_events WHERE case_id = $1 AND seq = 2`, "event 2: conflict: its number is 3"},
		"cut short": {`DELETE FROM case_events WHERE case_id = $1 AND seq = 3`, "has 2 events, the case counts 3"},
		"emptied":   {`DELETE FROM case_events WHERE case_id = $1`, "has 0 events, the case counts 3"},
	} {
		t.Run(name, func(t *testing.T) {
			id := appendThree(t, d, dispute.Ref{Connection: "c", ID: name})
			ok(t, sql(t, d, c.statement, id))
			err := d.VerifyChain(t.Context(), id)
			wantKind(t, err, dispute.Conflict)
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestVerifyEventsOffline(t *testing.T) {
	t.Parallel()
	d := open(t)
	id := appendThree(t, d, testRef)
	var events []Event
	exported := must[[]byte](t)(json.MarshalIndent(must[[]Event](t)(d.Events(t.Context(), id)), "", "  "))
	ok(t, json.Unmarshal(exported, &events))
	ok(t, VerifyEvents(events))
	ok(t, VerifyEvents(nil))

	for name, tamper := range map[string]func(e []Event) []Event{
		"swapped":      func(e []Event) []Event { e[0], e[1] = e[1], e[0]; return e },
		"headless":     func(e []Event) []Event { return e[1:] },
		"other case":   func(e []Event) []Event { e[1].CaseID = "cs_x"; return e },
		"bad hash":     func(e []Event) []Event { e[1].PrevHash = "zz"; return e },
		"bad data":     func(e []Event) []Event { e[1].Data = []byte(`{`); return e },
		"twice":        func(e []Event) []Event { return append(e, e[2]) },
		"hashed again": func(e []Event) []Event { e[1].Kind = "x"; e[1].Hash, _ = e[1].Digest(); return e },
	} {
		if err := VerifyEvents(tamper(slices.Clone(events))); err == nil {
			t.Errorf("%s: not noticed", name)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{"b":1.50,"a":[1e400,-0,"<&>\u2028\u0000"]}`, `{} {}`, `{"a":1,"a":2}`, `"\ud800"`, `[`, ` 1 `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		once, err := canonical(raw)
		if err != nil {
			if json.Valid(raw) {
				t.Fatalf("refused valid JSON: %v", err)
			}
			return
		}
		twice, err := canonical(once)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q, then %q, %v", once, twice, err)
		}
		// What another program writes after reading an export hashes the same.
		var spaced bytes.Buffer
		if err := json.Indent(&spaced, once, "", "  "); err != nil {
			t.Fatal(err)
		}
		again, err := canonical(spaced.Bytes())
		if err != nil || !bytes.Equal(once, again) {
			t.Fatalf("%q, indented %q, %v", once, again, err)
		}
	})
}
