-- Times are Unix milliseconds, ids UUIDv7 in text. `sealed` columns are ciphertext under the user's data key.
-- Ids are compared by their bytes (COLLATE "C"), as SQLite does: their order is that of time in any locale.

CREATE TABLE meta (
    name TEXT COLLATE "C" PRIMARY KEY,
    value TEXT NOT NULL
);

-- The database's own clock, so that nodes with different clocks agree on "since".
CREATE VIEW clock AS SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT) AS now_ms;

CREATE TABLE users (
    id TEXT COLLATE "C" PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    confirmed BOOLEAN NOT NULL DEFAULT FALSE,
    totp_secret BYTEA,
    totp_pending BYTEA,
    totp_step BIGINT NOT NULL DEFAULT 0,
    sync_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    -- Counts this user's changes; whoever changes anything of the user takes this row first.
    seq BIGINT NOT NULL DEFAULT 0,
    devices_seq BIGINT NOT NULL DEFAULT 0,
    sessions_seq BIGINT NOT NULL DEFAULT 0,
    credentials_seq BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX users_changed_at ON users (changed_at);
CREATE FUNCTION users_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_at := (SELECT now_ms FROM clock);
    RETURN NEW;
END
$$;
CREATE TRIGGER users_changed BEFORE UPDATE OF seq ON users FOR EACH ROW EXECUTE FUNCTION users_changed();

CREATE TABLE recovery_codes (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    code_hash BYTEA NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE devices (
    id TEXT COLLATE "C" PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    receive_key BYTEA NOT NULL,
    signing_key BYTEA NOT NULL,
    keys_hash BYTEA NOT NULL UNIQUE,
    match_code TEXT NOT NULL,
    state TEXT NOT NULL,
    auto_connect BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    verified_at BIGINT,
    removed_at BIGINT,
    reason TEXT,
    last_seen BIGINT,
    acked BIGINT NOT NULL DEFAULT 0,
    receipt_at BIGINT,
    receipt_wiped BOOLEAN,
    seq BIGINT NOT NULL
);
CREATE INDEX devices_user ON devices (user_id);

CREATE TABLE sessions (
    id TEXT COLLATE "C" PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    token_hash BYTEA NOT NULL UNIQUE,
    device_id TEXT COLLATE "C" REFERENCES devices (id),
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT NOT NULL,
    address TEXT NOT NULL,
    -- Why its device was removed: the session is kept to say so.
    revoked TEXT
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE links (
    token_hash BYTEA PRIMARY KEY,
    purpose TEXT NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    device_id TEXT COLLATE "C" REFERENCES devices (id),
    device_keys_hash BYTEA,
    address TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX links_user ON links (user_id, purpose);

CREATE TABLE attempts (
    name TEXT COLLATE "C" PRIMARY KEY,
    count BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);

-- What only the vault may read begins here.

CREATE TABLE data_keys (
    user_id TEXT COLLATE "C" PRIMARY KEY,
    key_id TEXT NOT NULL,
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE device_keys (
    device_id TEXT COLLATE "C" PRIMARY KEY REFERENCES devices (id),
    user_id TEXT COLLATE "C" NOT NULL,
    sealed BYTEA NOT NULL,
    -- Set when the device is removed: the key is aside, good for nothing but a restore before this time.
    restore_until BIGINT
);

CREATE TABLE credentials (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    added_seq BIGINT NOT NULL,
    -- NULL: deleted.
    sealed BYTEA,
    updated_at BIGINT NOT NULL,
    updated_by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, id)
);
CREATE INDEX credentials_seq ON credentials (user_id, seq);

-- And ends here.

CREATE TABLE holdings (
    device_id TEXT COLLATE "C" NOT NULL REFERENCES devices (id),
    credential_id TEXT COLLATE "C" NOT NULL,
    given_at BIGINT NOT NULL,
    PRIMARY KEY (device_id, credential_id)
);

CREATE TABLE events (
    id TEXT COLLATE "C" PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    device_id TEXT COLLATE "C",
    address TEXT,
    detail TEXT NOT NULL
);
CREATE INDEX events_user ON events (user_id, id);

CREATE TABLE mails (
    id TEXT COLLATE "C" PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    given_up_at BIGINT
);
CREATE INDEX mails_due ON mails (due_at);
