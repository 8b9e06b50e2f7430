package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func (e *env) simulatorCommand() *cobra.Command {
	var listen, target string
	var day time.Duration
	c := &cobra.Command{
		Use: "simulator", Short: "Run stand-ins of all vendors, for rehearsals",
		Long: "Runs stand-ins of all vendors, for rehearsals. POST /disputes sells something, disputes it as not received, sends the provider's signed webhooks to --target and answers with the dispute's id. It is Stripe's, or that of /disputes?provider=NAME.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var lc net.ListenConfig
			ln, err := lc.Listen(cmd.Context(), "tcp", listen)
			if err != nil {
				return err
			}
			sim := simulator.New(simulator.Options{
				Seed: 1, Day: day, Now: time.Now, Log: e.log(),
				Address: "http://" + ln.Addr().String(), Target: target,
			})
			go sim.Run(cmd.Context())
			srv := &http.Server{Handler: withDisputes(sim), ReadHeaderTimeout: 10 * time.Second}
			context.AfterFunc(cmd.Context(), func() { _ = srv.Close() })
			_, _ = fmt.Fprintln(e.out, "simulator listens on http://"+ln.Addr().String())
			if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8090", "host:port")
	c.Flags().StringVar(&target, "target", "http://127.0.0.1:8080", "address of the starter that gets the webhooks")
	c.Flags().DurationVar(&day, "day", 24*time.Hour, "how long a day lasts")
	return c
}

// withDisputes adds the door by which a person has a sale disputed.
func withDisputes(sim *simulator.Simulator) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", sim)
	mux.HandleFunc("POST /disputes", func(w http.ResponseWriter, r *http.Request) {
		id, err := open(sim, r.URL.Query().Get("provider"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintln(w, id) // #nosec G705 -- an id that a stand-in made
	})
	return mux
}

// open disputes a new sale at a provider; without a name at Stripe.
func open(sim *simulator.Simulator, provider string) (id string, err error) {
	order := sim.World.NewOrder(world.OrderOptions{})
	if provider == "" {
		return sim.Stripe.Open(order, stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1"}), nil
	}
	p, ok := sim.Provider(provider)
	if !ok {
		return "", fmt.Errorf("there is no provider %q", provider)
	}
	return p.Open(order, 9*sim.World.Day())
}
