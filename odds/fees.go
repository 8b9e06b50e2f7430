package odds

import (
	"bytes"
	_ "embed"
	"fmt"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

//go:embed fees.yaml
var feeFile []byte

// fees are the facts of fees.yaml.
type fees struct {
	Sources   map[string]string       `yaml:"sources"`
	Providers map[string]providerFees `yaml:"providers"`
	Networks  map[string]networkFees  `yaml:"networks"`
}

type providerFees struct {
	Source     string              `yaml:"source"`
	Confidence networks.Confidence `yaml:"confidence"`
	Received   price               `yaml:"received"`
	Countered  price               `yaml:"countered"`
}

type networkFees struct {
	Source     string              `yaml:"source"`
	Confidence networks.Confidence `yaml:"confidence"`
	Contest    []dayFee            `yaml:"contest"`
	Accept     []dayFee            `yaml:"accept"`
	Expired    price               `yaml:"expired"`
}

// dayFee holds until so many whole days after the opening.
type dayFee struct {
	UntilDay int   `yaml:"until_day"`
	Fee      price `yaml:"fee"`
}

type price struct{ dispute.Money }

// UnmarshalYAML reads "15.00 USD".
func (p *price) UnmarshalYAML(n *yaml.Node) error {
	m, err := dispute.ParseMoney(n.Value)
	if err != nil {
		return fmt.Errorf("line %d: %q is no amount such as 15.00 USD", n.Line, n.Value)
	}
	p.Money = m
	return nil
}

// known are the embedded fees. Data that cannot be read is a broken build, which
// the tests catch, so it panics.
var known = sync.OnceValue(func() fees {
	f, err := loadFees(feeFile)
	if err != nil {
		panic("odds: fees.yaml: " + err.Error())
	}
	return f
})

func loadFees(raw []byte) (fees, error) {
	var f fees
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		return f, err
	}
	for name, p := range f.Providers {
		if f.Sources[p.Source] == "" {
			return f, fmt.Errorf("provider %s: no source %q", name, p.Source)
		}
	}
	for name, n := range f.Networks {
		if f.Sources[n.Source] == "" {
			return f, fmt.Errorf("network %s: no source %q", name, n.Source)
		}
		for _, ladder := range [][]dayFee{n.Contest, n.Accept} {
			for i := 1; i < len(ladder); i++ {
				if ladder[i].UntilDay <= ladder[i-1].UntilDay {
					return f, fmt.Errorf("network %s: day %d does not come after day %d", name, ladder[i].UntilDay, ladder[i-1].UntilDay)
				}
			}
		}
	}
	return f, nil
}

const day = 24 * time.Hour

// at is the fee of an answer at a time, and when the next one begins to hold;
// rises is zero when none does.
func at(ladder []dayFee, opened, now time.Time) (fee dispute.Money, rises time.Time) {
	if len(ladder) == 0 {
		return dispute.Money{}, time.Time{}
	}
	last := len(ladder) - 1
	for i, step := range ladder {
		end := opened.Add(time.Duration(step.UntilDay+1) * day)
		if i == last || now.Before(end) {
			if i < last {
				rises = end
			}
			return step.Fee.Money, rises
		}
	}
	return dispute.Money{}, time.Time{}
}
