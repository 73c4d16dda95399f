-- What somebody logs in as: an account's address, or the issuer of a vendor's tokens, a space, and the vendor's name for the
-- user, which no address can be.
ALTER TABLE users RENAME COLUMN email TO login;
-- Where mails go: of an account the same. Two users may have one address here.
ALTER TABLE users ADD COLUMN email TEXT NOT NULL DEFAULT '';
UPDATE users SET email = login;
