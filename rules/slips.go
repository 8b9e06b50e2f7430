package rules

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"

	"github.com/rebuttal-hq/rebuttal/networks"
)

// slips finds what compiles and can never be: a field that the set gives no
// value, and a text that its field is never written like.
func (c *condition) slips(s *Set) (flaws []flaw) {
	info := c.tree.SourceInfo()
	ast.PreOrderVisit(c.tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		for _, f := range slipsAt(e, s) {
			f.line = info.GetStartLocation(e.ID()).Line()
			if !slices.Contains(flaws, f) {
				flaws = append(flaws, f)
			}
		}
	}))
	return flaws
}

func slipsAt(e ast.Expr, s *Set) []flaw {
	switch e.Kind() {
	case ast.IdentKind:
		return alwaysEmpty(e.AsIdent(), s)
	case ast.CallKind:
		var flaws []flaw
		for _, c := range comparedTexts(e.AsCall()) {
			flaws = append(flaws, misspelt(c)...)
		}
		return flaws
	default:
		return nil
	}
}

// alwaysEmpty finds a field that is read from a key of the payment's metadata
// that the set does not name.
func alwaysEmpty(field string, s *Set) []flaw {
	setting := ""
	switch {
	case field == "payment.product" && s.ProductsFrom == "":
		setting = "products_from: product"
	case field == "payment.country" && s.CountriesFrom == "":
		setting = "countries_from: country"
	default:
		return nil
	}
	key, _, _ := strings.Cut(setting, ":")
	return []flaw{{message: field + " is always empty: the rule set has no " + key, mend: "name the key of the payment's metadata at the top, as in " + setting}}
}

// misspelt finds a text that a field is never written like. No text is one that
// any field can have.
func misspelt(c compared) []flaw {
	never := flaw{message: c.field.Name + " is never " + quote(c.text)}
	switch {
	case c.text == "":
		return nil
	case c.field.Name == "dispute.currency" && !currencyCode.MatchString(c.text):
		never.mend = "write three capital letters, as in " + quote("EUR")
		if code := strings.ToUpper(strings.TrimSpace(c.text)); currencyCode.MatchString(code) {
			never.mend = "write " + quote(code)
		}
		return []flaw{never}
	case c.field.Name == "dispute.network" && networks.Network(c.text) != c.text:
		never.mend = "write " + quote(networks.Network(c.text))
		return []flaw{never}
	}
	return nil
}
