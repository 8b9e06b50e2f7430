package acmepay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// What Acmepay takes in a response.
var (
	textFields = []dispute.EvidenceField{
		dispute.FieldCustomerName, dispute.FieldProductDescription, dispute.FieldShippingCarrier, dispute.FieldShippingDate,
		dispute.FieldShippingTrackingNumber, dispute.FieldUncategorizedText,
	}
	fileFields = []dispute.EvidenceField{
		dispute.FieldCustomerCommunication, dispute.FieldReceipt, dispute.FieldShippingDocumentation, dispute.FieldUncategorizedFile,
	}
	mediaTypes = []string{"application/pdf", "image/jpeg", "image/png"}
)

// Limits implements integrations.Responder.
func (a *adapter) Limits(dispute.Case) integrations.Limits {
	return integrations.Limits{
		TextFieldChars: 10_000, TextTotalChars: 50_000,
		FileBytes: 5_000_000, TotalBytes: 10_000_000, TotalPages: 50,
		MediaTypes: slices.Clone(mediaTypes), FileFields: slices.Clone(fileFields), TextFields: slices.Clone(textFields),
	}
}

// Submit implements integrations.Responder. Acmepay takes texts and files in
// one multipart request, so that nothing is uploaded before. A vendor that wants
// files first gets them here, each under a key made of s.Key and the file's
// hash; s.Uploaded is skipped and s.Progress told.
func (a *adapter) Submit(ctx context.Context, s integrations.Submission) (integrations.Receipt, error) {
	op := "submit evidence for " + s.Case.Ref.ID
	body, contentType, err := form(s)
	if err != nil {
		return integrations.Receipt{}, &dispute.Error{Kind: dispute.Invalid, Op: name + ": " + op, Err: err}
	}
	if s.Sending != nil {
		if err := s.Sending(); err != nil {
			return integrations.Receipt{}, err
		}
	}
	return a.write(ctx, vendorhttp.Request{
		Op: op, Path: "/v1/disputes/" + url.PathEscape(s.Case.Ref.ID) + "/evidence", Body: body, ContentType: contentType,
	}, s.Key)
}

// form is the packet as a multipart body: the same bytes for the same packet,
// because a key that comes back with other bytes is refused. The boundary is
// therefore made of the key.
func form(s integrations.Submission) ([]byte, string, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	sum := sha256.Sum256([]byte(s.Key))
	if err := w.SetBoundary(hex.EncodeToString(sum[:])); err != nil {
		return nil, "", err
	}
	for _, field := range slices.Sorted(maps.Keys(s.Texts)) {
		if err := w.WriteField(string(field), s.Texts[field]); err != nil {
			return nil, "", err
		}
	}
	for _, f := range s.Files {
		part, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {multipart.FileContentDisposition(string(f.Field), f.Name)}, "Content-Type": {f.MediaType},
		})
		if err != nil {
			return nil, "", err
		}
		if _, err := part.Write(f.Bytes); err != nil {
			return nil, "", err
		}
	}
	err := w.Close()
	return b.Bytes(), w.FormDataContentType(), err
}

// Accept implements integrations.Accepter. Afterwards the dispute reads as lost.
func (a *adapter) Accept(ctx context.Context, key string, c dispute.Case) (integrations.Receipt, error) {
	return a.write(ctx, vendorhttp.Request{
		Op: "accept dispute " + c.Ref.ID, Path: "/v1/disputes/" + url.PathEscape(c.Ref.ID) + "/accept",
	}, key)
}

// write sends one final write and keeps what went over the wire.
func (a *adapter) write(ctx context.Context, r vendorhttp.Request, key string) (integrations.Receipt, error) {
	r.Method, r.Write, r.Header = http.MethodPost, true, http.Header{"Idempotency-Key": {key}}
	var out wireDispute
	answer, err := a.http.Do(ctx, r, &out)
	if err != nil {
		return integrations.Receipt{}, err
	}
	receipt := integrations.Receipt{
		VendorID: out.ID, RequestID: answer.Header.Get("Request-Id"), At: a.now().UTC(),
		RawStatus: out.Status, Request: answer.Sent, Response: answer.Body,
	}
	if out.ID == "" {
		return receipt, dispute.Errorf(dispute.UnknownOutcome, name+": "+r.Op, "the answer is no dispute")
	}
	return receipt, nil
}
