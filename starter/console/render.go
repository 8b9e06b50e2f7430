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
var layout = template.Must(template.New("layout").Funcs(clock(time.UTC)).Funcs(template.FuncMap{
	"asset": assetPath, "money": money, "size": size, "rfc3339": rfc3339, "bookDay": bookDay, "capital": capital,
	"short": short, "stage": stageWord, "source": sourceWord, "bars": bars, "plural": plural,
	"plain": func(f dispute.EvidenceField) string { return plain(string(f)) }, "choose": choose,
}).ParseFS(templateFiles, "templates/layout.html", "templates/part-*.html"))

// pageTemplate reads templates/<name>.html into the layout. Every page keeps
// its own in a variable of the package: one that is missing or does not parse
// fails before any request, and every test.
func pageTemplate(name string) *sheet {
	return newSheet(template.Must(template.Must(layout.Clone()).ParseFS(templateFiles, "templates/"+name+".html")))
}

// page is what the layout needs, and the page's own view in Body.
type page struct {
	Template *sheet
	Title    string
	Nav      string // the entry that is current: queue, cases or rules
	Body     any
	Refresh  int // seconds after which it shows itself again where no script runs; 0 for never

	Who    desk.Actor
	Theme  string
	Zone   zoneView
	Here   string // where the switches of theme and zone come back to
	Now    time.Time
	Banner bannerView
}

// render writes a page whole or, when it cannot be drawn, an error.
func (c *Console) render(v *visit, status int, p page) {
	if p.Template != errorTemplate { // where something went wrong already, no more is asked
		var err error
		if p.Banner, err = c.bannerFor(v); err != nil {
			c.fail(v, problemOf(err), err)
			return
		}
	}
	out, err := c.draw(v, p)
	switch {
	case err == nil:
		v.Data(status, "text/html; charset=utf-8", out)
	case p.Template == errorTemplate:
		v.String(http.StatusInternalServerError, "%s\n", broken.Title)
	default:
		c.fail(v, broken, fmt.Errorf("draw the page: %w", err))
	}
}

func (c *Console) draw(v *visit, p page) ([]byte, error) {
	zone, now := v.zone(), c.desk.Now()
	p.Who, p.Theme, p.Now = v.who, theme(v.Context), now.UTC()
	p.Zone = zoneView{Name: zone.String(), Offset: offset(now.In(zone)), Common: commonZones}
	p.Here = "/"
	if v.Request.Method == http.MethodGet {
		p.Here = v.Request.URL.RequestURI()
	}
	t, err := p.Template.in(zone)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.ExecuteTemplate(&out, "layout.html", p)
	return out.Bytes(), err
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
