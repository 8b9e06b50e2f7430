package stripe

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// Submit implements integrations.Responder. The final request names every
// field of the packet and submit=true: Stripe takes evidence once. Compelling
// evidence is staged before and goes along when it qualifies. A fee for a
// compliance dispute is never acknowledged: Stripe then refuses, and a person
// decides in the Dashboard. In an appeal Stripe takes no evidence of this kind
// (docs.stripe.com/changelog/endive/2026-10-28), so that is Unsupported.
func (a *adapter) Submit(ctx context.Context, s integrations.Submission) (integrations.Receipt, error) {
	id := s.Case.Ref.ID
	op := "submit evidence for " + id
	if strings.HasPrefix(s.Case.View.Snapshot.RawStatus, "appeal_") {
		return integrations.Receipt{}, dispute.Errorf(dispute.Unsupported, "stripe: "+op, "an appeal: %w", dispute.ErrUnsupported)
	}
	if err := checkPacket(s); err != nil {
		return integrations.Receipt{}, &dispute.Error{Kind: dispute.Invalid, Op: "stripe: " + op, Err: err}
	}
	uploads, err := a.uploadAll(ctx, s)
	if err != nil {
		return integrations.Receipt{Uploads: uploads}, err
	}
	qualified, err := a.qualifies(ctx, s)
	if err != nil {
		return integrations.Receipt{Uploads: uploads}, err
	}
	if s.Sending != nil {
		if err := s.Sending(); err != nil {
			return integrations.Receipt{Uploads: uploads}, err
		}
	}
	receipt, err := a.change(ctx, request{
		op:   op,
		path: stripe.FormatURLPath("/v1/disputes/%s", id),
		form: evidence(s, uploads, qualified),
		key:  s.Key,
	})
	receipt.Uploads = uploads
	return receipt, err
}

// uploadAll returns the ids of all files, those of an error's earlier uploads
// too.
func (a *adapter) uploadAll(ctx context.Context, s integrations.Submission) (map[string]string, error) {
	ids := make(map[string]string, len(s.Files))
	for _, f := range s.Files {
		if ids[f.SHA256] != "" {
			continue
		}
		if id := s.Uploaded[f.SHA256]; id != "" {
			ids[f.SHA256] = id
			continue
		}
		id, err := a.api.upload(ctx, s.Key+"/"+f.SHA256, f)
		if err != nil {
			return ids, err
		}
		ids[f.SHA256] = id
		if s.Progress != nil {
			s.Progress(f.SHA256, id)
		}
	}
	return ids, nil
}

// evidence is the final request's form, the same bytes for the same packet.
// Compelling evidence goes along when it qualifies.
func evidence(s integrations.Submission, uploads map[string]string, qualified bool) form.Values {
	fields := maps.Clone(s.Texts)
	if fields == nil {
		fields = map[dispute.EvidenceField]string{}
	}
	for _, f := range s.Files {
		fields[f.Field] = uploads[f.SHA256]
	}
	var out form.Values
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if fields[field] != "" {
			out.Add("evidence["+string(field)+"]", fields[field])
		}
	}
	if qualified {
		addCompelling(&out, *s.Compelling)
	}
	out.Add("submit", "true")
	return out
}

// Accept implements integrations.Accepter. Stripe closes the dispute as lost.
func (a *adapter) Accept(ctx context.Context, key string, c dispute.Case) (integrations.Receipt, error) {
	return a.change(ctx, request{
		op:   "close dispute " + c.Ref.ID,
		path: stripe.FormatURLPath("/v1/disputes/%s/close", c.Ref.ID),
		key:  key,
	})
}

// ClaimManual implements integrations.AutoAnswerer. It says submit=false,
// because an update without it sends what is staged. An account without Smart
// Disputes refuses the setting; then nothing is claimed.
func (a *adapter) ClaimManual(ctx context.Context, key string, ref dispute.Ref) (claimed bool, method string, err error) {
	var f form.Values
	f.Add("intended_submission_method", "manual")
	f.Add("submit", "false")
	var out disputeAnswer
	err = a.api.call(ctx, request{
		op:      "claim dispute " + ref.ID,
		method:  http.MethodPost,
		path:    stripe.FormatURLPath("/v1/disputes/%s", ref.ID),
		form:    f,
		key:     key,
		version: a.api.disputeVersion,
	}, &out)
	if settingUnavailable(err) {
		s, err := a.Get(ctx, ref)
		return false, s.AutoAnswer, err
	}
	if err != nil {
		return false, "", err
	}
	return out.IntendedSubmissionMethod == "manual", out.IntendedSubmissionMethod, nil
}

// settingUnavailable reports whether Stripe refused the submission method
// itself: by an older API version as a parameter it does not know, or because
// the account has no Smart Disputes.
func settingUnavailable(err error) bool {
	var r *refusal
	if !errors.As(err, &r) || r.status != http.StatusBadRequest {
		return false
	}
	return r.param == "intended_submission_method" || r.code == "smart_disputes_not_available"
}

// change sends a final write about a dispute and keeps what went over the wire.
func (a *adapter) change(ctx context.Context, r request) (integrations.Receipt, error) {
	r.method, r.version = http.MethodPost, a.api.disputeVersion
	var out disputeAnswer
	if err := a.api.call(ctx, r, &out); err != nil {
		return integrations.Receipt{}, err
	}
	receipt := integrations.Receipt{
		VendorID:  out.ID,
		RequestID: out.LastResponse.RequestID,
		At:        a.now().UTC(),
		RawStatus: out.Status,
		Request:   []byte(r.form.Encode()),
		Response:  out.LastResponse.RawJSON,
	}
	if out.ID == "" {
		return receipt, dispute.Errorf(dispute.UnknownOutcome, "stripe: "+r.op, "the answer is not a dispute")
	}
	return receipt, nil
}
