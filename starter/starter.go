// Package starter is the front door: webhooks, API, console and codec on one
// address, and the relay that starts workflows for what came in.
package starter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"go.temporal.io/sdk/client"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/internal/telemetry"
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
	Secret     string       // shared by all starters, so that a login holds at each; may be empty
	PublicURL  string       // how people reach the console
	OIDC       *config.OIDC // whom people may log in with; nil for tokens alone
	Log        *slog.Logger
	Metrics    *telemetry.Metrics
	Tracing    *telemetry.Tracing // nil when it is off
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
	d.Log.InfoContext(ctx, "starter listens", "address", ln.Addr().String())
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
	// Without a writer: gin's own words quote the request.
	g.Use(gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, cause any) {
		d.Log.ErrorContext(c.Request.Context(), "panic in a request", "path", c.FullPath(), "cause", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
		c.AbortWithStatus(http.StatusInternalServerError)
	}))
	g.Use(d.Tracing.Middleware())
	door := webhooks.New(d.Set, inbox, time.Now, d.Log, d.Metrics.Webhooks)
	g.POST("/webhooks/:connection", door.Handle)
	g.GET("/webhooks/:connection", door.Challenge)
	api.Register(g, d.Desk)
	pages := console.New(d.Desk, console.Options{Secret: d.Secret, PublicURL: d.PublicURL, OIDC: d.OIDC})
	pages.Register(g)
	if d.Codec != nil {
		decode := gin.WrapH(d.Codec.Handler(d.TemporalUI, pages.MayRead))
		g.Any("/codec/*op", decode)
	}
	g.GET("/metrics", gin.WrapH(telemetry.Handler(d.Metrics.Registry)))
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
		d.Log.ErrorContext(ctx, "not ready", "error", err)
		c.JSON(http.StatusServiceUnavailable, gin.H{"ready": false, "missing": []string{"database: " + why}})
		return
	}
	missing := []string{}
	if _, err := d.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		missing = append(missing, "temporal: notices wait in the database until it answers")
	}
	c.JSON(http.StatusOK, gin.H{"ready": true, "missing": missing})
}
