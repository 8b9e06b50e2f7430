package braintree

import (
	"context"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const (
	// overlap is how far a poll goes back behind its cursor: Braintree searches by
	// whole days, in a zone it does not name, and a status may take effect before
	// it is shown.
	overlap  = 3 * 24 * time.Hour
	pageSize = 50
)

// wireDispute is the part of a GraphQL dispute that we read.
type wireDispute struct {
	ID                string `json:"id"`
	LegacyID          string `json:"legacyId"`
	Type              string `json:"type"`
	Status            string `json:"status"`
	CreatedAt         string `json:"createdAt"`
	ReceivedDate      string `json:"receivedDate"`
	ReplyByDate       string `json:"replyByDate"`
	PreDisputeProgram string `json:"preDisputeProgram"`
	AmountDisputed    amount `json:"amountDisputed"`
	AmountWon         amount `json:"amountWon"`
	ProcessorResponse struct {
		Reason     string `json:"reason"`
		ReasonCode string `json:"reasonCode"`
	} `json:"processorResponse"`
	StatusHistory []struct {
		Status           string `json:"status"`
		Timestamp        string `json:"timestamp"`
		EffectiveDate    string `json:"effectiveDate"`
		DisbursementDate string `json:"disbursementDate"`
	} `json:"statusHistory"`
	Evidence []struct {
		ID string `json:"id"`
	} `json:"evidence"`
	Transaction struct {
		LegacyID string   `json:"legacyId"`
		Snapshot snapshot `json:"paymentMethodSnapshot"`
	} `json:"transaction"`
}

// amount is a decimal with its currency.
type amount struct {
	Value        string `json:"value"`
	CurrencyCode string `json:"currencyCode"`
}

func (a amount) money() dispute.Money { return money(a.Value, a.CurrencyCode) }

// snapshot is how a payment was made.
type snapshot struct {
	Type       string `json:"__typename"`
	BrandCode  string `json:"brandCode"`
	CreditCard struct {
		BrandCode string `json:"brandCode"`
	} `json:"creditCard"`
}

// network is the card's brand, or the wallet that was paid with, as the webhooks
// name it.
func (s snapshot) network() string {
	switch {
	case s.BrandCode != "":
		return s.BrandCode
	case s.CreditCard.BrandCode != "":
		return s.CreditCard.BrandCode
	case s.Type == "PayPalTransactionDetails":
		return "paypal"
	case s.Type == "VenmoAccountDetails":
		return "venmo"
	}
	return ""
}

func (w wireDispute) record() record {
	r := record{
		id: w.LegacyID, payment: w.Transaction.LegacyID, kind: w.Type, status: w.Status, program: w.PreDisputeProgram,
		amount: w.AmountDisputed.Value, won: w.AmountWon.Value, currency: w.AmountDisputed.CurrencyCode,
		reason: w.ProcessorResponse.Reason, code: w.ProcessorResponse.ReasonCode, brand: w.Transaction.Snapshot.network(),
		createdAt: w.CreatedAt, received: w.ReceivedDate, replyBy: w.ReplyByDate, evidence: len(w.Evidence),
	}
	for _, h := range w.StatusHistory {
		r.history = append(r.history, event{h.Status, h.Timestamp, h.EffectiveDate, h.DisbursementDate})
	}
	return r
}

// Get implements integrations.Reader. Finalizing makes a dispute "disputed",
// which is ProviderUnderReview.
func (a *adapter) Get(ctx context.Context, ref dispute.Ref) (dispute.Snapshot, error) {
	op := "read dispute " + ref.ID
	var data struct {
		Node *wireDispute `json:"node"`
	}
	variables := map[string]any{"id": globalID("dispute", ref.ID)}
	if _, err := a.call(ctx, vendorhttp.Request{Op: op, JSON: document{disputeQuery, variables}}, &data); err != nil {
		return dispute.Snapshot{}, err
	}
	switch {
	case data.Node == nil:
		return dispute.Snapshot{}, dispute.Errorf(dispute.NotFound, name+": "+op, "there is no such dispute")
	case data.Node.LegacyID != ref.ID:
		return dispute.Snapshot{}, dispute.Errorf(dispute.Transient, name+": "+op, "the answer is not this dispute")
	}
	return data.Node.record().snapshot(), nil
}

// searched is what a search for disputes answers.
type searched struct {
	Search struct {
		Disputes struct {
			Edges []struct {
				Node wireDispute `json:"node"`
			} `json:"edges"`
			PageInfo struct {
				HasNextPage bool   `json:"hasNextPage"`
				EndCursor   string `json:"endCursor"`
			} `json:"pageInfo"`
		} `json:"disputes"`
	} `json:"search"`
}

// Poll implements integrations.Poller. The cursor is the day of the poll before;
// with one it lists the disputes with a status that took effect since, without
// one all that are open or under review.
func (a *adapter) Poll(ctx context.Context, cursor string) ([]dispute.Notice, string, error) {
	const op = "search disputes"
	now := a.now().UTC()
	input := map[string]any{"status": map[string]any{"in": []string{"OPEN", "DISPUTED", "UNDER_REVIEW"}}}
	if cursor != "" {
		day, err := time.Parse(time.DateOnly, cursor)
		if err != nil {
			return nil, cursor, dispute.Errorf(dispute.Invalid, name+": "+op, "the cursor is no date")
		}
		input = map[string]any{"effectiveDate": map[string]any{"greaterThanOrEqualTo": day.Add(-overlap).Format(time.DateOnly)}}
	}
	var notices []dispute.Notice
	variables := map[string]any{"input": input, "first": pageSize, "after": nil}
	for {
		var data searched
		if _, err := a.call(ctx, vendorhttp.Request{Op: op, JSON: document{searchQuery, variables}}, &data); err != nil {
			return nil, cursor, err
		}
		page := data.Search.Disputes
		for _, e := range page.Edges {
			if e.Node.LegacyID != "" {
				notices = append(notices, dispute.Polled(a.connection, e.Node.record().snapshot(), now))
			}
		}
		if !page.PageInfo.HasNextPage || page.PageInfo.EndCursor == "" {
			return notices, now.Format(time.DateOnly), nil
		}
		if variables["after"] == page.PageInfo.EndCursor {
			return nil, cursor, dispute.Errorf(dispute.Transient, name+": "+op, "the list does not go on after a page")
		}
		variables["after"] = page.PageInfo.EndCursor
	}
}
