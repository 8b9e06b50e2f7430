package console

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// failing tells a story and begins an answer that gets no receipt.
func (w *site) failing(s story) {
	w.t.Helper()
	s = s.defaults()
	w.tell(s)
	_, _, err := w.db.BeginIntent(w.t.Context(), store.Intent{
		Key: s.caseID() + "/chargeback/respond/0", CaseID: s.caseID(), Kind: string(dispute.ResponseContest), Target: s.connection,
	})
	check(w.t, err)
}

func TestBanner(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	var later atomic.Int64 // nanoseconds
	w.desk.Now = func() time.Time { return noon.Add(time.Duration(later.Load())) }
	shows := func(role desk.Role, path string, want bool, what string) string {
		t.Helper()
		got := w.ask(role, path, nil)
		if strings.Contains(got.body, `class="banner"`) != want {
			t.Errorf("%s, %s as %q: status %d, a banner: %v", what, path, role, got.status, !want)
		}
		return got.body
	}
	broken := busyDay()[2]
	shows(desk.RoleAnalyst, "/", false, "nothing is wrong")
	w.failing(broken)
	later.Store(int64(bannerAge) - 1)
	shows(desk.RoleAnalyst, "/cases", false, "asked a moment ago")
	later.Store(int64(bannerAge))
	for _, path := range []string{"/", "/cases", casePath(broken.defaults().caseID())} {
		for _, role := range []desk.Role{desk.RoleViewer, desk.RoleFinance, desk.RoleAdmin} {
			body := shows(role, path, true, "an answer fails")
			for _, text := range []string{
				"<strong>stripe-eu refuses our credentials</strong> since <time", "1 case waits",
				`<a href="/?provider=stripe-eu&amp;tab=person">See it</a>`,
			} {
				if !strings.Contains(body, text) {
					t.Errorf("%s as %s does not say %q", path, role, text)
				}
			}
			for _, problem := range unsound(body) {
				t.Errorf("%s: %s", path, problem)
			}
		}
	}
	if got := linkedCases(w.ask(desk.RoleViewer, "/?provider=stripe-eu&tab=person", nil).body); !cmp.Equal(got, caseIDs([]string{broken.id})) {
		t.Errorf("the banner leads to %v", got)
	}
	shows("", "/login", false, "nobody is logged in")
	shows(desk.RoleViewer, "/cases/cs_nothing", false, "an error page asks no more")
	w.db.Close()
	later.Store(int64(3 * bannerAge))
	if got := w.ask(desk.RoleViewer, "/", nil); got.status != http.StatusServiceUnavailable {
		t.Errorf("without the database: %d", got.status)
	}
}

func TestBannerFoldsWhatIsMuch(t *testing.T) {
	t.Parallel()
	w := newSite(t)
	for _, connection := range []string{"a", "b", "c", "d", "e"} {
		s := busyDay()[2]
		s.connection = connection
		w.failing(s)
	}
	body := w.ask(desk.RoleAnalyst, "/", nil).body
	if !strings.Contains(body, "<summary>2 more</summary>") {
		t.Errorf("nothing is folded:\n%s", body)
	}
	for _, problem := range unsound(body) {
		t.Error(problem)
	}
}

func TestEveryTroubleHasWords(t *testing.T) {
	t.Parallel()
	for kind, want := range map[store.TroubleKind]trouble{
		store.TroubleUnwatched: {
			What: "2 cases have no timer", Means: "nothing would act at the cut-off: see that workers run",
			URL: "/?tab=open", Link: "see the open cases",
		},
		store.TroubleCredentials: {
			What: "stripe&co refuses our credentials", Means: "2 cases wait", URL: "/?provider=stripe%26co&tab=person", Link: "see them",
		},
		store.TroubleAnswers: {
			What: "Answers to stripe&co fail", Means: "2 cases wait", URL: "/?provider=stripe%26co&tab=person", Link: "see them",
		},
		store.TroubleRelay: {
			What: "2 notices wait for the workflow", Means: "disputes may be missing here until Temporal answers: /readyz says whether it does",
		},
		store.TroubleUnreadable: {
			What: "2 webhooks of stripe&co could not be read", Means: "a dispute may be missing here: look at the provider",
		},
		store.TroubleWrites: {
			What: "stripe&co did not take 2 writes", Means: "cards, tickets or journal entries are missing there: “rebuttal doctor” says why",
		},
		store.TroubleSweep: {
			What: "stripe&co was not asked for disputes", Means: "one whose webhook got lost is not found: “rebuttal doctor” says why",
		},
	} {
		want.Since = noon
		got := say(store.Trouble{Kind: kind, Connection: "stripe&co", Count: 2, Since: noon})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}
