package vendorhttp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"mime/multipart"
	"net/textproto"
	"strings"
)

// Part is one part of a multipart form.
type Part struct {
	Name      string
	FileName  string // empty where the part is no file
	MediaType string // empty names none
	Content   []byte
}

// Multipart is a multipart form and its content type. The boundary is made of
// seed, so that the same parts under the same seed are the same bytes: a key of
// ours or the hash of a file.
func Multipart(seed string, parts ...Part) (body []byte, contentType string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	sum := sha256.Sum256([]byte(seed))
	if err := w.SetBoundary(hex.EncodeToString(sum[:])); err != nil {
		return nil, "", err
	}
	for _, p := range parts {
		to, err := w.CreatePart(p.header())
		if err != nil {
			return nil, "", err
		}
		if _, err := to.Write(p.Content); err != nil {
			return nil, "", err
		}
	}
	err = w.Close()
	return b.Bytes(), w.FormDataContentType(), err
}

func (p Part) header() textproto.MIMEHeader {
	disposition := multipart.FileContentDisposition(p.Name, p.FileName)
	if p.FileName == "" {
		disposition = strings.TrimSuffix(disposition, `; filename=""`)
	}
	h := textproto.MIMEHeader{"Content-Disposition": {disposition}}
	if p.MediaType != "" {
		h.Set("Content-Type", p.MediaType)
	}
	return h
}
