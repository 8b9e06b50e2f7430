// Package evidence turns what is known of a dispute into a packet that a
// provider takes: items → checklist → letter → text fields and PDF files →
// one hash that proves what was frozen.
//
// It is pure. Bytes go in and bytes come out: no clock, no network, no disk, no
// database. Equal input gives equal bytes, so a packet can be composed again
// and compared.
//
// Every sentence of the letter has a source. A claim without an exhibit is not
// made; a claim that other evidence contradicts is not made either, and is
// listed in Letter.Blocked.
package evidence
