package networks

import (
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Listed are the reasons of one network or provider, or of all when none is
// named, that are or can be of a family, or of any family when that is empty:
// the networks' codes first, then the providers' own words.
func Listed(network string, f dispute.Family) []ReasonCode {
	network = Network(network)
	out := []ReasonCode{}
	for _, r := range slices.Concat(data().codes, data().provider) {
		if (network == "" || r.Network == network) && (f == "" || r.Family == f || r.covers(f)) {
			out = append(out, r.clone())
		}
	}
	return out
}

// Explain finds what a code of a network, or a word of a provider, means. A
// word is shown as a code of its provider, with what is known of its family.
func Explain(network, code string) (ReasonCode, bool) {
	if r, ok := Reason(network, code); ok {
		return r, true
	}
	network, code = Network(network), strings.TrimSpace(code)
	i := slices.IndexFunc(data().provider, func(r ReasonCode) bool { return r.Network == network && strings.EqualFold(r.Code, code) })
	if i < 0 {
		return ReasonCode{}, false
	}
	return data().provider[i].clone(), true
}

// Meanings are the reasons that a code stands for when its network is not
// known: a number may mean something at several networks.
func Meanings(code string) []ReasonCode {
	var out []ReasonCode
	seen := map[string]bool{}
	for _, r := range slices.Concat(data().codes, data().provider) {
		if seen[r.Network] {
			continue
		}
		seen[r.Network] = true
		if found, ok := Explain(r.Network, code); ok {
			out = append(out, found)
		}
	}
	return out
}

// maxNear is how many codes Near gives at most.
const maxNear = 8

// Near are reasons that begin like one that is not known, of one network or,
// when none is named, of all.
func Near(network, code string) []ReasonCode {
	network = Network(network)
	for c := strings.ToLower(normalCode(network, code)); c != ""; c = c[:len(c)-1] {
		var out []ReasonCode
		for _, r := range Listed(network, "") {
			if strings.HasPrefix(strings.ToLower(r.Code), c) && len(out) < maxNear {
				out = append(out, r)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}
