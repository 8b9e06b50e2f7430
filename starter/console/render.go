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
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// templates are the pages by name, each within the layout.
var templates = parseTemplates(templateFiles)

func parseTemplates(files fs.FS) map[string]*template.Template {
	layout := template.Must(template.New("layout").Funcs(template.FuncMap{
		"asset": assetPath, "money": money, "size": size, "rfc3339": rfc3339, "moment": moment, "brief": brief, "day": day, "capital": capital,
		"short": short, "stage": stageWord, "bars": bars, "plural": plural,
	}).ParseFS(files, "templates/layout.html", "templates/part-*.html"))
	out := map[string]*template.Template{}
	for _, name := range []string{"queue", "case", "confirm", "login", "error"} {
		page := template.Must(layout.Clone())
		out[name] = template.Must(page.ParseFS(files, "templates/"+name+".html"))
	}
	return out
}

// page is what the layout needs, and the page's own view in Body.
type page struct {
	Name  string // of the template
	Title string
	Nav   string // the entry that is current
	Body  any

	Who   desk.Actor
	Theme string
	Here  string // where the theme's switch comes back to
	Now   time.Time
}

// render writes a page whole or, when it cannot be drawn, an error.
func (c *console) render(v *visit, status int, p page) {
	p.Who, p.Theme, p.Now = v.who, theme(v.Context), c.desk.Now().UTC()
	p.Here = "/"
	if v.Request.Method == http.MethodGet {
		p.Here = v.Request.URL.RequestURI()
	}
	var out bytes.Buffer
	if err := templates[p.Name].ExecuteTemplate(&out, "layout.html", p); err != nil {
		if p.Name == "error" {
			v.String(http.StatusInternalServerError, "%s\n", broken.Title)
			return
		}
		c.fail(v, broken, fmt.Errorf("page %s: %w", p.Name, err))
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
