package vendorhttp_test

import (
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

func TestMultipart(t *testing.T) {
	t.Parallel()
	parts := []vendorhttp.Part{
		{Name: "purpose", Content: []byte("evidence")},
		{Name: "input", MediaType: "application/json", Content: []byte(`{}`)},
		{Name: "file", FileName: `a "b".pdf`, MediaType: "application/pdf", Content: []byte("%PDF")},
	}
	body, contentType, err := vendorhttp.Multipart("key", parts...)
	if err != nil {
		t.Fatal(err)
	}
	again, _, _ := vendorhttp.Multipart("key", parts...)
	other, _, _ := vendorhttp.Multipart("another", parts...)
	if string(body) != string(again) || string(body) == string(other) {
		t.Error("the bytes are not those of seed and parts alone")
	}
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	r := multipart.NewReader(strings.NewReader(string(body)), params["boundary"])
	for _, want := range parts {
		got, err := r.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(got)
		if err != nil || got.FormName() != want.Name || got.FileName() != want.FileName || string(content) != string(want.Content) || got.Header.Get("Content-Type") != want.MediaType {
			t.Errorf("part %v %q (%v), want %+v", got.Header, content, err, want)
		}
	}
	if _, err := r.NextPart(); err != io.EOF {
		t.Errorf("after the last part: %v", err)
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	const example = "https://api.acme.example"
	for value, good := range map[string]bool{
		"https://api.acme.example": true, "http://127.0.0.1:8080/acme": true,
		"": false, "api.acme.example": false, "ftp://api.acme.example": false, "https://": false, "sk_live_secret": false, "https://\x7f": false,
	} {
		err := vendorhttp.CheckURL("base_url", value, example)
		if (err == nil) != good {
			t.Errorf("%q: %v", value, err)
		}
		if err != nil && err.Error() != "base_url is no address such as "+example {
			t.Errorf("error %q", err)
		}
	}
}
