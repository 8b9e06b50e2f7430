package evidence

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"slices"

	"github.com/pdfcpu/pdfcpu/pkg/filter"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
	"golang.org/x/image/draw"
)

// Pictures smaller than this are left as they are.
const minImageBytes = 20_000

// plainSpaces are the colour spaces whose pictures can be made anew without
// looking different.
var plainSpaces = []string{"DeviceGray", "DeviceRGB", "DeviceCMYK", "CalGray", "CalRGB", "ICCBased", "Indexed"}

// imageOf reads a picture of a PDF; ok is false for one that cannot be made
// anew: a mask, one with a mask, a fax, or a coding that is not known here.
func imageOf(ctx *model.Context, nr int) (img image.Image, ok bool) {
	sd, _, err := ctx.DereferenceStreamDict(ref(nr))
	if err != nil || sd == nil || len(sd.FilterPipeline) == 0 {
		return nil, false
	}
	for _, key := range []string{"ImageMask", "Mask", "SMask", "Decode"} {
		if v, has := sd.Find(key); has && v != nil && v != types.Boolean(false) {
			return nil, false
		}
	}
	space, err := pdfcpu.ColorSpaceString(ctx, sd)
	if err != nil || !slices.Contains(plainSpaces, space) {
		return nil, false
	}
	if w, h := entry(ctx, sd, "Width"), entry(ctx, sd, "Height"); w <= 0 || h <= 0 || w > maxPixels/h {
		return nil, false
	}
	img, err = decoded(ctx, sd, nr)
	return img, err == nil && img != nil
}

func entry(ctx *model.Context, sd *types.StreamDict, key string) int {
	o, ok := sd.Find(key)
	if !ok || o == nil {
		return 0
	}
	n, err := ctx.DereferenceInteger(o)
	if err != nil || n == nil {
		return 0
	}
	return n.Value()
}

func decoded(ctx *model.Context, sd *types.StreamDict, nr int) (image.Image, error) {
	if sd.HasSoleFilterNamed(filter.DCT) {
		if err := checkPicture(sd.Raw); err != nil {
			return nil, err
		}
		return jpeg.Decode(bytes.NewReader(sd.Raw))
	}
	found, err := pdfcpu.ExtractImage(ctx, sd, false, "", nr, false)
	sd.Content = nil // of the copy that was read, not to be held
	if err != nil || found == nil || found.FileType != "png" {
		return nil, err
	}
	return png.Decode(found)
}

// shrink puts a smaller copy in place of a picture of a PDF. It reports false,
// and changes nothing, when there is nothing to win.
func shrink(ctx *model.Context, nr int, q quality) bool {
	e, ok := ctx.Find(nr)
	if !ok {
		return false
	}
	old, ok := e.Object.(types.StreamDict)
	if !ok || len(old.Raw) < minImageBytes {
		return false
	}
	w, h := entry(ctx, &old, "Width"), entry(ctx, &old, "Height")
	if q.lossless && !q.tooFine(w, h) {
		return false
	}
	if bits := entry(ctx, &old, "BitsPerComponent"); bits == 1 {
		return false // a fax is as small as it gets
	}
	img, ok := imageOf(ctx, nr)
	if !ok {
		return false
	}
	box := q
	if w > h { // a page that lies on its side
		box.width, box.height = q.height, q.width
	}
	pic, err := newJPEG(img, 1, box)
	if err != nil || len(pic.jpeg) >= len(old.Raw) && !q.tooFine(w, h) && !q.grey {
		return false
	}
	space := "DeviceRGB"
	if q.grey {
		space = "DeviceGray"
	}
	e.Object = types.StreamDict{
		Dict: types.Dict{
			"Type": types.Name("XObject"), "Subtype": types.Name("Image"),
			"Width": types.Integer(pic.width), "Height": types.Integer(pic.height),
			"ColorSpace": types.Name(space), "BitsPerComponent": types.Integer(8),
			"Filter": types.Name(filter.DCT), "Length": types.Integer(len(pic.jpeg)),
		},
		Raw:            pic.jpeg,
		FilterPipeline: []types.PDFFilter{{Name: filter.DCT}},
	}
	return true
}

// isBlank reports whether a page shows nothing, or nothing but white pictures.
func (l pageLook) isBlank(ctx *model.Context) bool {
	if l.painted {
		return false
	}
	return !slices.ContainsFunc(l.images, func(nr int) bool { return !whitePicture(ctx, nr) })
}

// A scan of an empty page takes less than a byte for so many pixels; what takes
// more need not be decoded to know that there is something on it.
const pixelsPerByteOfNothing = 16

func whitePicture(ctx *model.Context, nr int) bool {
	sd, _, err := ctx.DereferenceStreamDict(ref(nr))
	if err != nil || sd == nil || len(sd.Raw)*pixelsPerByteOfNothing > entry(ctx, sd, "Width")*entry(ctx, sd, "Height") {
		return false
	}
	img, ok := imageOf(ctx, nr)
	return ok && isWhitePaper(img)
}

// Paper is white up to its grain; fewer dark dots than these are dust.
const (
	paperWhite  = 0xb0
	dustPerDots = 20_000
)

// isWhitePaper reports whether nothing can be seen on a picture.
func isWhitePaper(img image.Image) bool {
	grey := greyscale(img)
	dust := len(grey.Pix) / dustPerDots
	for _, luma := range grey.Pix {
		if luma < paperWhite {
			if dust--; dust < 0 {
				return false
			}
		}
	}
	return true
}

// greyscale is a picture on white paper without its colours.
func greyscale(img image.Image) *image.Gray {
	if grey, ok := img.(*image.Gray); ok && grey.Stride == grey.Rect.Dx() {
		return grey
	}
	grey := image.NewGray(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(grey, grey.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(grey, grey.Bounds(), img, img.Bounds().Min, draw.Over)
	return grey
}
