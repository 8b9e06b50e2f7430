// Package codec encrypts what Temporal keeps of a case, and lets the Temporal
// UI show it to whoever may see it.
package codec

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

const (
	encoding = "binary/encrypted"
	keyIDTag = "encryption-key-id"
)

// Codec encrypts payloads with AES-256-GCM. Each payload names its key, so that
// old ones stay readable after a rotation.
type Codec struct {
	current string
	keys    map[string]cipher.AEAD
}

// New makes a codec from keys in base64, 32 bytes each. The first encrypts;
// all decrypt.
func New(keys ...string) (*Codec, error) {
	if len(keys) == 0 {
		return nil, errors.New("codec: no key")
	}
	c := &Codec{keys: map[string]cipher.AEAD{}}
	for i, k := range keys {
		id, aead, err := open(k)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			c.current = id
		}
		c.keys[id] = aead
	}
	return c, nil
}

func open(key string) (id string, aead cipher.AEAD, err error) {
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(raw) != 32 {
		return "", nil, errors.New("codec: a key is 32 bytes in base64, as from: openssl rand -base64 32")
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return "", nil, err
	}
	aead, err = cipher.NewGCM(block)
	if err != nil {
		return "", nil, err
	}
	id256 := sha256.Sum256(append([]byte("rebuttal codec key id"), raw...))
	return fmt.Sprintf("%x", id256[:4]), aead, nil
}

// Encode implements converter.PayloadCodec.
func (c *Codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, err
		}
		aead := c.keys[c.current]
		nonce := make([]byte, aead.NonceSize())
		if _, err := rand.Read(nonce); err != nil {
			return nil, err
		}
		out[i] = &commonpb.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encoding), keyIDTag: []byte(c.current)},
			Data:     aead.Seal(nonce, nonce, plain, []byte(c.current)),
		}
	}
	return out, nil
}

// Decode implements converter.PayloadCodec. Payloads that are not ours pass
// through.
func (c *Codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.GetMetadata()[converter.MetadataEncoding]) != encoding {
			out[i] = p
			continue
		}
		plain, err := c.decrypt(p)
		if err != nil {
			return nil, err
		}
		out[i] = plain
	}
	return out, nil
}

func (c *Codec) decrypt(p *commonpb.Payload) (*commonpb.Payload, error) {
	id := string(p.GetMetadata()[keyIDTag])
	aead, ok := c.keys[id]
	if !ok {
		return nil, fmt.Errorf("codec: no key with id %s is configured", id)
	}
	if len(p.Data) < aead.NonceSize() {
		return nil, errors.New("codec: payload is too short")
	}
	plain, err := aead.Open(nil, p.Data[:aead.NonceSize()], p.Data[aead.NonceSize():], []byte(id))
	if err != nil {
		return nil, fmt.Errorf("codec: payload does not decrypt: %w", err)
	}
	var out commonpb.Payload
	return &out, proto.Unmarshal(plain, &out)
}

// DataConverter is Temporal's default converter behind the codec.
func (c *Codec) DataConverter() converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), c)
}

// maxBody bounds what the Temporal UI sends at once: a page of a history.
const maxBody = 32 << 20

// Handler answers the Temporal UI's questions below /codec. allow says whether
// a request may see cases; origin is the UI's address, the only one that a
// browser may ask from.
func (c *Codec) Handler(origin string, allow func(*http.Request) bool) http.Handler {
	codec := converter.NewPayloadCodecHTTPHandler(c)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Headers", "Authorization,Content-Type,X-Namespace")
		h.Set("Access-Control-Allow-Methods", "POST,OPTIONS")
		h.Set("Access-Control-Allow-Credentials", "true")
		switch {
		case r.Method == http.MethodOptions:
			w.WriteHeader(http.StatusNoContent)
		case !allow(r):
			http.Error(w, "not allowed to read cases", http.StatusForbidden)
		default:
			h.Set("Cache-Control", "no-store")
			h.Set("X-Content-Type-Options", "nosniff")
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			http.StripPrefix("/codec", codec).ServeHTTP(w, r)
		}
	})
}

// FailureConverter encrypts the messages of failures as well.
func (c *Codec) FailureConverter() converter.FailureConverter {
	return temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: c.DataConverter(), EncodeCommonAttributes: true,
	})
}
