package console

import (
	"net/url"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/store"
)

const (
	// bannerAge is how long an answer of the database serves further pages.
	bannerAge = 10 * time.Second
	// bannerLines is how many troubles are said at once; the others are folded.
	bannerLines = 3
)

// bannerView is what every page says first when something is wrong.
type bannerView struct{ First, More []trouble }

// trouble is one thing that is wrong: what, since when, what it means, and
// where to see it.
type trouble struct {
	What      string
	Since     time.Time
	Means     string
	URL, Link string // empty where no page shows it
}

// bannerFor is what is wrong, for whoever may know of it.
func (c *Console) bannerFor(v *visit) (bannerView, error) {
	if !v.who.May(desk.MayReadCases) {
		return bannerView{}, nil
	}
	found, err := c.troubles.get(c.desk.Now(), bannerAge, func() ([]store.Trouble, error) {
		return c.desk.Troubles(v.Request.Context(), v.who)
	})
	if err != nil {
		return bannerView{}, err
	}
	said := make([]trouble, len(found))
	for i, t := range found {
		said[i] = say(t)
	}
	first := min(len(said), bannerLines)
	return bannerView{First: said[:first], More: said[first:]}, nil
}

func say(t store.Trouble) trouble {
	n := int(t.Count)
	out := trouble{Since: t.Since}
	switch t.Kind {
	case store.TroubleUnwatched:
		out.What = plural(n, "case has no timer", "cases have no timer")
		out.Means, out.URL, out.Link = "nothing would act at the cut-off: see that workers run", "/?tab=open", "see the open cases"
	case store.TroubleCredentials:
		out.What = t.Connection + " refuses our credentials"
		out.waits(t)
	case store.TroubleAnswers:
		out.What = "Answers to " + t.Connection + " fail"
		out.waits(t)
	case store.TroubleRelay:
		out.What = plural(n, "notice waits", "notices wait") + " for the workflow"
		out.Means = "disputes may be missing here until Temporal answers: /readyz says whether it does"
	case store.TroubleUnreadable:
		out.What = plural(n, "webhook", "webhooks") + " of " + t.Connection + " could not be read"
		out.Means = "a dispute may be missing here: look at the provider"
	case store.TroubleWrites:
		out.What = t.Connection + " did not take " + plural(n, "write", "writes")
		out.Means = "cards, tickets or journal entries are missing there: “rebuttal doctor” says why"
	case store.TroubleSweep:
		out.What = t.Connection + " was not asked for disputes"
		out.Means = "one whose webhook got lost is not found: “rebuttal doctor” says why"
	}
	return out
}

// waits says how many cases a connection's trouble holds up, and leads to them.
func (t *trouble) waits(of store.Trouble) {
	t.Means = plural(int(of.Count), "case waits", "cases wait")
	t.URL, t.Link = "/?"+url.Values{"tab": {"person"}, byProvider: {of.Connection}}.Encode(), "see them"
	if of.Count == 1 {
		t.Link = "see it"
	}
}
