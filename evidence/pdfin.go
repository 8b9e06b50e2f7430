package evidence

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
)

// offline keeps pdfcpu from reading or writing a configuration folder.
var offline = sync.OnceFunc(api.DisableConfigDir)

// pdfConfig reads strangers' files: no network, bounded memory.
func pdfConfig() *model.Configuration {
	offline()
	conf := model.NewDefaultConfiguration()
	conf.ValidationMode = model.ValidationRelaxed
	conf.Offline = true
	conf.Limits.MaxStreamBytes = 32 << 20
	conf.Limits.MaxDecodeBytes = 64 << 20
	conf.Limits.MaxImagePixels = maxPixels
	conf.Limits.MaxObjectCount = 200_000
	conf.Limits.MaxXRefEntries = 200_000
	conf.Limits.MaxObjectStreamCount = 50_000
	return conf
}

// openPDF reads and validates a PDF. A password, damage and a file without
// pages are errors of kind Invalid.
func openPDF(b []byte) (ctx *model.Context, err error) {
	defer func() {
		if recover() != nil { // a parser of strangers' files may fail in its own way
			ctx, err = nil, refuse("the PDF is damaged: print it to PDF again")
		}
	}()
	ctx, err = api.ReadContext(bytes.NewReader(b), pdfConfig())
	switch {
	case errors.Is(err, pdfcpu.ErrWrongPassword), err == nil && ctx.Encrypt != nil:
		return nil, refuse("the PDF is protected with a password: save it without one")
	case err != nil:
		return nil, refuse("the PDF is damaged: print it to PDF again")
	}
	if err := api.ValidateContext(ctx); err != nil {
		return nil, refuse("the PDF is damaged: print it to PDF again")
	}
	if ctx.PageCount < 1 {
		return nil, refuse("the PDF has no pages")
	}
	return ctx, nil
}

// pdfWords gathers the literal strings that a PDF prints, as far as they can
// be read without its fonts. It serves to find card numbers, not to be read.
func pdfWords(ctx *model.Context) string {
	var out bytes.Buffer
	for page := 1; page <= ctx.PageCount; page++ {
		r, err := pdfcpu.ExtractPageContent(ctx, page)
		if err != nil {
			continue // a page without content has no words
		}
		content, err := io.ReadAll(r)
		if err != nil {
			continue
		}
		appendLiterals(&out, content)
		out.WriteByte('\n')
	}
	return out.String()
}

// appendLiterals copies the strings in parentheses out of a content stream.
// Strings of one array are one text; NUL bytes of two-byte fonts are dropped.
func appendLiterals(out *bytes.Buffer, content []byte) {
	depth, array := 0, false
	for i := 0; i < len(content); i++ {
		c := content[i]
		switch {
		case depth > 0 && c == '\\' && i+1 < len(content):
			i++
			if content[i] == '(' || content[i] == ')' || content[i] == '\\' {
				out.WriteByte(content[i])
			}
		case c == '(':
			depth++
		case depth > 0 && c == ')':
			if depth--; depth == 0 && !array {
				out.WriteByte(' ')
			}
		case depth > 0:
			if c != 0 {
				out.WriteByte(c)
			}
		case c == '[':
			array = true
		case c == ']':
			array = false
			out.WriteByte(' ')
		}
	}
}
