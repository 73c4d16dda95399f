//! A transaction that changes something of one user.

use keyleash_protocol::{Seq, UserId};
use sqlx::{QueryBuilder, query, query_as, query_scalar};

use super::{
    Driver, SqlStore,
    connections::Opened,
    driver::for_every_driver,
    meaning::{self, Meaning},
    rows::{Fault, name},
};
use crate::store::{NewLink, TokenHash, Trail};

/// Which part of a user changes; the actors read only what moved.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Devices,
    Sessions,
    DevicesAndSessions,
}

/// A transaction that writes.
pub(super) struct Writing<D: Driver>(pub Opened<D>);

/// A transaction with the user's row taken, so that nobody else changes anything of this user until it ends.
pub(super) struct Change<D: Driver> {
    pub tx: Writing<D>,
    pub user: UserId,
    pub seq: Seq,
}

for_every_driver! {
impl SqlStore {
    pub(super) async fn begin(&self) -> Result<Writing<D>, Fault> {
        Ok(Writing(self.writer.begin().await?))
    }

    /// Begins a change: takes the user's row and the next seq. `None`: no such user.
    pub(super) async fn change(&self, user: UserId, part: Part) -> Result<Option<Change<D>>, Fault> {
        self.begin().await?.change(user, part).await
    }
}
}

for_every_driver! {
impl Change {
    pub(super) async fn commit(self) -> Result<Seq, Fault> {
        self.tx.commit().await?;
        Ok(self.seq)
    }

    pub(super) async fn write(&mut self, trail: &Trail) -> Result<(), Fault> {
        self.tx.write(self.user, trail).await
    }
}
}

for_every_driver! {
impl Writing {
    pub(super) async fn commit(self) -> Result<(), Fault> {
        // Only where the database says so is it known that nothing was done.
        self.0.commit().await.map_err(|error| match meaning::of(&error) {
            Meaning::RunAgain => Fault::Undone(error),
            Meaning::Broken | Meaning::Held | Meaning::Busy | Meaning::Wrong => Fault::InDoubt(error),
        })
    }

    /// Goes on as a change; see [`SqlStore::change`].
    pub(super) async fn change(mut self, user: UserId, part: Part) -> Result<Option<Change<D>>, Fault> {
        let seq = self.count(user, part).await?;
        Ok(seq.map(|seq| Change { tx: self, user, seq }))
    }

    /// Takes the user's row and the next seq. `None`: no such user.
    pub(super) async fn count(&mut self, user: UserId, part: Part) -> Result<Option<Seq>, Fault> {
        let statement = match part {
            Part::Devices => "UPDATE users SET seq = seq + 1, devices_seq = seq + 1 WHERE id = $1 RETURNING seq",
            Part::Sessions => "UPDATE users SET seq = seq + 1, sessions_seq = seq + 1 WHERE id = $1 RETURNING seq",
            Part::DevicesAndSessions => {
                "UPDATE users SET seq = seq + 1, devices_seq = seq + 1, sessions_seq = seq + 1
                 WHERE id = $1 RETURNING seq"
            }
        };
        let seq: Option<i64> = query_scalar(statement).bind(user.to_string()).fetch_optional(&mut *self.0).await?;
        Ok(seq.map(Seq))
    }

    /// Takes the user's row without counting a change: whatever changes the user is before this or after it.
    pub(super) async fn take(&mut self, user: UserId) -> Result<(), Fault> {
        query("UPDATE users SET changed_at = changed_at WHERE id = $1")
            .bind(user.to_string())
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    /// Writes the log entries and queues the mails that go with a change.
    pub(super) async fn write(&mut self, user: UserId, trail: &Trail) -> Result<(), Fault> {
        let kinds = trail.events.iter().map(|event| name(&event.kind)).collect::<Result<Vec<_>, _>>()?;
        if !kinds.is_empty() {
            let mut insert =
                QueryBuilder::<D>::new("INSERT INTO events (id, user_id, at, kind, device_id, address, detail) ");
            insert.push_values(trail.events.iter().zip(kinds), |mut row, (event, kind)| {
                row.push_bind(event.id.to_string())
                    .push_bind(user.to_string())
                    .push_bind(event.at.0)
                    .push_bind(kind)
                    .push_bind(event.device.map(|device| device.to_string()))
                    .push_bind(event.address.clone())
                    .push_bind(event.detail.clone());
            });
            insert.build().execute(&mut *self.0).await?;
        }
        if !trail.mails.is_empty() {
            let mut insert = QueryBuilder::<D>::new("INSERT INTO mails (id, user_id, sealed, created_at, due_at) ");
            insert.push_values(&trail.mails, |mut row, mail| {
                row.push_bind(mail.id.to_string())
                    .push_bind(user.to_string())
                    .push_bind(mail.sealed.clone())
                    .push_bind(mail.at.0)
                    .push_bind(mail.at.0);
            });
            insert.build().execute(&mut *self.0).await?;
        }
        Ok(())
    }

    /// Uses up a link; `false` if somebody else did.
    pub(super) async fn use_up_link(&mut self, token: TokenHash) -> Result<bool, Fault> {
        let used: Vec<(i64,)> =
            query_as("UPDATE links SET used = TRUE WHERE token_hash = $1 AND used = FALSE RETURNING created_at")
                .bind(token.to_vec())
                .fetch_all(&mut *self.0)
                .await?;
        Ok(!used.is_empty())
    }

    pub(super) async fn set_recovery_codes(&mut self, user: UserId, codes: &[TokenHash]) -> Result<(), Fault> {
        query("DELETE FROM recovery_codes WHERE user_id = $1").bind(user.to_string()).execute(&mut *self.0).await?;
        for code in codes {
            query("INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2)")
                .bind(user.to_string())
                .bind(code.to_vec())
                .execute(&mut *self.0)
                .await?;
        }
        Ok(())
    }

    pub(super) async fn insert_link(&mut self, link: &NewLink) -> Result<(), Fault> {
        let device = link.device.as_ref();
        let device_id = device.map(|device| device.id.to_string());
        query(
            "UPDATE links SET used = TRUE
             WHERE user_id = $1 AND purpose = $2 AND (device_id = $3 OR device_id IS NULL) AND used = FALSE",
        )
        .bind(link.user.to_string())
        .bind(name(&link.purpose)?)
        .bind(device_id.clone())
        .execute(&mut *self.0)
        .await?;
        query(
            "INSERT INTO links (token_hash, purpose, user_id, device_id, device_keys_hash, address, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(link.token.to_vec())
        .bind(name(&link.purpose)?)
        .bind(link.user.to_string())
        .bind(device_id)
        .bind(device.map(|device| device.keys.to_vec()))
        .bind(device.map(|device| device.address.clone()))
        .bind(link.at.0)
        .bind(link.expires_at.0)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }
}
}

/// Callers hold a user that they read before, and users whose address was confirmed are never deleted.
pub(super) fn existing<T>(change: Option<T>) -> Result<T, Fault> {
    change.ok_or_else(|| Fault::Unexpected("the user is gone".to_owned()))
}
