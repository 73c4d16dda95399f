-- When the owner said that the credential was rotated at its exchange, since the device that held it was removed.
ALTER TABLE holdings ADD COLUMN rotated_at BIGINT;
