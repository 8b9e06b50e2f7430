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

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
)

// The longest texts that come with a file; maxTitle is also in the contract.
const (
	maxTitle    = 500 // characters
	maxFileName = 255 // bytes
)

// ListEvidence implements GET /v1/cases/{id}/evidence.
func (a *api) ListEvidence(ctx context.Context, r ListEvidenceRequestObject) (ListEvidenceResponseObject, error) {
	ctx, by := caller(ctx)
	items, err := a.desk.Evidence(ctx, by, r.ID)
	if err != nil {
		return nil, err
	}
	return ListEvidence200JSONResponse{Items: items}, nil
}

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
	face, err := a.desk.Attach(ctx, by, r.ID, r.Params.IdempotencyKey, up)
	var refused *dispute.Error
	if errors.As(err, &refused) && refused.Kind == dispute.Invalid && !rightKind(up.Content) {
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

// readUpload reads the form of AddEvidence part by part, so that no file is
// written to disk.
func readUpload(form *multipart.Reader) (desk.Upload, error) {
	var up desk.Upload
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) && up.Content == nil {
			return desk.Upload{}, malformed.because(`field "file" is missing`)
		}
		if errors.Is(err, io.EOF) {
			return up, nil
		}
		if err != nil {
			return desk.Upload{}, cannotRead(err)
		}
		if err := readPart(part, &up); err != nil {
			return desk.Upload{}, err
		}
	}
}

func readPart(part *multipart.Part, up *desk.Upload) (err error) {
	switch name := part.FormName(); {
	case name == "file" && up.Content == nil:
		return readFile(part, up)
	case name == "title" && up.Title == "":
		up.Title, err = readText(part, maxTitle)
		return err
	case name == "slot" && up.Slot == "":
		slot, err := readText(part, maxTitle)
		if up.Slot = dispute.EvidenceField(slot); err == nil && !slices.Contains(desk.Slots, up.Slot) {
			return malformed.because(`field "slot" is none of those in the contract`)
		}
		return err
	case name == "file", name == "title", name == "slot":
		return malformed.because(fmt.Sprintf("field %q is given twice", name))
	default:
		return malformed.because(fmt.Sprintf("field %q is unknown", name))
	}
}

// readText reads a field of at most so many characters.
func readText(part *multipart.Part, most int) (string, error) {
	text, err := io.ReadAll(io.LimitReader(part, int64(utf8.UTFMax*most+1)))
	if err != nil {
		return "", cannotRead(err)
	}
	if utf8.RuneCount(text) > most {
		return "", malformed.because(fmt.Sprintf("field %q is longer than %d characters", part.FormName(), most))
	}
	return string(text), nil
}

func readFile(part *multipart.Part, up *desk.Upload) error {
	if up.Name = part.FileName(); up.Name == "" || len(up.Name) > maxFileName {
		return malformed.because(fmt.Sprintf(`field "file" needs a file name of at most %d bytes`, maxFileName))
	}
	content, err := io.ReadAll(io.LimitReader(part, maxFile+1))
	if err != nil {
		return cannotRead(err)
	}
	if len(content) > maxFile {
		return tooLarge.because(mostFile)
	}
	up.Content = content
	return nil
}

const mostFile = "a file has at most 32 MiB"

func cannotRead(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return tooLarge.because(mostFile)
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
