-- Times are Unix milliseconds, ids UUIDv7 in text. `sealed` columns are ciphertext under the user's data key.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- The database's own clock, so that nodes with different clocks agree on "since".
CREATE VIEW clock AS SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now_ms;

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    confirmed BOOLEAN NOT NULL DEFAULT FALSE,
    totp_secret BLOB,
    totp_pending BLOB,
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
CREATE TRIGGER users_changed AFTER UPDATE OF seq ON users BEGIN
    UPDATE users SET changed_at = (SELECT now_ms FROM clock) WHERE id = NEW.id;
END;

CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id),
    code_hash BLOB NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE devices (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    receive_key BLOB NOT NULL,
    signing_key BLOB NOT NULL,
    keys_hash BLOB NOT NULL UNIQUE,
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
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    token_hash BLOB NOT NULL UNIQUE,
    device_id TEXT REFERENCES devices (id),
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
    token_hash BLOB PRIMARY KEY,
    purpose TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    device_id TEXT REFERENCES devices (id),
    device_keys_hash BLOB,
    address TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX links_user ON links (user_id, purpose);

CREATE TABLE attempts (
    name TEXT PRIMARY KEY,
    count BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);

-- What only the vault may read begins here.

CREATE TABLE data_keys (
    user_id TEXT PRIMARY KEY,
    key_id TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE device_keys (
    device_id TEXT PRIMARY KEY REFERENCES devices (id),
    user_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    -- Set when the device is removed: the key is aside, good for nothing but a restore before this time.
    restore_until BIGINT
);

CREATE TABLE credentials (
    user_id TEXT NOT NULL REFERENCES users (id),
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    added_seq BIGINT NOT NULL,
    -- NULL: deleted.
    sealed BLOB,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    PRIMARY KEY (user_id, id)
);
CREATE INDEX credentials_seq ON credentials (user_id, seq);

-- And ends here.

CREATE TABLE holdings (
    device_id TEXT NOT NULL REFERENCES devices (id),
    credential_id TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    PRIMARY KEY (device_id, credential_id)
);

CREATE TABLE events (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    device_id TEXT,
    address TEXT,
    detail TEXT NOT NULL
);
CREATE INDEX events_user ON events (user_id, id);

CREATE TABLE mails (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    given_up_at BIGINT
);
CREATE INDEX mails_due ON mails (due_at);
