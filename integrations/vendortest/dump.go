package vendortest

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// dump is a request's headers, query and body as one text; the body can be
// read again afterwards.
func dump(r *http.Request) (string, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var b strings.Builder
	b.WriteString(r.URL.String() + "\n")
	_ = r.Header.Write(&b)
	b.Write(body)
	return b.String(), nil
}
