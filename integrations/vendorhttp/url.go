package vendorhttp

import (
	"fmt"
	"net/url"
)

// CheckURL refuses a setting that is no address of a server. The error names the
// key and an example, and not the value, which may be a secret put there by
// mistake.
func CheckURL(key, value, example string) error {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return fmt.Errorf("%s is no address such as %s", key, example)
	}
	return nil
}
