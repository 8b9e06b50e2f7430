// Package networks knows what the card networks say: reason codes, the routing
// family of a reason, response windows, and which evidence answers which claim.
//
// The facts live in data/*.yaml, embedded, each with its source and how sure we
// are of it; code only looks them up. Everything is pure and safe for
// concurrent use. To correct a fact, edit the data and name the source, or put
// it into a folder that Load reads over the embedded files: an entry without a
// source is refused.
package networks

// Confidence says how sure we are of a fact.
type Confidence string

// The degrees of confidence.
const (
	ConfidenceHigh   Confidence = "high"   // a primary source was read
	ConfidenceMedium Confidence = "medium" // a secondary source, or confirmed in part
	ConfidenceLow    Confidence = "low"    // one weak source, or knowledge of the trade
)

// Contest is the default advice for a claim. It is a hint and not a rule:
// amount, chances and fees decide.
type Contest string

// The advice.
const (
	ContestUsually    Contest = "usually"     // cheap to answer, the evidence is normally on file
	ContestIfEvidence Contest = "if_evidence" // only when what ContestWhen names is at hand
	ContestRarely     Contest = "rarely"      // accept, unless the one narrow remedy exists
	ContestNever      Contest = "never"       // a response is wasted
)
