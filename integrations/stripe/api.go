package stripe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// maxKey is the longest idempotency key Stripe takes.
const maxKey = 255

// api is the account's own pair of SDK backends; nothing is global.
type api struct {
	key            string
	disputeVersion string
	main, files    stripe.Backend
}

func newAPI(client *http.Client, s *Settings) *api {
	recording := *client
	if recording.Transport == nil {
		recording.Transport = http.DefaultTransport
	}
	recording.Transport = recorder{recording.Transport}
	backend := func(kind stripe.SupportedBackend, url string) stripe.Backend {
		return stripe.GetBackendWithConfig(kind, &stripe.BackendConfig{
			HTTPClient:        &recording,
			URL:               stripe.String(url),
			MaxNetworkRetries: stripe.Int64(0),
			EnableTelemetry:   stripe.Bool(false),
			LeveledLogger:     &stripe.LeveledLogger{Level: stripe.LevelNull}, // the SDK logs bodies
		})
	}
	return &api{
		key:            s.SecretKey,
		disputeVersion: s.APIVersion,
		main:           backend(stripe.APIBackend, s.BaseURL),
		files:          backend(stripe.UploadsBackend, s.filesURL()),
	}
}

// request is one call. A POST changes something and needs a key.
type request struct {
	op      string
	method  string
	path    string
	form    form.Values
	key     string
	version string // of the API; empty means the SDK's
	upload  bool   // it goes to the host that takes files
}

// call sends r and decodes the answer into out. Every error is a
// *dispute.Error.
func (a *api) call(ctx context.Context, r request, out stripe.LastResponseSetter) error {
	write := r.method == http.MethodPost
	params, x, err := start(ctx, r.op, r.key, write)
	if err != nil {
		return err
	}
	if r.version != "" {
		params.Headers = http.Header{"Stripe-Version": {r.version}}
	}
	backend := a.main
	if r.upload {
		backend = a.files
	}
	if err := backend.CallRaw(r.method, r.path, a.key, &r.form, params, out); err != nil {
		return failure(r.op, write, x, err)
	}
	return nil
}

// upload stores a file as dispute evidence. The same file under the same key
// is the same request, byte for byte.
func (a *api) upload(ctx context.Context, key string, f integrations.File) (id string, err error) {
	op := "upload file " + f.SHA256
	params, x, err := start(ctx, op, key, true)
	if err != nil {
		return "", err
	}
	body, contentType, err := vendorhttp.Multipart(f.SHA256,
		vendorhttp.Part{Name: "purpose", Content: []byte(stripe.FilePurposeDisputeEvidence)},
		vendorhttp.Part{Name: "file", FileName: f.Name, MediaType: f.MediaType, Content: f.Bytes},
	)
	if err != nil {
		return "", &dispute.Error{Kind: dispute.Invalid, Op: "stripe: " + op, Err: err}
	}
	boundary := strings.TrimPrefix(contentType, "multipart/form-data; boundary=")
	var out stripe.File
	if err := a.files.CallMultipart(http.MethodPost, "/v1/files", a.key, boundary, bytes.NewBuffer(body), params, &out); err != nil {
		return "", failure(op, true, x, err)
	}
	if out.ID == "" {
		return "", dispute.Errorf(dispute.UnknownOutcome, "stripe: "+op, "the answer names no file")
	}
	return out.ID, nil
}

// start prepares a request's parameters and the exchange that its answer is
// noted in.
func start(ctx context.Context, op, key string, write bool) (*stripe.Params, *exchange, error) {
	if write && key == "" || len(key) > maxKey {
		return nil, nil, dispute.Errorf(dispute.Invalid, "stripe: "+op, "the idempotency key has %d characters, want 1 to %d", len(key), maxKey)
	}
	x := &exchange{}
	params := &stripe.Params{Context: context.WithValue(ctx, exchangeKey{}, x)}
	if key != "" {
		params.SetIdempotencyKey(key)
	}
	return params, x, nil
}

// expand asks for objects instead of their ids.
func expand(f *form.Values, fields ...string) {
	for i, field := range fields {
		f.Add("expand["+strconv.Itoa(i)+"]", field)
	}
}

// exchange keeps what the SDK forgets of an answer that is not Stripe's JSON:
// its status and headers.
type exchange struct {
	status int
	header http.Header
}

type exchangeKey struct{}

type recorder struct{ next http.RoundTripper }

// RoundTrip notes the answer's status and headers in the request's exchange. It
// also keeps net/http from sending a request with an Idempotency-Key again by
// itself, which it does only where GetBody lets it: one attempt is one request.
func (r recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPost {
		req = req.Clone(req.Context())
		req.GetBody = nil
	}
	resp, err := r.next.RoundTrip(req)
	if x, ok := req.Context().Value(exchangeKey{}).(*exchange); ok && err == nil {
		x.status, x.header = resp.StatusCode, resp.Header
	}
	return resp, err
}

// refusal is Stripe's answer to a call it did not perform. Its text leaves the
// vendor's message out, which may quote what was sent.
type refusal struct {
	status    int
	kind      stripe.ErrorType
	code      stripe.ErrorCode
	param     string
	requestID string
	// permission is what a restricted key lacks, in Stripe's words: rak_dispute_read.
	permission string
}

// Error implements error.
func (r *refusal) Error() string {
	text := fmt.Sprintf("HTTP %d", r.status)
	for _, s := range []string{string(r.kind), string(r.code), r.requestID} {
		if s != "" {
			text += " " + s
		}
	}
	if r.permission != "" {
		text += ", the key lacks " + r.permission
	}
	return text
}

// lacking finds the permission that the message of a 403 names: "Having the
// 'rak_dispute_read' permission would allow this request to continue." Nothing
// else of a message is kept, see refusal.
var lacking = regexp.MustCompile(`'(rak_[a-z_]{1,64})'`)

// spent reports whether the idempotency key will never do again: Stripe keeps
// the first answer of a key, a failure too, and refuses the key for anything
// else (docs.stripe.com/api/idempotent_requests).
func spent(r *refusal, x *exchange) bool {
	replayed := x.header.Get("Idempotent-Replayed") == "true"
	return r.kind == stripe.ErrorTypeIdempotency && r.status != http.StatusConflict || r.status >= 500 && replayed
}

// failure maps an SDK error to ours.
func failure(op string, write bool, x *exchange, err error) error {
	op = "stripe: " + op
	if x.status == 0 {
		return vendorhttp.TransportError(op, write, err)
	}
	kind := vendorhttp.KindOfStatus(x.status, write)
	r := &refusal{status: x.status, requestID: x.header.Get("Request-Id")}
	var se *stripe.Error
	if errors.As(err, &se) {
		r.kind, r.code, r.param = se.Type, se.Code, se.Param
		if m := lacking.FindStringSubmatch(se.Msg); m != nil && x.status == http.StatusForbidden {
			r.permission = m[1]
		}
	}
	if spent(r, x) {
		kind = dispute.Invalid
	}
	return &dispute.Error{Kind: kind, Op: op, RetryAfter: vendorhttp.RetryAfter(x.header), Err: r}
}
