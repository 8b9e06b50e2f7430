package replay

import (
	"errors"
	"regexp"
	"strings"
)

// failed is how the SDK prints a workflow task's failure: the whole message in
// protobuf's text form, of which people need the sentence.
var failed = regexp.MustCompile(`^replay workflow failed with failure: message:"((?:[^"\\]|\\.)*)"`)

// says is an SDK's error on one line, without stack trace and payloads.
func says(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if m := failed.FindStringSubmatch(text); m != nil {
		text = strings.ReplaceAll(m[1], `\"`, `"`)
	}
	text, _, _ = strings.Cut(text, ", markerData: ")
	text, _, _ = strings.Cut(text, ", resp: ")
	return errors.New(text)
}
