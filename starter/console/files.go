package console

import (
	"cmp"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// itemFile sends the file of one evidence item.
func (c *Console) itemFile(v *visit) error {
	f, err := c.desk.Case(v.Request.Context(), v.who, v.Param("id"))
	if err != nil {
		return err
	}
	for _, i := range f.Items {
		if i.Source == v.Query("source") && i.ID == v.Query("id") && i.Blob.Key != "" {
			content, err := c.desk.Blobs.Get(v.Request.Context(), i.Blob)
			if err == nil {
				sendFile(v, content, i.Blob.MediaType, cmp.Or(i.FileName, short(i.Blob.SHA256)))
			}
			return err
		}
	}
	return notFound("item")
}

// packetFile sends one file of a packet: the very bytes that the provider gets.
func (c *Console) packetFile(v *visit) error {
	f, content, err := c.desk.PacketFile(v.Request.Context(), v.who, v.Param("id"), v.Param("hash"), v.Param("sha256"))
	if err == nil {
		sendFile(v, content, f.MediaType, f.Name)
	}
	return err
}

// packetZip sends a packet with what to do, for whoever answers by hand: the
// newest, or the one that the address names.
func (c *Console) packetZip(v *visit) error {
	name, content, err := c.desk.PacketZipOf(v.Request.Context(), v.who, v.Param("id"), v.Query("packet"))
	if err == nil {
		sendFile(v, content, "application/zip", name)
	}
	return err
}

// writtenBytes sends the exact bytes of a request to another system, or of its
// answer.
func (c *Console) writtenBytes(v *visit) error {
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
