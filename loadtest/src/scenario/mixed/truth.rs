//! What the database has, read beside the server.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use keyleash_protocol::{CredentialId, DeviceId, Seq, UserId, Version};
use sqlx::{
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use super::found::{Row, Rows};

/// Readers beside the nodes, which hold connections themselves.
const CONNECTIONS: u32 = 2;

#[derive(Debug, thiserror::Error)]
pub enum TruthError {
    #[error("--database is no address of a database: postgres://user:password@host/database, or sqlite:path")]
    Address(#[source] sqlx::Error),
    #[error("the database does not answer; what does --database say?")]
    Unreachable(#[source] sqlx::Error),
    #[error("the database holds an id that is none")]
    Id(#[from] uuid::Error),
}

/// Every deleted credential is a row without a value.
const CREDENTIALS: &str = "SELECT id, version, seq, CAST(CASE WHEN sealed IS NULL THEN 1 ELSE 0 END AS BIGINT) FROM credentials WHERE user_id = $1";
const VERIFIED: &str = "SELECT id FROM devices WHERE user_id = $1 AND state = 'verified'";

type CredentialRow = (String, i64, i64, i64);

/// The rows of each of these users, in their order.
pub async fn read(url: &str, users: &[UserId]) -> Result<Vec<Rows>, TruthError> {
    macro_rules! read_all {
        ($pool:expr) => {{
            let pool = $pool.map_err(TruthError::Unreachable)?;
            let mut all = Vec::with_capacity(users.len());
            for user in users {
                let credentials: Vec<CredentialRow> = sqlx::query_as(CREDENTIALS)
                    .bind(user.to_string())
                    .fetch_all(&pool)
                    .await
                    .map_err(TruthError::Unreachable)?;
                let verified: Vec<String> = sqlx::query_scalar(VERIFIED)
                    .bind(user.to_string())
                    .fetch_all(&pool)
                    .await
                    .map_err(TruthError::Unreachable)?;
                all.push(rows(credentials, &verified)?);
            }
            pool.close().await;
            Ok(all)
        }};
    }
    if url.starts_with("sqlite:") {
        let options = SqliteConnectOptions::from_str(url).map_err(TruthError::Address)?.read_only(true);
        read_all!(SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await)
    } else {
        let options = sqlx::postgres::PgConnectOptions::from_str(url).map_err(TruthError::Address)?;
        read_all!(PgPoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await)
    }
}

fn rows(credentials: Vec<CredentialRow>, verified: &[String]) -> Result<Rows, uuid::Error> {
    let credential = |(id, version, seq, deleted): CredentialRow| {
        let id: CredentialId = id.parse()?;
        Ok((id, Row { version: Version(version), deleted: deleted == 1, seq: Seq(seq) }))
    };
    Ok(Rows {
        credentials: credentials.into_iter().map(credential).collect::<Result<BTreeMap<_, _>, uuid::Error>>()?,
        verified: verified.iter().map(|id| id.parse()).collect::<Result<BTreeSet<DeviceId>, _>>()?,
    })
}
