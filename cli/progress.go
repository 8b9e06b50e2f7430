package cli

import (
	"os"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
)

// progress is a bar on standard error for a run over many things, or a silent
// one where nobody looks: in a pipe, and for --json.
func (e *env) progress(total int64, what string) *progressbar.ProgressBar {
	f, isFile := e.err.(*os.File)
	if e.asJSON || !isFile || !isatty.IsTerminal(f.Fd()) {
		return progressbar.DefaultSilent(total, what)
	}
	return progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(e.err), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true),
		progressbar.OptionClearOnFinish(),
	)
}
