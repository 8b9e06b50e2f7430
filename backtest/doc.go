// Package backtest routes past disputes by two rule sets, the one in force and a
// draft, and tells what would have been different: which cases move, what they
// would have brought, how much work they would have made.
//
// Each dispute is looked at as it stood when it was opened. Where a rule set
// answers as was answered then, the verdict is known and counted. Where it
// answers otherwise, the expected value is counted, by odds that learned only
// from verdicts of the weeks before the dispute was opened: nobody looks ahead.
//
// The package is pure. The same disputes, in any order, give the same Report, on
// any number of cores.
package backtest
