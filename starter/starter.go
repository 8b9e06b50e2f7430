// Package starter is the front door: webhooks, API, console and codec on one
// address, and the relay that starts workflows for what came in.
package starter

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.temporal.io/sdk/client"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/starter/api"
	"github.com/rebuttal-hq/rebuttal/starter/codec"
	"github.com/rebuttal-hq/rebuttal/starter/console"
	"github.com/rebuttal-hq/rebuttal/starter/relay"
	"github.com/rebuttal-hq/rebuttal/starter/webhooks"
	"github.com/rebuttal-hq/rebuttal/store"
)

// commitWorkers is how many grouped commits may be under way at once.
const commitWorkers = 2

// Deps are what the front door stands on.
type Deps struct {
	DB         *store.DB
	Set        *integrations.Set
	Desk       *desk.Desk
	Temporal   client.Client
	Codec      *codec.Codec // nil without a key
	TemporalUI string       // the only origin that may ask the codec
	Log        *slog.Logger
}

// Run serves on the listener and relays notices until ctx ends. It takes no
// new request then, and finishes those it has.
func Run(ctx context.Context, ln net.Listener, d Deps) error {
	inbox := store.NewInserter(d.DB, commitWorkers)
	defer inbox.Close()
	srv := &http.Server{Handler: routes(d, inbox), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	r := &relay.Relay{DB: d.DB, Set: d.Set, Temporal: d.Temporal, Decide: d.Desk.Click, Now: time.Now, Log: d.Log}

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var relaying sync.WaitGroup
	defer relaying.Wait()
	relaying.Go(func() { _ = r.Run(ctx) })

	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	d.Log.Info("starter listens", "address", ln.Addr().String())
	select {
	case err := <-failed:
		stop()
		return err
	case <-ctx.Done():
	}
	quiet, done := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer done()
	if err := srv.Shutdown(quiet); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func routes(d Deps, inbox webhooks.Inbox) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	g := gin.New()
	g.Use(gin.CustomRecovery(func(c *gin.Context, _ any) {
		d.Log.Error("panic in a request", "path", c.FullPath())
		c.AbortWithStatus(http.StatusInternalServerError)
	}))
	reg := metrics(d)
	g.POST("/webhooks/:connection", webhooks.New(d.Set, inbox, time.Now, d.Log, reg).Handle)
	api.Register(g, d.Desk)
	console.Register(g, d.Desk)
	if d.Codec != nil {
		decode := gin.WrapH(d.Codec.Handler(d.TemporalUI, console.MayRead(d.Desk)))
		g.Any("/codec/*op", decode)
	}
	g.GET("/metrics", gin.WrapH(promhttp.HandlerFor(reg, promhttp.HandlerOpts{})))
	g.GET("/healthz", func(c *gin.Context) { c.String(http.StatusOK, "ok\n") })
	g.GET("/readyz", func(c *gin.Context) { ready(c, d) })
	return g
}

// ready names what is missing. Temporal away is said, but is no reason to
// refuse webhooks.
func ready(c *gin.Context, d Deps) {
	ctx, stop := context.WithTimeout(c.Request.Context(), 2*time.Second)
	defer stop()
	if err := d.DB.Ready(ctx); err != nil {
		why := "it does not answer" // the cause may name hosts and users; it is for the log
		if errors.Is(err, store.ErrOldSchema) {
			why = store.ErrOldSchema.Error()
		}
		d.Log.Error("not ready", "error", err)
		c.JSON(http.StatusServiceUnavailable, gin.H{"ready": false, "missing": []string{"database: " + why}})
		return
	}
	missing := []string{}
	if _, err := d.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		missing = append(missing, "temporal: notices wait in the database until it answers")
	}
	c.JSON(http.StatusOK, gin.H{"ready": true, "missing": missing})
}

func metrics(d Deps) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "rebuttal_relay_pending", Help: "Stored notices that no workflow has yet.",
	}, func() float64 {
		ctx, stop := context.WithTimeout(context.Background(), time.Second)
		defer stop()
		lag, err := d.DB.InboxLag(ctx)
		if err != nil {
			return -1
		}
		return float64(lag.Pending)
	}))
	return reg
}
