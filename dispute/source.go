package dispute

// Outcomes of a source.
const (
	SourceAnswered = "answered" // found something
	SourceEmpty    = "empty"    // knows nothing of this sale
	SourceSkipped  = "skipped"  // the case lacks the ids it searches by
	SourceFailed   = "failed"   // gave up; a part may have been found
	SourcePending  = "pending"  // still being asked
)

// SourceResult is what came of asking one source.
type SourceResult struct {
	Connection string `json:"connection"`
	Outcome    string `json:"outcome"`
	Items      int    `json:"items"`
	Detail     string `json:"detail,omitempty"` // ids and kinds of errors only
}
