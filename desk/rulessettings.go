package desk

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rebuttal-hq/rebuttal/rules"
)

// settings tells what else conditions and sums are judged by.
func settings(from, to *rules.Set, now []guard) []string {
	var out []string
	for _, s := range []struct{ name, was, is string }{
		{"base_currency", from.BaseCurrency, to.BaseCurrency},
		{"products_from", from.ProductsFrom, to.ProductsFrom},
		{"countries_from", from.CountriesFrom, to.CountriesFrom},
	} {
		if s.is != s.was {
			out = append(out, fmt.Sprintf("%s is %s instead of %s", s.name, orElse(s.is, "not said"), orElse(s.was, "not said")))
		}
	}
	out = append(out, rateChanges(ratesOf(from), ratesOf(to))...)
	return append(out, handling(from, to, now)...)
}

// handling tells of another handling_cost where something is weighed with it.
func handling(from, to *rules.Set, now []guard) []string {
	if from.HandlingCost == to.HandlingCost {
		return nil
	}
	changed := fmt.Sprintf("handling_cost is %s instead of %s", costs(to), costs(from))
	named := slices.IndexFunc(now, func(g guard) bool { return ofValue.MatchString(g.rule.When) })
	switch {
	case named >= 0:
		return []string{fmt.Sprintf("%s, and the condition of rule %s weighs it", changed, now[named].rule.ID)}
	case slices.ContainsFunc(now, guard.weighs) && dearer(from, to):
		return []string{changed + ", so respond: by_value accepts more"}
	}
	return nil
}

func costs(s *rules.Set) string {
	if s.HandlingCost.Currency == "" {
		return "not said"
	}
	return s.HandlingCost.String()
}

// dearer reports whether the work costs more than before, at the new rates; also
// when they cannot tell.
func dearer(from, to *rules.Set) bool {
	if from.HandlingCost.Minor == 0 || to.HandlingCost.Minor == 0 {
		return to.HandlingCost.Minor > 0
	}
	if from.HandlingCost.Currency == to.HandlingCost.Currency {
		return to.HandlingCost.Minor > from.HandlingCost.Minor
	}
	was, err := to.Convert(from.HandlingCost)
	is, errNow := to.Convert(to.HandlingCost)
	return err != nil || errNow != nil || is.Minor > was.Minor
}

// ratesOf reads the rates of a set as they are written.
func ratesOf(s *rules.Set) map[string]string {
	var top struct {
		FX map[string]string `yaml:"fx"`
	}
	if err := yaml.Unmarshal(s.Source(), &top); err != nil {
		return map[string]string{"all currencies": s.Hash()} // the same only in the same text
	}
	return top.FX
}

func rateChanges(was, is map[string]string) []string {
	names := maps.Clone(is)
	if names == nil {
		names = map[string]string{}
	}
	maps.Copy(names, was)
	var out []string
	for _, code := range slices.Sorted(maps.Keys(names)) {
		before, had := was[code]
		now, has := is[code]
		if had != has || !sameRate(before, now) {
			out = append(out, fmt.Sprintf("fx of %s is %s instead of %s", code, orElse(now, "not said"), orElse(before, "not said")))
		}
	}
	return out
}

// sameRate reports whether two rates are one number, however it is written.
func sameRate(a, b string) bool {
	x, okX := new(big.Rat).SetString(strings.TrimSpace(a))
	y, okY := new(big.Rat).SetString(strings.TrimSpace(b))
	if !okX || !okY {
		return a == b
	}
	return x.Cmp(y) == 0
}
