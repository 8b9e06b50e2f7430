package evidence

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// identityRule finds one sort of number that names a person.
type identityRule struct {
	pattern *regexp.Regexp // its last group is what is hidden
	words   *regexp.Regexp // must stand close by; nil where the form says enough
	valid   func(number string) bool
}

// socialSecurity is the number of the United States, which has no check digit
// (SSA, POMS RM 10201.035).
var socialSecurity = identityRule{
	regexp.MustCompile(`\b([0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4})\b`),
	regexp.MustCompile(`(?i)\b(ssn|social security|itin|taxpayer)\b`), isSSN,
}

// identityRules are the national numbers that have a check digit or a form of
// their own. Where neither is rare enough a word must say what the number is,
// so that order, parcel and telephone numbers stay readable.
var identityRules = []identityRule{
	socialSecurity,
	{ // United Kingdom: no check digit (HMRC, NIM39110)
		regexp.MustCompile(`(?i)\b([A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D])\b`),
		regexp.MustCompile(`(?i)\b(nino|national insurance|ni (no|number))\b`), isNINO,
	},
	{regexp.MustCompile(`\b([0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2})\b`), nil, isCPF},
	{regexp.MustCompile(`\b([0-9]{11})\b`), regexp.MustCompile(`(?i)\bcpf\b`), isCPF},
	{regexp.MustCompile(`\b([0-9]{2}\.[0-9]{3}\.[0-9]{3}/[0-9]{4}-[0-9]{2})\b`), nil, isCNPJ},
	{regexp.MustCompile(`\b([0-9]{14})\b`), regexp.MustCompile(`(?i)\bcnpj\b`), isCNPJ},
	{regexp.MustCompile(`\b([0-9]{2}\.?[0-9]{3}\.?[0-9]{3}-[A-Z])\b`), nil, isDNI},
	{regexp.MustCompile(`(?i)\b([0-9]{8} ?[A-Z])\b`), regexp.MustCompile(`(?i)\b(dni|nif|documento nacional)\b`), isDNI},
	{regexp.MustCompile(`\b([XYZ]-?[0-9]{7}-?[A-Z])\b`), nil, isDNI},
	{regexp.MustCompile(`(?i)\b([A-Z]{6}[0-9L-NP-V]{2}[A-EHLMPRST][0-9L-NP-V]{2}[A-Z][0-9L-NP-V]{3}[A-Z])\b`), nil, isCodiceFiscale},
	{
		regexp.MustCompile(`\b([0-9]{9}|[0-9]{4}\.[0-9]{2}\.[0-9]{3})\b`),
		regexp.MustCompile(`(?i)\b(bsn|burgerservicenummer|sofinummer)\b`), isBSN,
	},
	{regexp.MustCompile(`\b([12] [0-9]{2} [0-9]{2} [0-9][0-9AB] [0-9]{3} [0-9]{3} [0-9]{2})\b`), nil, isINSEE},
	{
		regexp.MustCompile(`\b([12][0-9]{5}[0-9AB][0-9]{8})\b`),
		regexp.MustCompile(`(?i)(\binsee\b|\bnir\b|s[ée]curit[ée] sociale|num[ée]ro de s[ée]cu)`), isINSEE,
	},
	{regexp.MustCompile(`\b([0-9]{11})\b`), regexp.MustCompile(`(?i)\bpesel\b`), isPESEL},
	{ // a passport has no form that all states share
		regexp.MustCompile(`(?i)\bpassport(?:\s+(?:no|nr|num|number))?\b[.:#\s]{0,4}([A-Z0-9]{6,9})\b`), nil,
		func(n string) bool { return countDigits(n) >= 4 },
	},
}

// maskIdentities hides numbers that name a person, and bank accounts but for
// their last four. It returns how many it hid.
func maskIdentities(s string) (masked string, n int) {
	b := []byte(s)
	for _, rule := range identityRules {
		n += rule.mask(b)
	}
	n += maskAccounts(b) + maskMachineReadable(b)
	if n == 0 {
		return s, 0
	}
	return string(b), n
}

func (r identityRule) mask(b []byte) (n int) {
	for _, at := range r.pattern.FindAllSubmatchIndex(b, -1) {
		from, to := at[len(at)-2], at[len(at)-1]
		if r.valid(letters(string(b[from:to]))) && r.named(b, from, to) {
			blot(b[from:to], 0)
			n++
		}
	}
	return n
}

func (r identityRule) named(b []byte, from, to int) bool {
	return r.words == nil || r.words.Match(b[max(0, from-contextRunes):min(len(b), to+contextRunes)])
}

// blot hides ASCII letters and digits, all but the last keep of them.
func blot(b []byte, keep int) {
	for i := len(b) - 1; i >= 0; i-- {
		if !isAlphanumeric(b[i]) {
			continue
		}
		if keep > 0 {
			keep--
			continue
		}
		b[i] = '*'
	}
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// letters are the letters and digits of a number, in upper case.
func letters(s string) string {
	var out []byte
	for i := range len(s) {
		if isAlphanumeric(s[i]) {
			out = append(out, s[i])
		}
	}
	return strings.ToUpper(string(out))
}

// weighted adds up digits, each times its weight.
func weighted(number string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += int(number[i]-'0') * w
	}
	return sum
}

func isSSN(n string) bool {
	return n[:3] != "000" && n[:3] != "666" && n[3:5] != "00" && n[5:] != "0000"
}

func isNINO(n string) bool {
	return !strings.Contains("BG GB KN NK NT TN ZZ", n[:2])
}

// isCPF checks the two digits modulo 11 (Receita Federal).
func isCPF(n string) bool {
	return strings.Trim(n, n[:1]) != "" &&
		modulo11(n, 10, 9, 8, 7, 6, 5, 4, 3, 2) && modulo11(n, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)
}

func isCNPJ(n string) bool {
	return strings.Trim(n, n[:1]) != "" &&
		modulo11(n, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2) && modulo11(n, 6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
}

func modulo11(n string, weights ...int) bool {
	check := 11 - weighted(n, weights...)%11
	if check > 9 {
		check = 0
	}
	return int(n[len(weights)]-'0') == check
}

// isDNI checks the letter of a Spanish DNI or NIE (Real Decreto 1553/2005; of a
// NIE the letters X, Y, Z count as 0, 1, 2).
func isDNI(n string) bool {
	if i := strings.IndexByte("XYZ", n[0]); i >= 0 {
		n = strconv.Itoa(i) + n[1:]
	}
	if len(n) != 9 {
		return false
	}
	value := 0
	for _, c := range n[:8] {
		value = value*10 + int(c-'0')
	}
	return "TRWAGMYFPDXBNJZSQVHLCKE"[value%23] == n[8]
}

// oddValues are what the characters 0 to 9 and A to Z count in odd places of an
// Italian codice fiscale (Decreto ministeriale 23 December 1976).
var oddValues = [...]int{
	1, 0, 5, 7, 9, 13, 15, 17, 19, 21,
	1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
}

func isCodiceFiscale(n string) bool {
	sum := 0
	for i := range 15 {
		value := characterValue(n[i])
		switch {
		case i%2 == 0:
			sum += oddValues[value]
		case value > 9:
			sum += value - 10
		default:
			sum += value
		}
	}
	return n[15] == byte('A'+sum%26)
}

// characterValue is 0 to 9 for digits and 10 to 35 for letters.
func characterValue(c byte) int {
	if c >= 'A' {
		return int(c-'A') + 10
	}
	return int(c - '0')
}

func isBSN(n string) bool {
	return strings.Trim(n, "0") != "" && weighted(n, 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0
}

// isINSEE checks the key of a French number; Corsica's 2A and 2B count as 19
// and 18 (INSEE).
func isINSEE(n string) bool {
	month := int(n[3]-'0')*10 + int(n[4]-'0')
	if month == 0 || month > 12 && month < 20 {
		return false
	}
	switch n[6] {
	case 'A':
		n = n[:5] + "19" + n[7:]
	case 'B':
		n = n[:5] + "18" + n[7:]
	}
	return 97-remainder97(n[:13]) == int(n[13]-'0')*10+int(n[14]-'0')
}

func isPESEL(n string) bool {
	return strings.Trim(n, "0") != "" && weighted(n, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0
}

// remainder97 is a number modulo 97, letters counting as 10 to 35 (ISO 7064).
func remainder97(n string) int {
	rest := 0
	for i := range len(n) {
		if v := characterValue(n[i]); v > 9 {
			rest = (rest*100 + v) % 97
		} else {
			rest = (rest*10 + v) % 97
		}
	}
	return rest
}

// accountLengths are the lengths of IBANs by country (SWIFT, IBAN Registry 97).
var accountLengths = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28, "CH": 21,
	"CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27,
	"GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26,
	"IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24,
	"ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29,
	"RO": 24, "RS": 22, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23,
	"TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}

var accountStart = regexp.MustCompile(`(?i)\b[A-Z]{2}[0-9]{2}`)

// maskAccounts hides IBANs, with or without spaces, but for the last four.
func maskAccounts(b []byte) (n int) {
	for _, at := range accountStart.FindAllIndex(b, -1) {
		end, ok := accountEnd(b, at[0])
		if !ok {
			continue
		}
		number := letters(string(b[at[0]:end]))
		if remainder97(number[4:]+number[:4]) == 1 {
			blot(b[at[0]:end], keptDigits)
			n++
		}
	}
	return n
}

func accountEnd(b []byte, from int) (end int, ok bool) {
	left := accountLengths[strings.ToUpper(string(b[from:from+2]))]
	if left == 0 {
		return 0, false
	}
	for end = from; end < len(b) && left > 0; end++ {
		switch {
		case isAlphanumeric(b[end]):
			left--
		case b[end] != ' ' || b[end-1] == ' ':
			return 0, false
		}
	}
	return end, left == 0 && (end == len(b) || !isAlphanumeric(b[end]))
}

// machineReadable is a line of a travel document (ICAO 9303: two lines of 44 or
// 36 characters, or three of 30).
var machineReadable = regexp.MustCompile(`(?m)^[ \t]*((?:[A-Z0-9<]{44}|[A-Z0-9<]{36}|[A-Z0-9<]{30}))[ \t\r]*$`)

// maskMachineReadable hides the lines of passports and identity cards. One line
// with right check digits gives its neighbours away.
func maskMachineReadable(b []byte) (n int) {
	lines := machineReadable.FindAllSubmatchIndex(b, -1)
	hit := make([]bool, len(lines))
	for i, at := range lines {
		line := b[at[2]:at[3]]
		if !checksOut(line) {
			continue
		}
		for _, j := range []int{i - 2, i - 1, i, i + 1, i + 2} {
			if j >= 0 && j < len(lines) && lines[j][3]-lines[j][2] == len(line) {
				hit[j] = true
			}
		}
	}
	for i, at := range lines {
		if hit[i] {
			blot(b[at[2]:at[3]], 0)
			n++
		}
	}
	return n
}

// checksOut tells the line that holds the dates of birth and of expiry, with the
// nationality in letters and the sex between.
func checksOut(line []byte) bool {
	switch len(line) {
	case 44, 36:
		return nation(line[10:13]) && sex(line[20]) && checked(line, 0, 9) && checked(line, 13, 19) && checked(line, 21, 27)
	case 30:
		return nation(line[15:18]) && sex(line[7]) && checked(line, 0, 6) && checked(line, 8, 14)
	}
	return false
}

func nation(b []byte) bool { return b[0] >= 'A' && !bytes.ContainsAny(b, "0123456789") }

func sex(c byte) bool { return strings.IndexByte("MFX<", c) >= 0 }

// checked reports whether the digit behind a field is its check digit: weights
// 7, 3, 1 modulo 10, the filler counting nothing (ICAO 9303-3, 4.9).
func checked(line []byte, from, to int) bool {
	sum, digits := 0, 0
	for i, c := range line[from:to] {
		if c == '<' {
			continue
		}
		if c <= '9' {
			digits++
		}
		sum += characterValue(c) * [...]int{7, 3, 1}[i%3]
	}
	return digits > 0 && int(line[to])-'0' == sum%10
}
