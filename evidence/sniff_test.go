package evidence

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/gif"
	"slices"
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func testGIF() []byte {
	var buf bytes.Buffer
	if err := gif.Encode(&buf, noise(8, 8), nil); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// hugePNG claims a size that nobody should decode.
func hugePNG() []byte {
	b := testPNG(2, 2)
	binary.BigEndian.PutUint32(b[16:], 100_000)
	binary.BigEndian.PutUint32(b[20:], 100_000)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

func zipped() []byte {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	f, err := w.Create("a.txt")
	if err == nil {
		_, err = f.Write([]byte("hello"))
	}
	if err = errors.Join(err, w.SetComment("a comment"), w.Close()); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

func TestSniff(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		b          []byte
		want       string
		says       string // words of the error
	}{
		{"pdf", "a.pdf", testPDF("hello"), MediaPDF, ""},
		{"pdf by another name", "a.txt", testPDF("hello"), MediaPDF, ""},
		{"png", "a.png", testPNG(3, 3), MediaPNG, ""},
		{"jpeg", "a.jpg", testJPEG(noise(8, 8)), MediaJPEG, ""},
		{"pdf with a user password", "a.pdf", protectedPDF("secret"), "", "password"},
		{"pdf with an owner password", "a.pdf", protectedPDF(""), "", "password"},
		{"broken pdf", "a.pdf", []byte("%PDF-1.7\nnothing"), "", "damaged"},
		{"cut pdf", "a.pdf", testPDF("hello")[:300], "", "damaged"},
		{"broken png", "a.png", testPNG(3, 3)[:20], "", "cannot be read"},
		{"huge png", "a.png", hugePNG(), "", "make it smaller"},
		{"word", "a.docx", []byte("PK\x03\x04"), "", "print it to PDF"},
		{"heic", "a.HEIC", []byte("\x00\x00\x00 ftypheic"), "", "save it as JPEG or PNG"},
		{"gif", "a.gif", testGIF(), "", "save it as JPEG or PNG"},
		{"zip", "a.zip", []byte("PK\x03\x04"), "", "one by one"},
		{"sound", "a.mp3", []byte("ID3"), "", "written summary"},
		{"no name", "", []byte("MZ"), "", "a program is not taken"},
		{"unknown", "", []byte("hello"), "", "PDF, JPEG and PNG"},
		{"script", "a.pdf", []byte("#!/bin/sh"), "", "a script is not taken"},
		{"web page", "a.pdf", []byte("\n<!DOCTYPE html><p>"), "", "a web page is not taken"},
		{"linux program", "a.png", []byte("\x7fELF"), "", "a program"},
		{"old Word", "a.pdf", []byte("\xd0\xcf\x11\xe0\xa1"), "", "an Office file"},
		{"late header", "a.pdf", append([]byte("junk\n"), testPDF("hello")...), "", "before the beginning"},
		{"page before a pdf", "a.pdf", append([]byte("<html>"), testPDF("hello")...), "", "a web page"},
		{"pdf and zip", "a.pdf", append(testPDF("hello"), zipped()...), "", "hidden"},
		{"pdf and program", "a.pdf", append(testPDF("hello"), "\r\nMZ\x90"...), "", "a program is hidden"},
		{"pdf with spaces behind", "a.pdf", append(testPDF("hello"), "\r\n \x00\x00"...), MediaPDF, ""},
		{"zip within the last bytes of a pdf", "a.pdf", slices.Concat(testPDF("hello"), []byte("% "), zipped(), []byte("\n%%EOF\n")), "", "archive"},
		{"jpeg and zip", "a.jpg", append(testJPEG(noise(8, 8)), zipped()...), "", "archive"},
		{"jpeg and rar", "a.jpg", append(withExif(testJPEG(noise(8, 8)), 1), "Rar!\x1a"...), "", "archive"},
		{"jpeg and page", "a.jpg", append(testJPEG(noise(8, 8)), "<SCRIPT>"...), "", "a script is hidden"},
		{"jpeg and jpeg, as telephones make", "a.jpg", append(testJPEG(noise(8, 8)), testJPEG(noise(4, 4))...), MediaJPEG, ""},
		{"png and zip", "a.png", append(testPNG(3, 3), zipped()...), "", "archive"},
		{"png and program", "a.png", append(testPNG(3, 3), "\x7fELF"...), "", "a program is hidden"},
		{"too large", "a.pdf", make([]byte, MaxDocumentBytes+1), "", "at most"},
		{"too many pages", "a.pdf", testPDF(make([]string, maxDocumentPages+1)...), "", "split it"},
		{"only a card", "a.pdf", testPDF("4111 1111 1111 1111"), "", "black it out"},
		{"blank", "a.pdf", blankPDF(), "", "blank"},
		{"empty", "a", nil, "", "empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Sniff(tt.file, tt.b)
			if got != tt.want || (err == nil) != (tt.says == "") {
				t.Fatalf("Sniff = %q, %v; want %q", got, err, tt.want)
			}
			if err == nil {
				return
			}
			if dispute.KindOf(err) != dispute.Invalid || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %q, want kind invalid and %q", err, tt.says)
			}
		})
	}
}

func TestSniffKeepsTheNameOutOfTheError(t *testing.T) {
	t.Parallel()
	_, err := Sniff("jana-mueller.docx", []byte("PK"))
	if err == nil || strings.Contains(err.Error(), "jana") {
		t.Errorf("error = %v", err)
	}
}

func FuzzSniff(f *testing.F) {
	for _, seed := range [][]byte{
		testPDF("hello"), testPDF("one", "two"), protectedPDF("secret"), testPNG(3, 3), testJPEG(image.NewGray(image.Rect(0, 0, 4, 4))), testGIF(),
		append(testJPEG(noise(4, 4)), zipped()...), append(testPNG(3, 3), "MZ"...), append(testPDF("a"), "<html>"...),
		[]byte("%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<</Root 1 0 R>>"), {},
	} {
		f.Add("a.pdf", seed)
	}
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		media, err := Sniff(name, b)
		if (err == nil) == (media == "") {
			t.Fatalf("Sniff = %q, %v", media, err)
		}
		if err != nil && dispute.KindOf(err) != dispute.Invalid {
			t.Fatalf("kind of %v", err)
		}
		if media != MediaPDF || len(b) > 1<<20 {
			return
		}
		if _, _, err := bindAll(b, 1); err != nil {
			t.Logf("taken but not bound: %v", err) // Compose leaves such a file out
		}
	})
}
