// Package odds says what an answer to a dispute is worth: the chance to win it,
// learned from the merchant's own outcomes, times the amount, less the fees that
// grow with time and the work. Every figure comes with its origin, so that a
// person can follow the sum.
//
// It is pure: no clock, no network, no database.
package odds
