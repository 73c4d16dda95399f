-- Which node a device is on, so that "online now" is right whichever node is asked.

-- Processes of the server that are alive: until when, by the database's clock, unless they renew it.
CREATE TABLE nodes (
    id TEXT PRIMARY KEY,
    alive_until BIGINT NOT NULL,
    -- On it when it last renewed; NULL while it wants no more: it begins, or it leaves.
    devices BIGINT
);

-- Where its newest socket is. A node that is not alive does not count.
ALTER TABLE devices ADD COLUMN node TEXT;
-- When that socket said hello, by the clock that all nodes share; it stays when the device goes.
ALTER TABLE devices ADD COLUMN node_since BIGINT;
-- When it came, went or caught up last, by the database's clock: what other nodes show of it may have changed.
ALTER TABLE devices ADD COLUMN presence_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX devices_presence_at ON devices (presence_at);
