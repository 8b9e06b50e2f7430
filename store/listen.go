package store

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	firstReconnect = 100 * time.Millisecond
	lastReconnect  = 5 * time.Second
)

// Listen calls fn each time a channel is told something, and once after each
// connect, because what was told before it is lost. It reconnects until ctx
// ends and then returns ctx's error. It uses a connection of its own.
func (d *DB) Listen(ctx context.Context, channel string, fn func()) error {
	pause := firstReconnect
	for {
		begin := time.Now()
		err := d.listenOnce(ctx, channel, fn)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if time.Since(begin) > lastReconnect {
			pause = firstReconnect
		}
		slog.WarnContext(ctx, "the database connection that listens was lost", "channel", channel, "pause", pause, "error", err)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
		pause = min(2*pause, lastReconnect)
	}
}

func (d *DB) listenOnce(ctx context.Context, channel string, fn func()) error {
	conn, err := pgx.ConnectConfig(ctx, d.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
		return err
	}
	for {
		fn()
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
	}
}
