//! Mails as files in a directory, for trying out on one machine.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use tokio::task::spawn_blocking;

use super::{FiledMail, Mail, MailArchive, MailError, Mailer};
use crate::{clock::Clock, entropy::Entropy};

/// Writes each mail into a file of its own, readable by the owner alone.
#[derive(Debug)]
pub struct FileMailer {
    directory: PathBuf,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
}

impl FileMailer {
    pub fn open(directory: PathBuf, clock: Arc<dyn Clock>, entropy: Entropy) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        Ok(Self { directory, clock, entropy })
    }
}

#[async_trait]
impl Mailer for FileMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let at = self.clock.now();
        let filed = FiledMail { id: self.entropy.id(at), at, mail: mail.clone() };
        let directory = self.directory.clone();
        off_thread("write a file", move || write(&directory, &filed)).await
    }
}

#[async_trait]
impl MailArchive for FileMailer {
    async fn newest(&self, most: usize) -> Result<Vec<FiledMail>, MailError> {
        let directory = self.directory.clone();
        off_thread("read the files", move || read(&directory, most)).await
    }
}

async fn off_thread<T: Send + 'static>(
    operation: &'static str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, MailError> {
    let outcome = spawn_blocking(work).await.unwrap_or_else(|panicked| Err(io::Error::other(panicked)));
    outcome.map_err(|source| MailError::Temporary { operation, source: Box::new(source) })
}

/// Under another name first: whoever reads the directory finds whole mails only.
fn write(directory: &Path, mail: &FiledMail) -> io::Result<()> {
    let unfinished = directory.join(format!("{}.part", mail.id));
    let mut options = fs::OpenOptions::new();
    serde_json::to_writer_pretty(options.write(true).create_new(true).mode(0o600).open(&unfinished)?, mail)?;
    fs::rename(unfinished, directory.join(format!("{}.json", mail.id)))
}

fn read(directory: &Path, most: usize) -> io::Result<Vec<FiledMail>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    // File names are UUIDv7: they sort by time.
    paths.sort_unstable_by(|a, b| b.cmp(a));
    paths.truncate(most);
    paths.iter().map(|path| Ok(serde_json::from_slice(&fs::read(path)?)?)).collect()
}
