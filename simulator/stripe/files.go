package stripe

import (
	"bytes"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
)

// maxFile is the largest file that the endpoint takes.
const maxFile = 5_000_000

// File is one uploaded file.
type File struct {
	ID      string
	Name    string
	Purpose string
	Bytes   []byte
}

// upload is a file and when it came.
type upload struct {
	File
	created   time.Time
	mediaType string
	pages     int
}

// extensions are the types Stripe takes as dispute evidence.
var extensions = map[string]string{"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}

func (s *Stripe) createFile(c *call) (object, *apiError) {
	if refused := c.allow("purpose"); refused != nil {
		return nil, refused
	}
	if c.file == nil {
		return nil, refuse("file", "parameter_missing", "Missing required param: file.")
	}
	f := *c.file
	f.Purpose = c.params.Get("purpose")
	if f.Purpose != "dispute_evidence" {
		return nil, refuse("purpose", "", "Invalid purpose: "+f.Purpose)
	}
	if len(f.Bytes) > maxFile {
		return nil, refuse("file", "", "The file is too large; 5 MB are allowed.")
	}
	f.mediaType = http.DetectContentType(f.Bytes)
	if extensions[f.mediaType] == "" {
		return nil, refuse("file", "", "The file must be a PDF, JPEG or PNG.")
	}
	f.pages = pages(f.Bytes)
	f.ID, f.created = s.world.NewID("file_"), s.now()
	s.files[f.ID] = &f
	s.uploaded = append(s.uploaded, f.ID)
	return f.render(), nil
}

func (f *upload) render() object {
	return object{
		"id": f.ID, "object": "file", "purpose": f.Purpose, "filename": orNull(f.Name), "size": len(f.Bytes),
		"type": extensions[f.mediaType], "created": f.created.Unix(),
		"expires_at": f.created.AddDate(0, 9, 0).Unix(), // evidence is kept for nine months
		"title":      nil, "url": "https://files.stripe.com/v1/files/" + f.ID + "/contents",
		"links": object{"object": "list", "data": []object{}, "has_more": false, "url": "/v1/file_links?file=" + f.ID},
	}
}

// offline keeps pdfcpu from reading or writing a configuration folder.
var offline = sync.OnceFunc(api.DisableConfigDir)

// pages counts those of a PDF; a picture, and what cannot be read, is one.
func pages(content []byte) (n int) {
	defer func() {
		if recover() != nil { // a parser of strangers' files may fail in its own way
			n = 1
		}
	}()
	offline()
	n, err := api.PageCount(bytes.NewReader(content), model.NewDefaultConfiguration())
	if err != nil {
		return 1
	}
	return n
}

// File is an uploaded file by its id.
func (s *Stripe) File(id string) (File, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[id]
	if !ok {
		return File{}, false
	}
	out := f.File
	out.Bytes = slices.Clone(out.Bytes)
	return out, true
}
