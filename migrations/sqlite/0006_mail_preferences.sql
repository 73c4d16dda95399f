-- What Settings > Security shows and changes.

-- Whether a mail tells of a login with a browser that was not used before.
ALTER TABLE users ADD COLUMN mail_logins BOOLEAN NOT NULL DEFAULT TRUE;
-- When `totp_pending` was made; it is good for so long only.
ALTER TABLE users ADD COLUMN totp_pending_at BIGINT;
-- For the sign-ups that nobody confirmed, which are swept away.
CREATE INDEX users_unconfirmed ON users (created_at) WHERE confirmed = FALSE;

-- For the log's entries of some kinds only.
CREATE INDEX events_user_kind ON events (user_id, kind, id);
