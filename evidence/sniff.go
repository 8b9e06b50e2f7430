package evidence

import (
	"bytes"
	"image"
	_ "image/gif"  // decoder for convertible
	_ "image/jpeg" // decoder for JPEG documents
	_ "image/png"  // decoder for PNG documents
	"path/filepath"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// maxPixels bounds a picture before it is decoded; Mastercom takes no more.
const maxPixels = 30_000_000

const rightKinds = "PDF, JPEG and PNG are right"

// Sniff tells the media type of an uploaded document from its bytes. PDF, JPEG
// and PNG are accepted. Everything else, a file that cannot be read and a PDF
// with a password are errors of kind Invalid that say what to do. The name only
// helps to word the error and is never in it, as it may hold personal data.
func Sniff(name string, b []byte) (mediaType string, err error) {
	mediaType = kindOf(b)
	switch mediaType {
	case MediaPDF:
		_, err = openPDF(b)
		if err != nil {
			return "", err
		}
		return MediaPDF, nil
	case MediaJPEG, MediaPNG:
		if err := checkPicture(b); err != nil {
			return "", err
		}
		return mediaType, nil
	}
	return "", refuse("%s", hint(name, b))
}

// kindOf reads the magic bytes; empty when they are none we know.
func kindOf(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("%PDF-")):
		return MediaPDF
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return MediaJPEG
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return MediaPNG
	case bytes.HasPrefix(b, []byte("GIF87a")), bytes.HasPrefix(b, []byte("GIF89a")):
		return mediaGIF
	}
	return ""
}

func checkPicture(b []byte) error {
	conf, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return refuse("the picture cannot be read: save it again as JPEG or PNG")
	}
	if conf.Width <= 0 || conf.Height <= 0 || conf.Width > maxPixels/conf.Height {
		return refuse("the picture has %d by %d pixels, at most %d million are taken: make it smaller",
			conf.Width, conf.Height, maxPixels/1_000_000)
	}
	return nil
}

func refuse(format string, args ...any) error {
	return dispute.Errorf(dispute.Invalid, "evidence: read document", format, args...)
}

// hint says which kinds are right, in the words of the file at hand.
func hint(name string, b []byte) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".doc", ".docx", ".odt", ".rtf", ".xls", ".xlsx", ".csv", ".ppt", ".pptx", ".html", ".htm", ".eml", ".msg", ".txt":
		return "this kind of file is not taken: print it to PDF (" + rightKinds + ")"
	case ".heic", ".heif", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".svg", ".avif":
		return "this kind of picture is not taken: save it as JPEG or PNG (" + rightKinds + ")"
	case ".zip", ".rar", ".7z", ".gz", ".tar":
		return "archives are not taken: attach the files one by one (" + rightKinds + ")"
	case ".mp3", ".wav", ".m4a", ".mp4", ".mov", ".avi", ".webm":
		return "sound and film are not taken: attach a written summary or a picture (" + rightKinds + ")"
	}
	if len(b) == 0 {
		return "the file is empty (" + rightKinds + ")"
	}
	return "the file is of no kind that is taken: " + rightKinds
}
