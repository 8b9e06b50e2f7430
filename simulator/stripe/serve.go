package stripe

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxBody bounds a request: a file of 5 MB and some form around it.
const maxBody = 6 << 20

// object is a JSON object.
type object = map[string]any

// call is one request on its way through an endpoint.
type call struct {
	r       *http.Request
	id      string // the {id} of the path
	version string
	params  url.Values
	body    []byte // as it came, unless it holds a file
	file    *upload
	after   []func() // run once the answer is written
}

// endpoint answers a call. It runs under the account's lock.
type endpoint func(c *call) (object, *apiError)

// apiError is an error in Stripe's shape.
type apiError struct {
	status  int
	kind    string // invalid_request_error when empty
	code    string
	param   string
	message string
}

func refuse(param, code, message string) *apiError {
	return &apiError{status: http.StatusBadRequest, code: code, param: param, message: message}
}

func missing(kind, id string) *apiError {
	return &apiError{status: http.StatusNotFound, code: "resource_missing", param: "id", message: "No such " + kind + ": '" + id + "'"}
}

func (e *apiError) json() object {
	kind := e.kind
	if kind == "" {
		kind = "invalid_request_error"
	}
	out := object{"type": kind, "message": e.message}
	if e.code != "" {
		out["code"] = e.code
		out["doc_url"] = "https://stripe.com/docs/error-codes/" + strings.ReplaceAll(e.code, "_", "-")
	}
	if e.param != "" {
		out["param"] = e.param
	}
	return object{"error": out}
}

// remembered is the first answer under an idempotency key.
type remembered struct {
	fingerprint string
	requestID   string
	status      int
	body        []byte
}

func (s *Stripe) serve(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{r: r, id: r.PathValue("id"), version: r.Header.Get("Stripe-Version")}
		if c.version == "" {
			c.version = apiVersion
		}
		entry := Request{ID: s.world.NewID("req_"), Method: r.Method, Path: r.URL.Path, Key: r.Header.Get("Idempotency-Key")}
		refused := s.authorize(r)
		if refused == nil {
			refused = c.read(w)
		}
		entry.Params = c.params

		s.mu.Lock()
		if refused == nil {
			refused = s.forbid(r)
		}
		body, original := s.answer(c, e, &entry, refused)
		entry.At = s.now()
		s.remember(entry)
		s.mu.Unlock()

		write(w, c, entry, original, body)
		for _, f := range c.after {
			f()
		}
	})
}

// answer performs the call, or repeats the answer its key already has.
func (s *Stripe) answer(c *call, e endpoint, entry *Request, refused *apiError) (body []byte, original string) {
	if refused == nil && c.r.Method == http.MethodPost && entry.Key != "" {
		if first, ok := s.keys[entry.Key]; ok {
			if first.fingerprint == c.fingerprint() {
				entry.Status, entry.Replayed = first.status, true
				return first.body, first.requestID
			}
			refused = &apiError{
				status: http.StatusBadRequest, kind: "idempotency_error",
				message: "Keys for idempotent requests can only be used with the same parameters they were first used with.",
			}
		}
	}
	var out object
	if refused == nil {
		out, refused = e(c)
	}
	entry.Status = http.StatusOK
	if refused != nil {
		entry.Status, out = refused.status, refused.json()
	}
	body, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		panic("simulator/stripe: an answer has no JSON: " + err.Error())
	}
	if refused == nil && c.r.Method == http.MethodPost && entry.Key != "" {
		s.keys[entry.Key] = remembered{fingerprint: c.fingerprint(), requestID: entry.ID, status: entry.Status, body: body}
	}
	return body, ""
}

func write(w http.ResponseWriter, c *call, entry Request, original string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Request-Id", entry.ID)
	h.Set("Stripe-Version", c.version)
	if entry.Key != "" {
		h.Set("Idempotency-Key", entry.Key)
	}
	if entry.Replayed {
		h.Set("Idempotent-Replayed", "true")
		h.Set("Original-Request", original)
	}
	w.WriteHeader(entry.Status)
	_, _ = w.Write(body) // the caller hung up: the work is done all the same
}

func (s *Stripe) authorize(r *http.Request) *apiError {
	key, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !isBearer {
		key, _, _ = r.BasicAuth()
	}
	if subtle.ConstantTimeCompare([]byte(key), []byte(s.opt.SecretKey)) == 1 {
		return nil
	}
	return &apiError{status: http.StatusUnauthorized, message: "Invalid API Key provided."}
}

// read takes the parameters from the query and the form.
func (c *call) read(w http.ResponseWriter) *apiError {
	c.r.Body = http.MaxBytesReader(w, c.r.Body, maxBody)
	if strings.HasPrefix(c.r.Header.Get("Content-Type"), "multipart/form-data") {
		return c.readMultipart()
	}
	body, err := io.ReadAll(c.r.Body)
	if err != nil {
		return refuse("", "", "The request is too large.")
	}
	c.body = body
	c.params = c.r.URL.Query()
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return refuse("", "", "The request body is not a form.")
	}
	for k, v := range form {
		c.params[k] = v
	}
	return nil
}

func (c *call) readMultipart() *apiError {
	reader, err := c.r.MultipartReader()
	if err != nil {
		return refuse("", "", "The request body is not multipart.")
	}
	c.params = url.Values{}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var content bytes.Buffer
		if err == nil {
			_, err = content.ReadFrom(part)
		}
		if err != nil {
			return refuse("file", "", "The request is too large or broken off.")
		}
		if part.FormName() == "file" {
			c.file = &upload{File: File{Name: part.FileName(), Bytes: content.Bytes()}}
			continue
		}
		c.params.Add(part.FormName(), content.String())
	}
}

// fingerprint is the same for requests with the same parameters.
func (c *call) fingerprint() string {
	text := c.r.URL.Path + "?" + c.params.Encode()
	if c.file != nil {
		sum := sha256.Sum256(c.file.Bytes)
		text += "#" + c.file.Name + "#" + hex.EncodeToString(sum[:])
	}
	return text
}

// allow refuses parameters whose name is not in the list, as Stripe does.
func (c *call) allow(names ...string) *apiError {
	known := map[string]bool{"expand": true}
	for _, n := range names {
		known[n] = true
	}
	for param := range c.params {
		name, _, _ := strings.Cut(param, "[")
		if !known[name] {
			return refuse(name, "parameter_unknown", "Received unknown parameter: "+name)
		}
	}
	return nil
}

// hash reads the parameters name[key]=value.
func (c *call) hash(name string) map[string]string {
	out := map[string]string{}
	for param := range c.params {
		if inner, ok := strings.CutPrefix(param, name+"["); ok {
			out[strings.TrimSuffix(inner, "]")] = c.params.Get(param)
		}
	}
	return out
}
