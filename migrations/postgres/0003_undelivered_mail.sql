-- When it was given up to deliver the device's verification mail; a newer mail clears it.
ALTER TABLE devices ADD COLUMN mail_failed_at BIGINT;
