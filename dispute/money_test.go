package dispute_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestMoneyString(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in            dispute.Money
		decimal, full string
	}{
		{dispute.Money{Minor: 12900, Currency: "USD"}, "129.00", "129.00 USD"},
		{dispute.Money{Minor: 5, Currency: "USD"}, "0.05", "0.05 USD"},
		{dispute.Money{Minor: -5, Currency: "EUR"}, "-0.05", "-0.05 EUR"},
		{dispute.Money{Currency: "EUR"}, "0.00", "0.00 EUR"},
		{dispute.Money{Minor: 500, Currency: "JPY"}, "500", "500 JPY"},
		{dispute.Money{Minor: -500, Currency: "jpy"}, "-500", "-500 jpy"},
		{dispute.Money{Minor: 1500, Currency: "KWD"}, "1.500", "1.500 KWD"},
		{dispute.Money{Minor: -1, Currency: "BHD"}, "-0.001", "-0.001 BHD"},
		{dispute.Money{Minor: 7, Currency: "XTS"}, "0.07", "0.07 XTS"},
		{dispute.Money{Minor: math.MinInt64, Currency: "USD"}, "-92233720368547758.08", "-92233720368547758.08 USD"},
		{dispute.Money{Minor: math.MaxInt64, Currency: "JPY"}, "9223372036854775807", "9223372036854775807 JPY"},
		{dispute.Money{}, "0.00", "0"},
	}
	for _, tt := range tests {
		if got := tt.in.Decimal(); got != tt.decimal {
			t.Errorf("%+v.Decimal() = %q, want %q", tt.in, got, tt.decimal)
		}
		if got := tt.in.String(); got != tt.full {
			t.Errorf("%+v.String() = %q, want %q", tt.in, got, tt.full)
		}
	}
}

func TestMoneySigns(t *testing.T) {
	t.Parallel()
	m := dispute.Money{Minor: 100, Currency: "USD"}
	if got := m.Neg(); got != (dispute.Money{Minor: -100, Currency: "USD"}) || m.IsZero() {
		t.Errorf("Neg = %v, IsZero = %t", got, m.IsZero())
	}
	if !(dispute.Money{Currency: "USD"}).IsZero() {
		t.Error("nothing is not zero")
	}
}

func TestParseMoney(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want dispute.Money // none: an error
	}{
		{"129.00 USD", dispute.Money{Minor: 12900, Currency: "USD"}},
		{" 129 usd ", dispute.Money{Minor: 12900, Currency: "USD"}},
		{"129.5  USD", dispute.Money{Minor: 12950, Currency: "USD"}},
		{"-0.05 EUR", dispute.Money{Minor: -5, Currency: "EUR"}},
		{"500 JPY", dispute.Money{Minor: 500, Currency: "JPY"}},
		{"1.5 KWD", dispute.Money{Minor: 1500, Currency: "KWD"}},
		{"-92233720368547758.08 USD", dispute.Money{Minor: math.MinInt64, Currency: "USD"}},
		{in: "-92233720368547758.09 USD"},
		{in: "9223372036854775808 JPY"},
		{in: "500.0 JPY"},
		{in: "1.234 USD"},
		{in: "1.2345 KWD"},
		{in: "129.00"},
		{in: "USD"},
		{in: ""},
		{in: " USD"},
		{in: "12 US"},
		{in: "12 USDT"},
		{in: "12 €"}, // three bytes are not three letters
		{in: "12 1 2"},
		{in: "12 U5D"},
		{in: "+1.00 USD"},
		{in: "+.50 USD"},
		{in: ".50 USD"},
		{in: "-.50 USD"},
		{in: "- USD"},
		{in: "--1 USD"},
		{in: "1. USD"},
		{in: "1.-5 USD"},
		{in: "1.2.3 USD"},
		{in: "1,000.00 USD"},
		{in: "1_000 USD"},
		{in: "1e3 USD"},
		{in: "0x10 USD"},
		{in: "NaN USD"},
		{in: "١٢ USD"},
	}
	for _, tt := range tests {
		got, err := dispute.ParseMoney(tt.in)
		if refused := tt.want == (dispute.Money{}); refused != (err != nil) {
			t.Errorf("ParseMoney(%q) = %v, %v", tt.in, got, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("ParseMoney(%q): %s", tt.in, diff)
		}
	}
}

func TestMoneyRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := dispute.Money{
			Minor:    rapid.Int64().Draw(t, "minor"),
			Currency: rapid.OneOf(rapid.SampledFrom([]string{"USD", "JPY", "KWD"}), rapid.StringMatching("[A-Z]{3}")).Draw(t, "currency"),
		}
		if got, err := dispute.ParseMoney(m.String()); err != nil || got != m {
			t.Fatalf("%v read back is %v, %v", m, got, err)
		}
	})
}

func FuzzParseMoney(f *testing.F) {
	for _, s := range []string{"129.00 USD", "-0.05 EUR", "500 JPY", "1.500 KWD", "12 €", "+.5 USD", "", " ", "1. USD"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := dispute.ParseMoney(s)
		if err != nil {
			return
		}
		if again, err := dispute.ParseMoney(m.String()); err != nil || again != m {
			t.Errorf("%q is %v, which is read back as %v, %v", s, m, again, err)
		}
		for _, r := range m.Currency {
			if r < 'A' || r > 'Z' {
				t.Errorf("%q has the currency %q", s, m.Currency)
			}
		}
	})
}
