package boot

import (
	"fmt"
	"os"

	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// UseCatalogue puts a folder of reason codes in force over the built-in ones,
// for the whole process; no folder means the built-in ones alone. What is wrong
// in it is told with file and line, and leaves in force what was.
func UseCatalogue(folder string) error {
	if folder == "" {
		networks.Use(nil)
		return nil
	}
	c, err := networks.Load(os.DirFS(folder), evidence.Vocabulary())
	if err != nil {
		return fmt.Errorf("catalogue %s: %w", folder, err)
	}
	networks.Use(c)
	return nil
}
