package api

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

var (
	everybody = roles
	workers   = []desk.Role{desk.RoleAnalyst, desk.RoleManager, desk.RoleAdmin}
	leaders   = []desk.Role{desk.RoleManager, desk.RoleAdmin}
	bookers   = []desk.Role{desk.RoleManager, desk.RoleFinance, desk.RoleAdmin}
	admins    = []desk.Role{desk.RoleAdmin}
)

// matrix says of every operation who may do it and what success is.
var matrix = map[string]struct {
	may    []desk.Role
	status int
	send   func(t *testing.T, w *world) ask // without method and path; nil: nothing to send
}{
	"listCases":           {may: everybody, status: 200},
	"getCase":             {may: everybody, status: 200},
	"getPacketZip":        {may: everybody, status: 200},
	"getPacketFile":       {may: everybody, status: 200},
	"decide":              {may: workers, status: 200, send: sends(`{"kind":"assign"}`)},
	"addNote":             {may: workers, status: 200, send: sends(`{"text":"called the customer"}`)},
	"listEvidence":        {may: everybody, status: 200},
	"orderEvidence":       {may: workers, status: 200, send: sends(`{"items":[{"source":"shop","id":"order:1"}]}`)},
	"excludeEvidence":     {may: workers, status: 200, send: sends(`{"item":{"source":"shop","id":"order:1"},"excluded":true}`)},
	"describeEvidence":    {may: workers, status: 200, send: sendsDescription},
	"replaceLetter":       {may: workers, status: 200, send: sends(`{"text":"We disagree."}`)},
	"dropLetter":          {may: workers, status: 200},
	"previewPacket":       {may: everybody, status: 200},
	"comparePackets":      {may: everybody, status: 200, send: afterAnotherPacket},
	"addEvidence":         {may: workers, status: 200, send: func(t *testing.T, _ *world) ask { return form(t, "scan.png", picture(t)) }},
	"listNotices":         {may: workers, status: 200},
	"getNotice":           {may: workers, status: 200},
	"redeliverNotice":     {may: leaders, status: 202},
	"listReconciliations": {may: everybody, status: 200},
	"runBacktest":         {may: workers, status: 200, send: sends(`{"rules":"live","against":"live","since_days":180}`)},
	"listImports":         {may: everybody, status: 200},
	"importPast":          {may: leaders, status: 200, send: sends(oldRows)},
	"getBalance":          {may: bookers, status: 200},
	"listEntries":         {may: bookers, status: 200},
	"listReasons":         {may: everybody, status: 200},
	"getReason":           {may: everybody, status: 200},
	"getRules":            {may: everybody, status: 200},
	"listRuleFields":      {may: everybody, status: 200},
	"checkRules":          {may: everybody, status: 200, send: sends(rulesBody("check"))},
	"explainRules":        {may: everybody, status: 200, send: sends(`{"case":"du_1"}`)},
	"diffRules":           {may: everybody, status: 200},
	"listRuleVersions":    {may: everybody, status: 200},
	"rollBackRules":       {may: leaders, status: 200, send: afterAnotherVersion},
	"listRuleEvents":      {may: everybody, status: 200},
	"listRuleDrafts":      {may: everybody, status: 200},
	"draftRules":          {may: workers, status: 201, send: sends(rulesBody("draft"))},
	"getRuleDraft":        {may: everybody, status: 200, send: onDraft("")},
	"editRuleDraft":       {may: workers, status: 200, send: onDraft(rulesBody("edit"))},
	"dropRuleDraft":       {may: workers, status: 204, send: onDraft("")},
	"checkRuleDraft":      {may: workers, status: 200, send: onDraft("")},
	"getDraftBacktest":    {may: everybody, status: 200, send: afterDraftBacktest},
	"startDraftBacktest":  {may: workers, status: 202, send: onDraft(`{"since_days":180}`)},
	"askRuleApproval":     {may: workers, status: 200, send: onDraft("")},
	"approveRuleDraft":    {may: leaders, status: 200, send: onDraftAsItIs},
	"publishRuleDraft":    {may: leaders, status: 200, send: onDraft("")},
	"previewApply":        {may: everybody, status: 200, send: afterVersion},
	"applyToOpen":         {may: leaders, status: 200, send: applies},
	"startShadow":         {may: leaders, status: 200, send: sends(rulesBody("shadow"))},
	"stopShadow":          {may: leaders, status: 204},
	"reportShadow":        {may: everybody, status: 200, send: afterShadow},
	"listTokens":          {may: admins, status: 200},
	"createToken":         {may: admins, status: 201, send: sends(`{"name":"agent","actor":"bot","role":"viewer"}`)},
	"revokeToken":         {may: admins, status: 204},
}

// sendsDescription describes a document that somebody attached.
func sendsDescription(t *testing.T, w *world) ask {
	t.Helper()
	ok(t, w.db.InCase(t.Context(), ref, func(tx *store.CaseTx) error { return tx.SaveItems([]dispute.Item{scan}) }))
	return ask{body: []byte(`{"item":{"source":"person:ana","id":"scan:1"},"title":"The parcel","slot":"receipt"}`)}
}

// afterAnotherPacket is an ask once an older packet is there too.
func afterAnotherPacket(t *testing.T, w *world) ask {
	t.Helper()
	w.keepOlder(t)
	return ask{}
}

func sends(body string) func(*testing.T, *world) ask {
	return func(*testing.T, *world) ask { return ask{body: []byte(body)} }
}

// pathOf fills the ids of the world into a path of the contract.
func (w *world) pathOf(pattern string) string {
	id := ref.CaseID()
	switch {
	case strings.HasPrefix(pattern, "/v1/notices/"):
		id = fmt.Sprint(w.notice)
	case strings.HasPrefix(pattern, "/v1/tokens/"):
		id = fmt.Sprint(w.victim)
	case strings.HasPrefix(pattern, "/v1/rules/versions/"):
		id = fmt.Sprint(w.version)
	case strings.HasPrefix(pattern, "/v1/rules/drafts/"):
		id = fmt.Sprint(w.draft)
	case pattern == "/v1/rules/diff":
		pattern += "?to=live"
	}
	return strings.NewReplacer("{id}", id, "{network}", "visa", "{code}", "10.4", "{hash}", w.packet, "{sha256}", w.file).Replace(pattern)
}

// TestMatrix asks every operation as everybody, and as nobody.
func TestMatrix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rows := 0
	for _, e := range closed().endpoints {
		op := e.Operation.OperationID
		if e.public != (op == "getContract") {
			t.Errorf("%s: public is %v", op, e.public)
		}
		if e.public {
			continue // TestContractIsServed
		}
		in := ask{}
		row, listed := matrix[op]
		if !listed {
			t.Errorf("%s has no row in the matrix", op)
			continue
		}
		rows++
		if row.send != nil {
			in = row.send(t, w)
		}
		in.method, in.path = e.Method, w.pathOf(e.Path)
		for _, role := range roles {
			want := http.StatusForbidden
			if slices.Contains(row.may, role) {
				want = row.status
			}
			if got := w.as(t, role, in); got.status != want {
				t.Errorf("%s as %s: %d %s, want %d", op, role, got.status, got.body, want)
			}
		}
		for name, token := range map[string]string{"nobody": "", "a revoked token": w.revoked, "a made-up token": "rbt_x"} {
			in.token = token
			got := w.do(t, in)
			if got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s as %s: %d %s", op, name, got.status, got.body)
			}
		}
	}
	if rows != len(matrix) {
		t.Errorf("the matrix has %d rows, %d operations were tried", len(matrix), rows)
	}
}

// TestDecisionRights asks for every decision as everybody: each needs its own
// right, and what is refused never reaches the case.
func TestDecisionRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	may := map[dispute.DecisionKind][]desk.Role{
		dispute.DecideAssign: workers, dispute.DecideHold: workers, dispute.DecideRelease: workers,
		dispute.DecideApprove: workers, dispute.DecideAccept: workers, dispute.DecideSubmit: workers,
		dispute.DecideChangePlan: leaders,
	}
	for _, kind := range dispute.Decisions {
		for _, role := range roles {
			in := ask{method: http.MethodPost, path: "/v1/cases/du_1/decisions", body: fmt.Appendf(nil, `{"kind":%q}`, kind)}
			want := http.StatusForbidden
			switch {
			case kind == dispute.DecideNote, kind == dispute.DecideAttach, kind == dispute.DecideRevise:
				want = http.StatusBadRequest // they have paths of their own
			case slices.Contains(may[kind], role):
				want = http.StatusOK
			}
			got, reached := w.as(t, role, in), len(w.temporal.taken())
			if got.status != want || (reached == 1) != (want == http.StatusOK) {
				t.Errorf("%s as %s: %d %s and %d updates, want %d", kind, role, got.status, got.body, reached, want)
			}
		}
	}
}

// form is an upload of one file.
func form(t *testing.T, name string, content []byte, fields ...[2]string) ask {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for _, f := range fields {
		ok(t, w.WriteField(f[0], f[1]))
	}
	if content != nil {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", multipart.FileContentDisposition("file", name))
		h.Set("Content-Type", "application/pdf") // what a client claims does not count
		part := must(w.CreatePart(h))(t)
		must(part.Write(content))(t)
	}
	ok(t, w.Close())
	return ask{method: http.MethodPost, path: "/v1/cases/du_1/evidence", media: w.FormDataContentType(), body: out.Bytes()}
}
