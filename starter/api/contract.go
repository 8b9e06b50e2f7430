package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/gin-gonic/gin"

	"github.com/rebuttal-hq/rebuttal/desk"
)

// The largest bodies that are read: JSON, and a form with a file of maxFile.
const (
	maxJSON = 1 << 20
	maxFile = desk.MaxFile
	maxForm = maxFile + 64<<10
)

const mediaForm = "multipart/form-data"

// contract judges requests by openapi.yaml.
type contract struct {
	endpoints map[string]*endpoint // by method and gin's path
}

// endpoint is one operation of the contract.
type endpoint struct {
	routers.Route
	public bool // needs no token
}

// readContract panics when openapi.yaml is broken, which the build's tests see.
func readContract() *contract {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		panic("api: openapi.yaml: " + err.Error())
	}
	k := &contract{endpoints: map[string]*endpoint{}}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			e := &endpoint{
				Route:  routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: op},
				public: op.Security != nil && len(*op.Security) == 0,
			}
			// Who asks was found out before; the validator would read the whole
			// body before it asked again.
			op.Security = openapi3.NewSecurityRequirements()
			k.endpoints[method+" "+strings.NewReplacer("{", ":", "}", "").Replace(path)] = e
		}
	}
	return k
}

// public reports whether the contract opens the request's operation to
// everybody.
func (k *contract) public(c *gin.Context) bool {
	e, ok := k.endpoints[operation(c)]
	return ok && e.public
}

// check lets through what the contract allows.
func (a *api) check(c *gin.Context) {
	if err := a.contract.judge(c); err != nil {
		a.fail(c, err)
		return
	}
	c.Next()
}

func (k *contract) judge(c *gin.Context) error {
	e, ok := k.endpoints[operation(c)]
	if !ok {
		return fmt.Errorf("%s is not in the contract", operation(c))
	}
	query, err := knownQuery(c.Request.URL.RawQuery, e.Operation)
	if err != nil {
		return err
	}
	form, err := readBody(c, e.Operation)
	if err != nil {
		return err
	}
	path := make(map[string]string, len(c.Params))
	for _, p := range c.Params {
		path[p.Key] = p.Value
	}
	err = openapi3filter.ValidateRequest(c.Request.Context(), &openapi3filter.RequestValidationInput{
		Request: c.Request, PathParams: path, QueryParams: query, Route: &e.Route,
		Options: &openapi3filter.Options{
			ExcludeRequestBody: form, // its handler reads it, part by part
			KeepValidatedValue: true, // the handler gets what was judged
		},
	})
	if err != nil {
		return explain(err)
	}
	return nil
}

// knownQuery reads the query. A parameter that the operation does not have is
// refused: a misspelt filter would choose everything.
func knownQuery(raw string, op *openapi3.Operation) (url.Values, error) {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return nil, malformed.because("the query cannot be read")
	}
	for name, values := range query {
		if op.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return nil, malformed.because(fmt.Sprintf("query parameter %q is unknown", name))
		}
		if len(values) != 1 {
			return nil, malformed.because(fmt.Sprintf("query parameter %q is given %d times", name, len(values)))
		}
	}
	return query, nil
}

// readBody checks the media type and bounds the body. JSON is read whole: what
// follows its value is refused here, because the validator does not look there.
func readBody(c *gin.Context, op *openapi3.Operation) (form bool, err error) {
	if op.RequestBody == nil {
		c.Request.Body = http.NoBody
		return false, nil
	}
	content := op.RequestBody.Value.Content
	if content.Get(c.ContentType()) == nil {
		return false, wrongKind.because("send " + strings.Join(slices.Sorted(maps.Keys(content)), " or "))
	}
	if content.Get(mediaForm) != nil {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
		return true, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxJSON))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return false, tooLarge.because("at most 1 MiB is taken")
	case err != nil:
		return false, malformed.because("the body could not be read")
	case !json.Valid(body):
		return false, malformed.because("the body is not JSON")
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
	return false, nil
}

// explain says what was wrong, by names and never by values.
func explain(err error) error {
	where := "the body"
	var request *openapi3filter.RequestError
	if errors.As(err, &request) && request.Parameter != nil {
		where = fmt.Sprintf("%s parameter %q", request.Parameter.In, request.Parameter.Name)
	}
	var schema *openapi3.SchemaError
	switch {
	case errors.As(err, &schema):
		if path := schema.JSONPointer(); len(path) > 0 {
			where = fmt.Sprintf("field %q", strings.Join(path, "."))
		}
		return malformed.because(where + ": " + schema.Reason)
	case errors.Is(err, openapi3filter.ErrInvalidRequired):
		return malformed.because(where + " is missing")
	case errors.Is(err, openapi3filter.ErrInvalidEmptyValue):
		return malformed.because(where + " is empty")
	}
	return malformed.because(where + " cannot be read")
}
