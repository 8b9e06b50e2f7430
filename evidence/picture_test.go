package evidence

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"testing"
)

// withExif puts an orientation and a place name into a JPEG.
func withExif(jpg []byte, turn byte) []byte {
	tiff := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00")
	tiff = append(tiff, turn, 0, 0, 0, 0, 0, 0, 0)
	tiff = append(tiff, "taken at home"...)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	size := len(segment) + 2
	return slices.Concat(jpg[:2], []byte{0xff, 0xe1, byte(size >> 8), byte(size)}, segment, jpg[2:])
}

func decodeJPEG(t *testing.T, b []byte) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestNewPictureFitsThePage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		w, h          int
		quality       quality
		wantW, wantH  int
		smallerThanIn bool
	}{
		{"small stays", 100, 50, qualities[0], 100, 50, false},
		{"wide", 2740, 1000, qualities[0], 1370, 500, true},
		{"tall", 100, 3936, qualities[0], 50, 1968, true},
		{"coarse", 1370, 1968, qualities[4], 685, 984, true},
		{"one pixel", 1, 1, qualities[0], 1, 1, false},
		{"a line", 30_000, 1, qualities[0], 1370, 1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := testJPEG(noise(tt.w, tt.h))
			pic, err := newPicture(in, tt.quality)
			if err != nil {
				t.Fatal(err)
			}
			if pic.width != tt.wantW || pic.height != tt.wantH {
				t.Errorf("%d by %d, want %d by %d", pic.width, pic.height, tt.wantW, tt.wantH)
			}
			if tt.smallerThanIn && len(pic.jpeg) >= len(in) {
				t.Errorf("%d bytes of %d", len(pic.jpeg), len(in))
			}
			_, grey := decodeJPEG(t, pic.jpeg).(*image.Gray)
			if grey != tt.quality.grey {
				t.Errorf("grey = %v", grey)
			}
		})
	}
}

// corners is a picture with a red top left and a blue top right quarter.
func corners() image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 64, 32))
	for y := range 32 {
		for x := range 64 {
			c := color.RGBA{255, 255, 255, 255}
			switch {
			case y < 16 && x < 32:
				c = color.RGBA{255, 0, 0, 255}
			case y < 16:
				c = color.RGBA{0, 0, 255, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

func TestNewPictureTurnsUprightAndForgetsThePlace(t *testing.T) {
	t.Parallel()
	// where the red quarter of the stored picture is shown, by orientation
	red := map[byte]image.Point{
		1: {8, 8}, 2: {56, 8}, 3: {56, 24}, 4: {8, 24},
		5: {8, 8}, 6: {24, 8}, 7: {24, 56}, 8: {8, 56}, 9: {8, 8},
	}
	for turn, at := range red {
		pic, err := newPicture(withExif(testJPEG(corners()), turn), qualities[0])
		if err != nil {
			t.Fatal(err)
		}
		if turned := turn >= 5 && turn <= 8; turned != (pic.width == 32) {
			t.Errorf("orientation %d: %d by %d", turn, pic.width, pic.height)
		}
		r, _, b, _ := decodeJPEG(t, pic.jpeg).At(at.X, at.Y).RGBA()
		if r>>8 < 200 || b>>8 > 60 {
			t.Errorf("orientation %d: no red at %v", turn, at)
		}
		if bytes.Contains(pic.jpeg, []byte("taken at home")) || bytes.Contains(pic.jpeg, []byte("Exif")) {
			t.Errorf("orientation %d: metadata is kept", turn)
		}
	}
}

func TestNewPictureRefuses(t *testing.T) {
	t.Parallel()
	full := testJPEG(noise(64, 64))
	for name, b := range map[string][]byte{
		"cut": full[:len(full)/2], "huge": hugePNG(), "empty": nil, "text": []byte("hello"),
	} {
		if _, err := newPicture(b, qualities[0]); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestTransparentPicturesAreWhite(t *testing.T) {
	t.Parallel()
	pic, err := newPicture(testGIF(), qualities[0])
	if err != nil || pic.width != 8 {
		t.Fatalf("gif: %+v, %v", pic.width, err)
	}
	flat := fit(image.NewRGBA(image.Rect(0, 0, 4, 4)), 10, 10)
	if flat.RGBAAt(1, 1) != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("transparent became %v", flat.RGBAAt(1, 1))
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add(withExif(testJPEG(corners()), 6))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00MM\x00*\x00\x00\x00\x08"))
	f.Fuzz(func(_ *testing.T, b []byte) { orientation(b) })
}
