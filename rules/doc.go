// Package rules is the policy of the operations manager: which queue owns a
// case, whether a person approves the response, which ladder of reminders runs
// before the cut-off, who is told, who is asked for evidence, and whether we
// contest or accept; the rules may leave that to the sums of package odds.
//
// A rule set is one YAML text; its conditions are CEL over a small typed
// vocabulary (see Vocabulary). Parse refuses a text that could leave any case
// without queue, ladder or response, so a Set that exists always routes.
//
// How a case is routed: rules are looked at from the top. The first whose
// condition holds decides and ends the search, unless it says `continue: true`;
// then it contributes and the search goes on. What an earlier rule said stays:
// a later rule, and last the defaults, only fill what is still open. Notices,
// reports and tags add up. A rule in shadow is judged and told of, and decides
// nothing. A condition that cannot be judged (a currency without a rate) does not
// hold, and makes a person approve the response whatever the rules say.
//
// What is published is checked further: no condition that never holds, no rule
// that another one leaves nothing to, no cut-off that could pass a deadline. Read
// leaves these checks out, for texts that are published already.
//
// The package is pure: no clock, no network, no randomness. The same Set and
// Input give the same Route.
package rules
