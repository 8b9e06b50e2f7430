package backtest

import "testing"

func TestSquaresDoNotOverflow(t *testing.T) {
	t.Parallel()
	var s sum128
	for range 1000 {
		s.addSquare(-1 << 50)
	}
	if want := 1000 * 0x1p100; s.float() != want {
		t.Errorf("%g, want %g", s.float(), want)
	}
}
