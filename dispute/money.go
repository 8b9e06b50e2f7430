package dispute

import (
	"fmt"
	"strconv"
	"strings"
)

// Money is an amount in the minor units of its currency (cents, yen, fils).
// The zero value is no money in no currency.
type Money struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"` // ISO 4217, upper case
}

// exponents lists the ISO 4217 currencies whose minor unit is not a hundredth.
var exponents = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0,
	"PYG": 0, "RWF": 0, "UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

// Exponent is the number of decimal places of a currency by ISO 4217. An
// unknown currency has two.
func Exponent(currency string) int {
	if e, ok := exponents[strings.ToUpper(currency)]; ok {
		return e
	}
	return 2
}

// Decimal writes the amount with the currency's own number of decimals and
// without a thousands separator: 12900 USD is "129.00", 500 JPY is "500".
func (m Money) Decimal() string {
	exp := Exponent(m.Currency)
	sign, digits := "", strconv.FormatInt(m.Minor, 10)
	if m.Minor < 0 {
		sign, digits = "-", digits[1:]
	}
	if exp == 0 {
		return sign + digits
	}
	if pad := exp + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	cut := len(digits) - exp
	return sign + digits[:cut] + "." + digits[cut:]
}

// String is the amount as people read it: "129.00 USD".
func (m Money) String() string {
	if m.Currency == "" {
		return strconv.FormatInt(m.Minor, 10)
	}
	return m.Decimal() + " " + m.Currency
}

// IsZero reports whether the amount is zero, whatever its currency.
func (m Money) IsZero() bool { return m.Minor == 0 }

// Neg is the same amount with the other sign.
func (m Money) Neg() Money { return Money{-m.Minor, m.Currency} }

// ParseMoney reads "129.00 USD". It refuses more decimals than the currency
// has, a missing currency and anything that is not a plain decimal number.
func ParseMoney(s string) (Money, error) {
	number, currency, ok := strings.Cut(strings.TrimSpace(s), " ")
	currency = strings.ToUpper(strings.TrimSpace(currency))
	if !ok || !isCode(currency) {
		return Money{}, fmt.Errorf("money %q: want an amount and a three-letter currency, as in \"129.00 USD\"", s)
	}
	minor, err := parseDecimal(number, Exponent(currency))
	if err != nil {
		return Money{}, fmt.Errorf("money %q: %w", s, err)
	}
	return Money{Minor: minor, Currency: currency}, nil
}

func parseDecimal(s string, exp int) (int64, error) {
	whole, frac, point := strings.Cut(s, ".")
	if !isDigits(strings.TrimPrefix(whole, "-")) || (point && !isDigits(frac)) {
		return 0, fmt.Errorf("%q is not a decimal number", s)
	}
	if len(frac) > exp {
		return 0, fmt.Errorf("%d decimals, the currency has %d", len(frac), exp)
	}
	n, err := strconv.ParseInt(whole+frac+strings.Repeat("0", exp-len(frac)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is out of range", s)
	}
	return n, nil
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func isCode(s string) bool {
	return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
