package evidence

import (
	"strings"
	"testing"

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
	if got := e.fact(dispute.FactText); got != "************1111" || e.cards != 1 {
		t.Errorf("text = %q with %d cards", got, e.cards)
	}
}

func TestCleanTextShowsHiddenCards(t *testing.T) {
	t.Parallel()
	hidden := "4111\u200b1111\u00ad1111\u20601111\x00"
	if got, n := MaskCards(cleanText(hidden)); n != 1 {
		t.Errorf("MaskCards(cleanText) = %q, %d", got, n)
	}
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
