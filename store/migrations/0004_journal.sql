-- +goose Up
CREATE TABLE journal_entries (
    key        text        PRIMARY KEY,
    seq        bigint      NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
    case_id    text        NOT NULL,
    connection text        NOT NULL,
    dispute_id text        NOT NULL,
    kind       text        NOT NULL,
    date       timestamptz NOT NULL,
    currency   text        NOT NULL,
    memo       text        NOT NULL,
    movement   text,
    reverses   text        REFERENCES journal_entries,
    -- How many postings the entry has, so that none can be added later.
    lines      int         NOT NULL CHECK (lines >= 2),
    posted_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX journal_entries_movement ON journal_entries (connection, movement, kind) WHERE movement IS NOT NULL;
CREATE UNIQUE INDEX journal_entries_reverses ON journal_entries (reverses);
CREATE INDEX journal_entries_case ON journal_entries (case_id, seq);

CREATE TABLE journal_postings (
    entry_key text   NOT NULL REFERENCES journal_entries,
    line      int    NOT NULL,
    account   text   NOT NULL,
    side      text   NOT NULL CHECK (side IN ('debit', 'credit')),
    amount    bigint NOT NULL CHECK (amount > 0),
    PRIMARY KEY (entry_key, line)
);

CREATE TABLE entry_exports (
    entry_key  text        NOT NULL REFERENCES journal_entries,
    connection text        NOT NULL,
    vendor_id  text        NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (entry_key, connection)
);

-- Runs at commit, for every new entry and every new posting.
-- +goose StatementBegin
CREATE FUNCTION check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry text := to_jsonb(NEW) ->> TG_ARGV[0];
    want  int  := (SELECT lines FROM journal_entries WHERE key = entry);
    have  int;
    total numeric;
BEGIN
    SELECT count(*), sum(CASE side WHEN 'debit' THEN amount ELSE -amount END)
      INTO have, total FROM journal_postings WHERE entry_key = entry;
    IF have <> want THEN
        RAISE EXCEPTION 'entry % has % postings, not %', entry, have, want USING ERRCODE = 'check_violation';
    END IF;
    IF total <> 0 THEN
        RAISE EXCEPTION 'entry % is out of balance by %', entry, total USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE CONSTRAINT TRIGGER journal_entries_balance AFTER INSERT ON journal_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_entry('key');
CREATE CONSTRAINT TRIGGER journal_postings_balance AFTER INSERT ON journal_postings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_entry('entry_key');

-- A movement has one entry of a kind that is not reversed. The lock makes two
-- transactions that post the same movement look one after the other.
-- +goose StatementBegin
CREATE FUNCTION check_movement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.connection || '|' || NEW.movement, 0));
    IF (SELECT count(*) FROM journal_entries e
        WHERE e.connection = NEW.connection AND e.movement = NEW.movement AND e.kind = NEW.kind
          AND e.reverses IS NULL AND NOT EXISTS (SELECT FROM journal_entries r WHERE r.reverses = e.key)) > 1 THEN
        RAISE EXCEPTION 'movement % of % has another entry of kind %', NEW.movement, NEW.connection, NEW.kind
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE CONSTRAINT TRIGGER journal_entries_movement AFTER INSERT ON journal_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.movement IS NOT NULL AND NEW.reverses IS NULL) EXECUTE FUNCTION check_movement();

CREATE TRIGGER journal_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_postings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_postings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
