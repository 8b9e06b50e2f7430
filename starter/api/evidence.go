package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
)

// The longest texts that come with a file; maxTitle is also in the contract.
const (
	maxTitle    = 500 // characters
	maxFileName = 255 // bytes
)

// AddEvidence implements POST /v1/cases/{id}/evidence.
func (a *api) AddEvidence(ctx context.Context, r AddEvidenceRequestObject) (AddEvidenceResponseObject, error) {
	ctx, by := caller(ctx)
	up, err := readUpload(r.Body)
	if err != nil {
		return nil, err
	}
	if err := a.unchanged(ctx, by, r.ID, r.Params.IfMatch); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	face, err := a.desk.Attach(ctx, by, r.ID, r.Params.IdempotencyKey, up.name, up.title, up.content)
	var refused *dispute.Error
	if errors.As(err, &refused) && refused.Kind == dispute.Invalid && !rightKind(up.content) {
		return nil, wrongKind.because(reason(refused))
	}
	if err != nil {
		return nil, err
	}
	return AddEvidence200JSONResponse{FaceJSONResponse(face)}, nil
}

// rightKind tells a file of a kind that is not taken from a broken one.
func rightKind(content []byte) bool {
	kinds := []string{evidence.MediaPDF, evidence.MediaJPEG, evidence.MediaPNG}
	return slices.Contains(kinds, http.DetectContentType(content))
}

// upload is the form of AddEvidence.
type upload struct {
	name    string
	title   string
	content []byte // nil until the file was read
}

// readUpload reads the form part by part, so that no file is written to disk.
func readUpload(form *multipart.Reader) (upload, error) {
	var up upload
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) && up.content == nil {
			return upload{}, malformed.because(`field "file" is missing`)
		}
		if errors.Is(err, io.EOF) {
			return up, nil
		}
		if err != nil {
			return upload{}, cannotRead(err)
		}
		if err := up.read(part); err != nil {
			return upload{}, err
		}
	}
}

func (up *upload) read(part *multipart.Part) error {
	switch name := part.FormName(); {
	case name == "file" && up.content == nil:
		return up.readFile(part)
	case name == "title" && up.title == "":
		title, err := io.ReadAll(io.LimitReader(part, utf8.UTFMax*maxTitle+1))
		if err != nil {
			return cannotRead(err)
		}
		if up.title = string(title); utf8.RuneCountInString(up.title) > maxTitle {
			return malformed.because(fmt.Sprintf(`field "title" is longer than %d characters`, maxTitle))
		}
		return nil
	case name == "file", name == "title":
		return malformed.because(fmt.Sprintf("field %q is given twice", name))
	default:
		return malformed.because(fmt.Sprintf("field %q is unknown", name))
	}
}

func (up *upload) readFile(part *multipart.Part) error {
	if up.name = part.FileName(); up.name == "" || len(up.name) > maxFileName {
		return malformed.because(fmt.Sprintf(`field "file" needs a file name of at most %d bytes`, maxFileName))
	}
	content, err := io.ReadAll(io.LimitReader(part, maxFile+1))
	if err != nil {
		return cannotRead(err)
	}
	if len(content) > maxFile {
		return tooLarge.because("a file has at most 10 MiB")
	}
	up.content = content
	return nil
}

func cannotRead(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return tooLarge.because("a file has at most 10 MiB")
	}
	return malformed.because("the form cannot be read")
}

// GetPacketFile implements GET /v1/cases/{id}/packets/{hash}/files/{sha256}.
func (a *api) GetPacketFile(ctx context.Context, r GetPacketFileRequestObject) (GetPacketFileResponseObject, error) {
	ctx, by := caller(ctx)
	file, content, err := a.desk.PacketFile(ctx, by, r.ID, r.Hash, r.SHA256)
	if err != nil {
		return nil, err
	}
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": file.Name})
	if disposition == "" {
		disposition = "attachment"
	}
	return GetPacketFile200AsteriskResponse{
		Body: bytes.NewReader(content), ContentLength: int64(len(content)), ContentType: file.MediaType,
		Headers: GetPacketFile200ResponseHeaders{ContentDisposition: disposition},
	}, nil
}
