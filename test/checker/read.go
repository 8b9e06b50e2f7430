package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
)

func readSent(path string) ([]notice, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("what was sent: %w", err)
	}
	var out []notice
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		var n notice
		if err := json.Unmarshal(lines.Bytes(), &n); err != nil {
			return nil, fmt.Errorf("what was sent: line %d: %w", len(out)+1, err)
		}
		out = append(out, n)
	}
	return out, lines.Err()
}

func readVendors(ctx context.Context, base string) (vendors, error) {
	var out vendors
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(base, "/")+"/state.json", nil)
	if err != nil {
		return out, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return out, fmt.Errorf("the vendors: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return out, fmt.Errorf("the vendors answer HTTP %d", resp.StatusCode)
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return out, fmt.Errorf("the vendors: %w", err)
	}
	return out, nil
}

// readDatabase reads every table as of one moment.
func readDatabase(ctx context.Context, url string) (database, error) {
	var out database
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return out, errors.New("the database does not answer") // the cause may quote the password
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, conn, snapshot, func(tx pgx.Tx) error {
		return errors.Join(
			table(ctx, tx, &out.notices, `SELECT connection, event_id, dispute_id, raw_kind, state FROM notices WHERE kind <> 'click' ORDER BY id`),
			table(ctx, tx, &out.cases, `SELECT id, connection, dispute_id, status, response, currency, amount, part, events, head FROM cases ORDER BY id`),
			table(ctx, tx, &out.events, `SELECT case_id, seq, at, actor, kind, key, data::text, prev_hash, hash FROM case_events ORDER BY case_id, seq`),
			table(ctx, tx, &out.intents, `SELECT key, case_id, kind, state, receipt::text::bytea, request, request_sha256 FROM intents ORDER BY key`),
			table(ctx, tx, &out.entries, `SELECT key, case_id, connection, kind, currency, coalesce(movement, ''), coalesce(reverses, '') FROM journal_entries ORDER BY seq`),
			table(ctx, tx, &out.postings, `SELECT entry_key, account, side, amount FROM journal_postings ORDER BY entry_key, line`),
			table(ctx, tx, &out.exports, `SELECT entry_key, connection, vendor_id FROM entry_exports ORDER BY entry_key, connection`),
		)
	})
	return out, err
}

func table[T any](ctx context.Context, tx pgx.Tx, out *[]T, sql string) error {
	rows, err := tx.Query(ctx, sql)
	if err != nil {
		return err
	}
	*out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[T])
	return err
}
