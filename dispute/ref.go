package dispute

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
)

// Ref names a dispute: the connection that reports it and the provider's id.
type Ref struct {
	Connection string `json:"connection"`
	ID         string `json:"id"`
}

// String is "connection/id".
func (r Ref) String() string { return r.Connection + "/" + r.ID }

// WorkflowID is the Temporal workflow id of a part of the case. Part 1 is the
// dispute's first life; a notice after the close starts part 2, and so on.
func (r Ref) WorkflowID(part int) string {
	id := "dispute/" + r.Connection + "/" + r.ID
	if part > 1 {
		return fmt.Sprintf("%s/%d", id, part)
	}
	return id
}

// CaseID is our short id of the case, the same for the same dispute wherever
// it is computed: "cs_" and sixteen letters or digits.
func (r Ref) CaseID() string {
	sum := sha256.Sum256([]byte(r.Connection + "\x00" + r.ID))
	return "cs_" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
}
