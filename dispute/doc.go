// Package dispute is Rebuttal's vocabulary: money, deadlines, what a provider
// says about a dispute, what we know of a case, and the rules by which notices
// that arrive late, twice or out of order are folded into one truth.
//
// It depends on the standard library only. Everything in it is a value: no
// clock, no network, no database.
package dispute
