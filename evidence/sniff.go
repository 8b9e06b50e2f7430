package evidence

import (
	"bytes"
	"encoding/binary"
	"image"
	_ "image/gif"  // decoder for convertible
	_ "image/jpeg" // decoder for JPEG documents
	_ "image/png"  // decoder for PNG documents
	"path/filepath"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// MaxDocumentBytes is the largest file that is taken in, in bytes.
const MaxDocumentBytes = 32 << 20

// maxPixels bounds a picture before it is decoded; Mastercom takes no more.
const maxPixels = 30_000_000

const rightKinds = "PDF, JPEG and PNG are right"

// Sniff tells the media type of an uploaded document from its bytes. PDF, JPEG
// and PNG are accepted. Everything else is an error of kind Invalid that says
// what to do: other kinds, files that cannot be read, too large ones, a PDF with
// a password, and files that are two things at once, as malware is. The name
// only helps to word the error and is never in it, as it may hold personal data.
func Sniff(name string, b []byte) (mediaType string, err error) {
	if len(b) > MaxDocumentBytes {
		return "", refuse("the file has %d bytes, at most %d are taken: make it smaller or split it", len(b), MaxDocumentBytes)
	}
	mediaType = kindOf(b)
	switch mediaType {
	case MediaPDF, MediaJPEG, MediaPNG:
	default:
		return "", refuse("%s", hint(name, b))
	}
	if err := oneThing(mediaType, b); err != nil {
		return "", err
	}
	if mediaType != MediaPDF {
		if err := checkPicture(b); err != nil {
			return "", err
		}
		return mediaType, nil
	}
	ctx, err := openPDF(b)
	if err != nil {
		return "", err
	}
	if _, _, err := lookThrough(ctx); err != nil {
		return "", err
	}
	return MediaPDF, nil
}

// oneThing refuses a file that another program would read as something else: an
// archive is read from its end, a program or a page may stand behind the rest.
func oneThing(mediaType string, b []byte) error {
	behind := bytes.TrimLeft(b[endOf(mediaType, b):], "\x00\t\r\n ")
	if what := foreign(behind); what != "" {
		return refuse("%s is hidden behind the document: save it again (%s)", what, rightKinds)
	}
	if endsAsArchive(b) {
		return refuse("an archive is hidden in the document: save it again (%s)", rightKinds)
	}
	return nil
}

// endOf is where a document ends; the end of the file when that is not told.
func endOf(mediaType string, b []byte) int {
	from, tail, after := 0, "%%EOF", 0
	switch mediaType {
	case MediaPDF:
		from = max(bytes.LastIndex(b, []byte(tail)), 0)
	case MediaJPEG:
		from, tail = scanOf(b), "\xff\xd9" // those of thumbnails stand before the scan
	case MediaPNG:
		tail, after = "IEND", 4 // a checksum
	}
	at := bytes.Index(b[from:], []byte(tail))
	if at < 0 {
		return len(b)
	}
	return min(from+at+len(tail)+after, len(b))
}

// scanOf is where the picture itself begins in a JPEG.
func scanOf(b []byte) int {
	for i := 2; i+4 <= len(b) && b[i] == 0xff; {
		if b[i+1] == startOfScan {
			return i
		}
		i += 2 + int(binary.BigEndian.Uint16(b[i+2:]))
	}
	return min(2, len(b))
}

const startOfScan = 0xda

// endsAsArchive finds the record that ends a ZIP file and its comment
// (APPNOTE 4.3.16).
func endsAsArchive(b []byte) bool {
	const record, comment = 22, 20
	tail := b[max(0, len(b)-record-0xffff):]
	for at := len(tail); ; {
		at = bytes.LastIndex(tail[:at], []byte("PK\x05\x06"))
		if at < 0 {
			return false
		}
		if rest := tail[at:]; len(rest) >= record && record+int(binary.LittleEndian.Uint16(rest[comment:])) <= len(rest) {
			return true
		}
	}
}

// The ways in which files begin that people or attackers send instead of
// documents; those of words in any case.
var (
	byteHeads = []struct{ begins, what string }{
		{"PK\x03\x04", anArchive}, {"PK\x05\x06", anArchive}, {"Rar!", anArchive}, {"7z\xbc\xaf", anArchive}, {"\x1f\x8b", anArchive},
		{"BZh", anArchive}, {"\xfd7zXZ", anArchive}, {"MZ", aProgram}, {"\x7fELF", aProgram}, {"\xcf\xfa\xed\xfe", aProgram},
		{"\xca\xfe\xba\xbe", aProgram}, {"\xd0\xcf\x11\xe0", "an Office file"}, {"%PDF-", "another document"},
	}
	wordHeads = []struct{ begins, what string }{
		{"#!", aScript}, {"<?php", aScript}, {"<script", aScript}, {"@echo off", aScript},
		{"<!doctype html", aPage}, {"<html", aPage}, {"<svg", aPage}, {"<?xml", aPage}, {`{\rtf`, "an Office file"},
	}
)

const anArchive, aProgram, aScript, aPage = "an archive", "a program", "a script", "a web page"

// foreign names what begins at b; empty when it is nothing known.
func foreign(b []byte) string {
	for _, s := range byteHeads {
		if bytes.HasPrefix(b, []byte(s.begins)) {
			return s.what
		}
	}
	for _, s := range wordHeads {
		if n := len(s.begins); len(b) >= n && strings.EqualFold(string(b[:n]), s.begins) {
			return s.what
		}
	}
	return ""
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

// headerWithin is how late programs let a PDF begin (ISO 32000-1, annex H.3).
const headerWithin = 1024

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
	if what := foreign(bytes.TrimLeft(b, " \t\r\n\ufeff")); what != "" {
		return what + " is not taken: print it to PDF, or attach the pictures (" + rightKinds + ")"
	}
	if bytes.Contains(b[:min(len(b), headerWithin)], []byte("%PDF-")) {
		return "something stands before the beginning of the PDF: print it to PDF again"
	}
	if len(b) == 0 {
		return "the file is empty (" + rightKinds + ")"
	}
	return "the file is of no kind that is taken: " + rightKinds
}
