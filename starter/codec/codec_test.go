package codec

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/testing/protocmp"
)

func key(t *testing.T) string {
	t.Helper()
	b := make([]byte, 32)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func codec(t *testing.T, keys ...string) *Codec {
	t.Helper()
	c, err := New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var secret = []*commonpb.Payload{{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(`"canary"`)}}

func TestRoundTripAndRotation(t *testing.T) {
	t.Parallel()
	old, fresh := key(t), key(t)
	sealed, err := codec(t, old).Encode(secret)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed[0].Data, []byte("canary")) {
		t.Fatal("the payload is in clear")
	}
	got, err := codec(t, fresh, old).Decode(sealed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(secret, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if _, err := codec(t, fresh).Decode(sealed); err == nil {
		t.Error("decoded without the key")
	}
	sealed[0].Data[20] ^= 1
	if _, err := codec(t, old).Decode(sealed); err == nil {
		t.Error("decoded a tampered payload")
	}
	if got, err := codec(t, old).Decode(secret); err != nil || !cmp.Equal(secret, got, protocmp.Transform()) {
		t.Errorf("a payload in clear did not pass through: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, k := range [][]string{nil, {"short"}, {base64.StdEncoding.EncodeToString([]byte("16 bytes only..."))}} {
		if _, err := New(k...); err == nil {
			t.Errorf("New(%q) gave no error", k)
		}
	}
}

// spaces is a body far longer than what is taken.
type spaces struct{ read int }

func (s *spaces) Read(p []byte) (int, error) {
	if s.read > 2*maxBody {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = ' '
	}
	s.read += len(p)
	return len(p), nil
}

func TestHandler(t *testing.T) {
	t.Parallel()
	c := codec(t, key(t))
	sealed, err := c.Encode(secret)
	if err != nil {
		t.Fatal(err)
	}
	body, err := protojson.Marshal(&commonpb.Payloads{Payloads: sealed})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		method string
		allow  bool
		want   int
	}{{http.MethodPost, true, 200}, {http.MethodPost, false, 403}, {http.MethodOptions, false, 204}} {
		h := c.Handler("http://ui.example", func(*http.Request) bool { return tt.allow })
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(tt.method, "/codec/decode", bytes.NewReader(body)))
		if w.Code != tt.want {
			t.Errorf("%s allow=%v: %d, want %d", tt.method, tt.allow, w.Code, tt.want)
		}
		if tt.want == 200 && !strings.Contains(w.Body.String(), "ImNhbmFyeSI=") {
			t.Errorf("answer %s does not hold the payload", w.Body)
		}
	}
	long := &spaces{}
	w := httptest.NewRecorder()
	c.Handler("", func(*http.Request) bool { return true }).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/codec/decode", long))
	if w.Code != http.StatusBadRequest || long.read > maxBody+1<<20 {
		t.Errorf("more than it takes: %d, %d bytes were read", w.Code, long.read)
	}
}
