package desk

import (
	"bytes"
	"net/http"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

const (
	mediaText = "text/plain"
	mediaHTML = "text/html"
)

// messageType is the media type of a message: a file that is named as words and
// holds nothing else. It is empty for all other files, programs and drawings
// written as words among them.
func messageType(name string, content []byte) string {
	named := map[string]string{".txt": mediaText, ".htm": mediaHTML, ".html": mediaHTML}[strings.ToLower(filepath.Ext(name))]
	holds, _, _ := strings.Cut(http.DetectContentType(content), ";")
	head := bytes.ToLower(bytes.TrimLeft(content[:min(len(content), 64)], "\ufeff\t\r\n "))
	switch {
	case named == "", len(head) == 0, !utf8.Valid(content), holds != mediaText && holds != mediaHTML:
		return ""
	case bytes.HasPrefix(head, []byte("#!")), bytes.HasPrefix(head, []byte("<script")), bytes.HasPrefix(head, []byte("<svg")), bytes.HasPrefix(head, []byte(`{\rtf`)):
		return ""
	case holds == mediaHTML:
		return mediaHTML
	}
	return named
}
