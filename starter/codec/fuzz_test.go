package codec

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// Nothing is decrypted that this codec did not encrypt, whatever it claims.
func FuzzDecode(f *testing.F) {
	c, err := New(base64.StdEncoding.EncodeToString(make([]byte, 32)))
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := c.Encode(secret)
	if err != nil {
		f.Fatal(err)
	}
	id := sealed[0].Metadata[keyIDTag]
	f.Add([]byte(encoding), id, []byte{})
	f.Add([]byte(encoding), id, sealed[0].Data[:13])
	f.Add([]byte(encoding), []byte("none"), sealed[0].Data)
	f.Add([]byte("json/plain"), id, []byte(`"x"`))
	f.Fuzz(func(t *testing.T, claimed, key, data []byte) {
		p := &commonpb.Payload{Metadata: map[string][]byte{"encoding": claimed, keyIDTag: key}, Data: data}
		got, err := c.Decode([]*commonpb.Payload{p})
		switch {
		case string(claimed) != encoding && (err != nil || got[0] != p):
			t.Errorf("a payload that is not ours is changed: %v", err)
		case string(claimed) == encoding && err == nil && !bytes.Equal(data, sealed[0].Data):
			t.Errorf("accepted %x under key %q", data, key)
		}
	})
}

// The handler answers any body: with payloads or with a refusal.
func FuzzHandler(f *testing.F) {
	c, err := New(base64.StdEncoding.EncodeToString(make([]byte, 32)))
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := c.Encode(secret)
	if err != nil {
		f.Fatal(err)
	}
	good, err := protojson.Marshal(&commonpb.Payloads{Payloads: sealed})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("/codec/decode", good)
	f.Add("/codec/encode", good)
	f.Add("/codec/decode", []byte(`{"payloads":[null,{}]}`))
	f.Add("/codec/", []byte("{"))
	h := c.Handler("https://ui.example", func(*http.Request) bool { return true })
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.URL.Path = path
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError {
			t.Errorf("HTTP %d: %s", w.Code, w.Body)
		}
	})
}
