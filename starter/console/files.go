package console

import (
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// itemFile sends the file of one evidence item.
func (c *console) itemFile(v *visit) error {
	f, err := c.desk.Case(v.Request.Context(), v.who, v.Param("id"))
	if err != nil {
		return err
	}
	for _, i := range f.Items {
		if i.Source == v.Query("source") && i.ID == v.Query("id") && i.Blob.Key != "" {
			return c.sendBlob(v, i.Blob, i.FileName)
		}
	}
	return notFound("item")
}

// packetFile sends one file of a packet: the very bytes that the provider gets.
func (c *console) packetFile(v *visit) error {
	f, err := c.open(v)
	if err != nil {
		return err
	}
	number, _ := strconv.Atoi(v.Param("file"))
	for i, p := range f.Packets {
		files := f.packets[i].Files
		if p.Hash != v.Param("hash") || number < 1 || number > len(files) {
			continue
		}
		for _, blob := range p.Files {
			if blob.SHA256 == files[number-1].SHA256 {
				return c.sendBlob(v, blob, files[number-1].Name)
			}
		}
	}
	return notFound("packet file")
}

// writtenBytes sends the exact bytes of a request to another system, or of its
// answer.
func (c *console) writtenBytes(v *visit) error {
	f, err := c.desk.Case(v.Request.Context(), v.who, v.Param("id"))
	if err != nil {
		return err
	}
	number, _ := strconv.Atoi(v.Param("number"))
	if number < 1 || number > len(f.Writes) {
		return notFound("write")
	}
	w, part := f.Writes[number-1], v.Param("part")
	content := w.Request
	if part == "response" {
		content = w.Response
	}
	if len(content) == 0 || part != "request" && part != "response" {
		return notFound("write")
	}
	sendFile(v, content, "application/octet-stream", f.ID+"-"+strconv.Itoa(number)+"-"+part+".bin")
	return nil
}

func (c *console) sendBlob(v *visit, blob dispute.Blob, name string) error {
	content, err := c.desk.Blobs.Get(v.Request.Context(), blob)
	if err != nil {
		return err
	}
	if name == "" {
		name = short(blob.SHA256)
	}
	sendFile(v, content, blob.MediaType, name)
	return nil
}

// sendFile sends bytes to be saved, never to be shown: they may come from
// anybody.
func sendFile(v *visit, content []byte, mediaType, name string) {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": name})
	if disposition == "" {
		disposition = "attachment"
	}
	v.Header("Content-Disposition", disposition)
	v.Header("Content-Security-Policy", "sandbox; default-src 'none'")
	v.Data(http.StatusOK, mediaType, content)
}

func notFound(what string) error { return &dispute.Error{Kind: dispute.NotFound, Op: what} }
