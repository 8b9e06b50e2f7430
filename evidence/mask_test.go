package evidence

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestMaskCards(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in, want string
		n              int
	}{
		{"plain", "paid with 4242424242424242 today", "paid with ************4242 today", 1},
		{"spaces", "4111 1111 1111 1111", "**** **** **** 1111", 1},
		{"hyphens", "5555-5555-5555-4444", "****-****-****-4444", 1},
		{"odd groups", "42 4242424242 4242", "** ********** 4242", 1},
		{"no-break spaces", "4111\u00a01111\u00a01111\u00a01111", "****\u00a0****\u00a0****\u00a01111", 1},
		{"across lines", "4111 1111\n1111 1111", "**** ****\n**** 1111", 1},
		{"full width", "４１１１１１１１１１１１１１１１", "************１１１１", 1},
		{"amex", "3782 822463 10005", "**** ****** *0005", 1},
		{"diners", "30569309025904", "**********5904", 1},
		{"jcb", "3530111333300000", "************0000", 1},
		{"unionpay, 19 digits", "6205500000000000004", "***************0004", 1},
		{"mastercard 2 series", "2223003122003222", "************3222", 1},
		{"two of them", "4111111111111111, 5555555555554444", "************1111, ************4444", 2},
		{"a quantity before it", "2 4111 1111 1111 1111", "2 **** **** **** 1111", 1},
		{"an expiry date behind it", "4111 1111 1111 1111 12/27", "**** **** **** 1111 12/27", 1},
		{"letters around it", "PAN4111111111111111.", "PAN************1111.", 1},
		{"13 digits, named a card", "my card: 4222222222222", "my card: *********2222", 1},
		{"13 digits, an order id", "order 4222222222222", "order 4222222222222", 0},
		{"unknown network, named a card", "card 9999999999999995", "card ************9995", 1},
		{"unknown network", "ref 9999999999999995", "ref 9999999999999995", 0},
		{"tracking number", "tracking 4111111111111111", "tracking 4111111111111111", 0},
		{"tracking number of a card", "parcel with a credit card 4111111111111111", "parcel with a credit card ************1111", 1},
		{"luhn fails", "4111111111111112", "4111111111111112", 0},
		{"too short", "411111111111", "411111111111", 0},
		{"too long", "41111111111111111111111", "41111111111111111111111", 0},
		{"all the same digit", "card 0000000000000000", "card 0000000000000000", 0},
		{"far apart", "4111 and 1111 and 1111 and 1111", "4111 and 1111 and 1111 and 1111", 0},
		{"telephone and date", "+49 30 901820, 2026-11-22 12:26:00", "+49 30 901820, 2026-11-22 12:26:00", 0},
		{"an order number of 17 digits", "402-1234567-1234566", "402-1234567-1234566", 0},
		{"ids", "ch_3MtwBwLkdIwHu7ix28a3tqPa gid://shopify/Order/5012345678901", "ch_3MtwBwLkdIwHu7ix28a3tqPa gid://shopify/Order/5012345678901", 0},
		{"empty", "", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, n := MaskCards(tt.in)
			if got != tt.want || n != tt.n {
				t.Errorf("MaskCards(%q) = %q, %d; want %q, %d", tt.in, got, n, tt.want, tt.n)
			}
		})
	}
}

func BenchmarkMaskCards(b *testing.B) {
	for name, text := range map[string]string{
		"words":  strings.Repeat("Where is my parcel? I ordered on 3 November. ", 500),
		"digits": strings.Repeat("4 ", 10_000),
		"cards":  strings.Repeat("4111 1111 1111 1111 ", 1_000),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				MaskCards(text)
			}
		})
	}
}

func TestTrackingFactsAreNotMasked(t *testing.T) {
	t.Parallel()
	e := newExhibit(item(dispute.ItemDelivery, "1",
		dispute.FactTrackingNumber, "4111111111111111", dispute.FactText, "4111111111111111"))
	if got := e.fact(dispute.FactTrackingNumber); got != "4111111111111111" {
		t.Errorf("tracking number = %q", got)
	}
	if got := e.fact(dispute.FactText); got != "************1111" || e.hidden.Cards != 1 {
		t.Errorf("text = %q with %+v", got, e.hidden)
	}
}

func TestCleanTextShowsHiddenCards(t *testing.T) {
	t.Parallel()
	hidden := "4111\u200b1111\u00ad1111\u20601111\x00"
	if got, n := MaskCards(cleanText(hidden)); n != 1 {
		t.Errorf("MaskCards(cleanText) = %q, %d", got, n)
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in, want string
		hidden         Hidden
	}{
		{"card and code", "4111 1111 1111 1111 cvv 123", "**** **** **** 1111 cvv ***", Hidden{Cards: 1, Codes: 1}},
		{"code alone", "my CVC: 9876", "my CVC: ****", Hidden{Codes: 1}},
		{"code behind the date", "4111111111111111 12/27 123", "************1111 12/27 ***", Hidden{Cards: 1, Codes: 1}},
		{"security code in words", "The card security code is 321.", "The card security code is ***.", Hidden{Codes: 1}},
		{"SSN", "SSN 123-45-6789", "SSN ***-**-****", Hidden{Identities: 1}},
		{"SSN, word behind", "123-45-6789 is my social security number", "***-**-**** is my social security number", Hidden{Identities: 1}},
		{"NINO", "National Insurance: AB 12 34 56 C", "National Insurance: ** ** ** ** *", Hidden{Identities: 1}},
		{"CPF", "529.982.247-25", "***.***.***-**", Hidden{Identities: 1}},
		{"CPF without dots", "CPF 52998224725", "CPF ***********", Hidden{Identities: 1}},
		{"CNPJ", "11.222.333/0001-81", "**.***.***/****-**", Hidden{Identities: 1}},
		{"DNI", "12345678-Z", "********-*", Hidden{Identities: 1}},
		{"DNI, named", "DNI: 12345678Z", "DNI: *********", Hidden{Identities: 1}},
		{"NIE", "X1234567L", "*********", Hidden{Identities: 1}},
		{"codice fiscale", "RSSMRA85T10A562S", "****************", Hidden{Identities: 1}},
		{"BSN", "BSN 111222333", "BSN *********", Hidden{Identities: 1}},
		{"INSEE", "2 55 08 14 168 025 38", "* ** ** ** *** *** **", Hidden{Identities: 1}},
		{"INSEE without spaces", "sécurité sociale 255081416802538", "sécurité sociale ***************", Hidden{Identities: 1}},
		{"PESEL", "PESEL: 44051401359", "PESEL: ***********", Hidden{Identities: 1}},
		{"IBAN", "pay to DE89 3704 0044 0532 0130 00 BIC", "pay to **** **** **** **** **30 00 BIC", Hidden{Identities: 1}},
		{"IBAN without spaces", "GB82WEST12345698765432.", "******************5432.", Hidden{Identities: 1}},
		{"passport number", "Passport No. C01X00T47, passport C1234567", "Passport No. *********, passport ********", Hidden{Identities: 2}},
		{
			"passport", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
			"*<***********<<****<*****<<<<<<<<<<<<<<<<<<<\n*************************************<<<<<**", Hidden{Identities: 2},
		},
		{
			"identity card", "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
			"*<*************<<<<<<<<<<<<<<<\n******************<<<<<<<<<<<*\n********<<****<*****<<<<<<<<<<", Hidden{Identities: 3},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, hidden := Mask(tt.in)
			if got != tt.want || hidden != tt.hidden {
				t.Errorf("Mask(%q) = %q, %+v; want %q, %+v", tt.in, got, hidden, tt.want, tt.hidden)
			}
		})
	}
}

// innocents look like numbers that are hidden and are none.
var innocents = []string{
	"1Z999AA10123456784", "9400 1000 0000 0000 0000 00", "RR123456785GB", "420941049361289676094123456789", "JD014600006281230704",
	"DHL 00340434161094042557", "tracking 4111111111111111", "FedEx 449044304137821",
	"#1001", "402-1234567-1234566", "order 12345678901", "order 123456789", "order 12345678Z", "invoice in_1MtHbELkdIwHu7ixl4OzzPMv", "INV-2026-0001234",
	"+49 30 901820", "+1 (415) 555-2671", "415-555-2671", "020 7946 0958", "+55 11 91234-5678", "06 12 34 56 78",
	"2026-11-22T12:26:00Z", "20261122122600", "1795350360", "1795350360123", "1795350360123456",
	"ch_3MtwBwLkdIwHu7ix28a3tqPa", "du_1NfB2mLkdIwHu7ixXYZ12345", "pi_3MtwBwLkdIwHu7ix28a3tqPa", "gid://shopify/Order/5012345678901",
	"550e8400-e29b-41d4-a716-446655440000", "203.0.113.7", "2001:db8::8a2e:370:7334", "4006381333931", "978-3-16-148410-0",
	"CVC check: pass", "cvc_check=pass", "avs_line1_check: 200", "passport holder sold separately", "passport size 35 45 mm",
	"Paid 1.234.567,89 EUR on 12/05/2026", "EUR 123456789", "ZIP 12345-6789", "DE123456789", "GB82 WEST 1234", "SKU AB123456C",
	"0123456789ABCDEF0123456789ABCDEF0123456789AB", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCD", "ARN 74537606123456789012345", "auth code 123456",
}

func TestInnocentNumbersAreNotMasked(t *testing.T) {
	t.Parallel()
	for _, in := range innocents {
		for _, text := range []string{in, "see " + in + ".", in + "\n" + in} {
			if got, hidden := Mask(text); got != text || hidden != (Hidden{}) {
				t.Errorf("Mask(%q) = %q, %+v", text, got, hidden)
			}
		}
	}
}

// A number of a known form with a right check is found wherever it stands in a
// text, and what is around it stays.
func TestMaskFindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	planted := []string{
		"4111 1111 1111 1111", "cvv 123", "SSN 123-45-6789", "529.982.247-25", "12345678-Z", "X1234567L", "RSSMRA85T10A562S", "PESEL 44051401359",
		"GB82 WEST 1234 5698 7654 32", "2 55 08 14 168 025 38",
	}
	rapid.Check(t, func(rt *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"where", "is", "my", "jacket", "Straße", "日本", "ordered"}), 0, 12)
		before, after := strings.Join(words.Draw(rt, "before"), " "), strings.Join(words.Draw(rt, "after"), " ")
		number := rapid.SampledFrom(planted).Draw(rt, "number")
		masked, hidden := Mask(before + " " + number + " " + after)
		if hidden == (Hidden{}) || strings.Contains(masked, number) {
			rt.Fatalf("%q was not hidden: %q", number, masked)
		}
		if !strings.HasPrefix(masked, before+" ") || !strings.HasSuffix(masked, " "+after) {
			rt.Fatalf("the words around were changed: %q", masked)
		}
	})
}

func FuzzMask(f *testing.F) {
	for _, in := range innocents {
		f.Add(in)
	}
	for _, seed := range []string{
		"4111 1111 1111 1111 12/27 123", "SSN 123-45-6789 passport C1234567", "DE89370400440532013000", "cpf 52998224725 pesel 44051401359",
		"I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<", "\xff2 55 08 14 168 025 38",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		once, hidden := Mask(in)
		if hidden == (Hidden{}) && once != in {
			t.Fatalf("changed without a finding: %q", once)
		}
		if again, more := Mask(once); more != (Hidden{}) || again != once {
			t.Fatalf("not finished: %q then %q", once, again)
		}
		if len([]rune(once)) != len([]rune(in)) {
			t.Fatalf("length changed: %q to %q", in, once)
		}
	})
}

func FuzzMaskCards(f *testing.F) {
	for _, seed := range []string{
		"4111 1111 1111 1111", "card 4222222222222 4111111111111111", "tracking 4111111111111111", "5555-5555-5555-4444 12/27", "４１１１",
		"4111111111111111111", "1111 4111 1111 1111 1111 4111 1111 1111", "\xff4111111111111111",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		once, n := MaskCards(in)
		if n == 0 && once != in {
			t.Fatalf("changed without a card: %q", once)
		}
		if again, more := MaskCards(once); more != 0 || again != once {
			t.Fatalf("not finished: %q then %q", once, again)
		}
		if n > 0 && len([]rune(once)) != len([]rune(in)) {
			t.Fatalf("length changed: %q to %q", in, once)
		}
	})
}
