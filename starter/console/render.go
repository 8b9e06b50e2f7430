package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// layout is around every page, with the parts that pages share.
var layout = template.Must(template.New("layout").Funcs(template.FuncMap{
	"asset": assetPath, "money": money, "size": size, "rfc3339": rfc3339, "moment": moment, "brief": brief, "day": day, "capital": capital,
	"short": short, "stage": stageWord, "source": sourceWord, "bars": bars, "plural": plural,
	"plain": func(f dispute.EvidenceField) string { return plain(string(f)) }, "choose": choose,
}).ParseFS(templateFiles, "templates/layout.html", "templates/part-*.html"))

// pageTemplate reads templates/<name>.html into the layout. Every page keeps
// its own in a variable of the package: one that is missing or does not parse
// fails before any request, and every test.
func pageTemplate(name string) *template.Template {
	return template.Must(template.Must(layout.Clone()).ParseFS(templateFiles, "templates/"+name+".html"))
}

// page is what the layout needs, and the page's own view in Body.
type page struct {
	Template *template.Template
	Title    string
	Nav      string // the entry that is current
	Body     any

	Who   desk.Actor
	Theme string
	Here  string // where the theme's switch comes back to
	Now   time.Time
}

// render writes a page whole or, when it cannot be drawn, an error.
func (c *Console) render(v *visit, status int, p page) {
	p.Who, p.Theme, p.Now = v.who, theme(v.Context), c.desk.Now().UTC()
	p.Here = "/"
	if v.Request.Method == http.MethodGet {
		p.Here = v.Request.URL.RequestURI()
	}
	var out bytes.Buffer
	if err := p.Template.ExecuteTemplate(&out, "layout.html", p); err != nil {
		if p.Template == errorTemplate {
			v.String(http.StatusInternalServerError, "%s\n", broken.Title)
			return
		}
		c.fail(v, broken, fmt.Errorf("draw the page: %w", err))
		return
	}
	v.Data(status, "text/html; charset=utf-8", out.Bytes())
}

// assets are the files that pages use, by name, with the path that changes
// with their content.
var assets = readAssets(assetFiles)

type assetFile struct {
	content   []byte
	mediaType string
	path      string
}

func readAssets(files fs.FS) map[string]assetFile {
	out := map[string]assetFile{}
	names, err := fs.Glob(files, "assets/*")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(content)
		base := path.Base(name)
		out[base] = assetFile{
			content: content, mediaType: mime.TypeByExtension(path.Ext(name)),
			path: "/assets/" + base + "?v=" + hex.EncodeToString(sum[:6]),
		}
	}
	return out
}

func assetPath(name string) (string, error) {
	a, ok := assets[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %s", name)
	}
	return a.path, nil
}

// asset serves one file. Its address changes with its content, so browsers may
// keep it.
func asset(g *gin.Context) {
	a, ok := assets[g.Param("name")]
	if !ok {
		g.String(http.StatusNotFound, "there is no such file\n")
		return
	}
	g.Header("Cache-Control", "public, max-age=31536000, immutable")
	g.Data(http.StatusOK, a.mediaType, a.content)
}
