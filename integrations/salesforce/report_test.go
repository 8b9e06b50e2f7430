package salesforce

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	org "github.com/rebuttal-hq/rebuttal/simulator/salesforce"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const reportKey = "cs_abcdefghij234567/1/report/crm/opened/chargeback"

func reportOf(c dispute.Case) integrations.Report {
	c.ID, c.Ref, c.Family = "cs_abcdefghij234567", dispute.Ref{Connection: "stripe-us", ID: "du_1"}, dispute.FamilyProductNotReceived
	c.View.Snapshot.Amount = dispute.Money{Minor: 12900, Currency: "USD"}
	c.View.Snapshot.NetworkCode, c.View.Snapshot.Stage = "13.1", dispute.StageChargeback
	c.Deadline.At = now.Add(72 * time.Hour)
	return integrations.Report{Moment: dispute.MomentOpened, At: now, Case: c, Queue: "senior", URL: "https://rebuttal.example/cases/cs_abcdefghij234567"}
}

// reportCalls are tried against a vendor that refuses them: a report of nobody's
// writes first, one of a customer's looks for the contact first.
func reportCalls(of integrations.Report) []vendortest.Call {
	stranger := of
	stranger.Case.Payment = nil
	made := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"compositeResponse":[{"httpStatusCode":201,"referenceId":"task","body":{"id":"00T"}}]}`)
	}
	return []vendortest.Call{
		{Name: "find report", Do: func(ctx context.Context, a integrations.Adapter) error {
			_, _, err := a.(*adapter).FindReport(ctx, reportKey, of)
			return err
		}},
		{Name: "report of a customer", Do: func(ctx context.Context, a integrations.Adapter) error {
			_, err := a.(*adapter).Report(ctx, reportKey, of)
			return err
		}},
		{Name: "report", Write: true, Key: mark(reportKey), Serve: made, Do: func(ctx context.Context, a integrations.Adapter) error {
			_, err := a.(*adapter).Report(ctx, reportKey, stranger)
			return err
		}},
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	w := newWorld()
	o := w.NewOrder(world.OrderOptions{})
	stand := org.New(w, clientID, secret)
	s := settings(vendortest.Serve(t, stand))
	s.ReportFields = map[string]string{"status": "Dispute_Status__c", "amount": "Disputed__c", "due_at": "Due__c", "reported_at": "Told__c"}
	a := connect(t, s, &http.Client{})
	r := reportOf(caseOf(o))
	before, err := a.Gather(t.Context(), r.Case)
	if err != nil {
		t.Fatal(err)
	}
	if _, found, err := a.FindReport(t.Context(), reportKey, r); found || err != nil {
		t.Fatalf("before: %v, %v", found, err)
	}
	id, err := a.Report(t.Context(), reportKey, r)
	if err != nil || id == "" {
		t.Fatalf("%q, %v", id, err)
	}
	if got, found, err := a.FindReport(t.Context(), reportKey, r); got != id || !found || err != nil {
		t.Errorf("%s, %v, %v; want %s", got, found, err, id)
	}
	if _, found, err := a.FindReport(t.Context(), reportKey+"/2", r); found || err != nil {
		t.Errorf("another key: %v, %v", found, err)
	}
	tasks := stand.Tasks()
	if len(tasks) != 1 || tasks[0].Who == "" || tasks[0].Subject != "Dispute opened: 129.00 USD, product not received "+mark(reportKey) {
		t.Fatalf("%+v", tasks)
	}
	if strings.Contains(tasks[0].Description, o.Customer.Email) || !strings.Contains(tasks[0].Description, "Answer by: 2026-10-04 12:00 UTC") {
		t.Error(tasks[0].Description)
	}
	want := map[string]any{"Dispute_Status__c": "opened", "Disputed__c": 129.0, "Due__c": "2026-10-04T12:00:00Z", "Told__c": "2026-10-01T12:00:00Z"}
	if diff := cmp.Diff(want, stand.Written(o.Customer.Email)); diff != "" {
		t.Errorf("contact (-want +got):\n%s", diff)
	}
	after, err := a.Gather(t.Context(), r.Case)
	if diff := cmp.Diff(before, after); err != nil || diff != "" {
		t.Errorf("our own task is evidence (%v):\n%s", err, diff)
	}
	r.Moment, r.Outcome = dispute.MomentDecided, dispute.StatusWon
	if _, err := a.Report(t.Context(), reportKey+"/3", r); err != nil || stand.Written(o.Customer.Email)["Dispute_Status__c"] != "won" {
		t.Errorf("%v, %v", stand.Written(o.Customer.Email), err)
	}
}

func TestReportOfAStranger(t *testing.T) {
	t.Parallel()
	stand := org.New(newWorld(), clientID, secret)
	a := connect(t, settings(vendortest.Serve(t, stand)), &http.Client{})
	for i, p := range []*dispute.Payment{nil, {}, {Email: "nobody@shopper.example"}, {Email: "x' OR Email != 'y"}} {
		if _, err := a.Report(t.Context(), fmt.Sprint(reportKey, i), reportOf(dispute.Case{Payment: p})); err != nil {
			t.Fatal(err)
		}
	}
	for _, task := range stand.Tasks() {
		if task.Who != "" {
			t.Errorf("%+v is with a contact", task)
		}
	}
}

func TestReportRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer string
		want   dispute.Kind
		text   string
	}{
		"the contact is refused": {`{"httpStatusCode":400,"referenceId":"task","body":[{"errorCode":"PROCESSING_HALTED"}]},
			{"httpStatusCode":400,"referenceId":"contact","body":[{"errorCode":"INVALID_FIELD","message":"a@b"}]}`, dispute.Invalid, "for the contact: INVALID_FIELD"},
		"no right to tasks": {`{"httpStatusCode":403,"referenceId":"task","body":[{"errorCode":"INSUFFICIENT_ACCESS"}]}`, dispute.Auth, "INSUFFICIENT_ACCESS"},
		"spent":             {`{"httpStatusCode":403,"referenceId":"task","body":[{"errorCode":"REQUEST_LIMIT_EXCEEDED"}]}`, dispute.RateLimited, ""},
		"away":              {`{"httpStatusCode":500,"referenceId":"task","body":null}`, dispute.UnknownOutcome, ""},
		"no answer":         {``, dispute.UnknownOutcome, "names no task"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := connect(t, settings(vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, `{"access_token":"t","token_type":"Bearer","compositeResponse":[`+tt.answer+`]}`)
			}))), &http.Client{})
			_, err := a.Report(t.Context(), reportKey, reportOf(dispute.Case{}))
			if dispute.KindOf(err) != tt.want || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "a@b") {
				t.Errorf("%v, want kind %s and %q", err, tt.want, tt.text)
			}
		})
	}
}
