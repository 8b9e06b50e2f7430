package cli

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// probeTimeout bounds one question of a health check.
const probeTimeout = 4 * time.Second

func (e *env) probeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "probe URL", Short: "Exit with 0 when the address answers with success, for health checks in images without a shell",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, args[0], http.NoBody)
			if err != nil {
				return usageError{err}
			}
			answer, err := (&http.Client{Timeout: probeTimeout}).Do(r)
			if err != nil {
				return err
			}
			if err := answer.Body.Close(); err != nil {
				return err
			}
			if answer.StatusCode != http.StatusOK {
				return errors.New(args[0] + " answers " + answer.Status)
			}
			_, err = fmt.Fprintln(e.out, answer.Status)
			return err
		},
	}
}
