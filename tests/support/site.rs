//! Several nodes, and what they share: one PostgreSQL, one key file, one directory of mails, and what a test adds.

#![allow(dead_code, reason = "each test program uses its part")]

use std::time::Duration;

use keyleash_testbed::Postgres;
use tempfile::TempDir;

use crate::support::Server;

pub struct Site {
    pub postgres: Postgres,
    database: String,
    directory: TempDir,
    shared: Vec<(String, String)>,
}

impl Site {
    /// Nodes that are started from here on share a database and nothing that tells them of each other's changes.
    pub async fn new() -> Self {
        let postgres = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
        Self {
            database: postgres.create_database(),
            postgres,
            directory: tempfile::tempdir().unwrap(),
            shared: Vec::new(),
        }
    }

    /// Further configuration of every node that is started from here on.
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.shared.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The address of the shared database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// What the shared database did until now. It counts an idle connection's work after a second or so.
    pub async fn transactions(&self) -> u32 {
        let name = self.database().rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
        tokio::time::sleep(Duration::from_secs(2)).await;
        let statement = format!("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = '{name}'");
        self.postgres.sql(&statement).parse().unwrap()
    }

    /// Waits until what was begun is done, the next sweep's part of it too; what it did until then.
    pub async fn settled_transactions(&self) -> u32 {
        /// Between two looks, two seconds: sweeps, leases and signs of life go on.
        const QUIET_MAX: u32 = 10;
        /// Together longer than a sweep's interval.
        const QUIET_LOOKS: u32 = 4;
        const LOOKS_MAX: u32 = 60;
        let (mut before, mut quiet) = (self.transactions().await, 0);
        for _ in 0..LOOKS_MAX {
            let now = self.transactions().await;
            quiet = if now - before <= QUIET_MAX { quiet + 1 } else { 0 };
            before = now;
            if quiet == QUIET_LOOKS {
                return now;
            }
        }
        panic!("the database does not come to rest");
    }

    pub async fn node(&self) -> Server {
        self.node_with(&[]).await
    }

    /// A node that differs from the others.
    pub async fn node_with(&self, own: &[(&str, &str)]) -> Server {
        let at = |name: &str| format!("{}/{name}", self.directory.path().display());
        let (key_file, mails) = (at("master.key"), format!("file:{}", at("mail")));
        let mut configuration =
            vec![("STORE__URL", self.database.as_str()), ("KMS__KEY_FILE", &key_file), ("MAIL__URL", &mails)];
        configuration.extend(self.shared.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        configuration.extend(own);
        Server::start_with(&configuration).await
    }
}
