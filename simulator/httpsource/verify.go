package httpsource

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Header carries the signature of a request.
const Header = "Rebuttal-Signature"

// tolerance is how far the clocks may differ, and how long a number used once is
// remembered on either side.
const tolerance = 5 * time.Minute

// Verifier checks that requests are Rebuttal's. It is safe for concurrent use.
type Verifier struct {
	Secrets []string // two while one replaces the other
	Now     func() time.Time

	mu   sync.Mutex
	seen map[string]time.Time // numbers used once, by when they were used
}

// ErrSignature refuses a request without saying why.
var ErrSignature = errors.New("the signature is not good")

// Verify checks a header against what is signed: the raw body of a POST, the
// path with its query of a GET.
func (v *Verifier) Verify(header string, content []byte) error {
	var at, nonce string
	var signatures []string
	for _, part := range strings.Split(header, ",") {
		switch key, value, _ := strings.Cut(part, "="); key {
		case "t":
			at = value
		case "n":
			nonce = value
		case "v1":
			signatures = append(signatures, value)
		}
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || nonce == "" || v.Now().Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return ErrSignature
	}
	for _, secret := range v.Secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(at + "." + nonce + "."))
		mac.Write(content)
		want := hex.EncodeToString(mac.Sum(nil))
		for _, s := range signatures {
			if hmac.Equal([]byte(s), []byte(want)) {
				return v.once(nonce)
			}
		}
	}
	return ErrSignature
}

// once refuses a number that was used before.
func (v *Verifier) once(nonce string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.seen == nil {
		v.seen = map[string]time.Time{}
	}
	for n, used := range v.seen {
		if v.Now().Sub(used) > 2*tolerance {
			delete(v.seen, n)
		}
	}
	if _, used := v.seen[nonce]; used {
		return ErrSignature
	}
	v.seen[nonce] = v.Now()
	return nil
}
