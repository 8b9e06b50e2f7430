// Package history reads the disputes of the past that other systems kept: CSV
// and JSON lines, brought into our words by a mapping that an operations person
// writes. What is wrong with a row is said of that row, and reading goes on.
//
// Nothing personal comes out of it: customers are hashed, and card numbers are
// hidden or their row refused.
package history
