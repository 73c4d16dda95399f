//! Mails as files in a directory, for trying out on one machine.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use tokio::task::spawn_blocking;

use super::{MailArchive, MailError, Mailer, PostedMail};

/// Writes each mail into a file of its own, readable by the owner alone.
#[derive(Debug)]
pub struct FileMailer {
    directory: PathBuf,
}

impl FileMailer {
    pub fn open(directory: PathBuf) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        Ok(Self { directory })
    }
}

#[async_trait]
impl Mailer for FileMailer {
    async fn send(&self, mail: &PostedMail) -> Result<(), MailError> {
        let (directory, mail) = (self.directory.clone(), mail.clone());
        off_thread("write a file", move || write(&directory, &mail)).await
    }

    async fn check(&self) -> Result<(), MailError> {
        let probe = self.directory.join("probe.part");
        off_thread("write a file", move || private(&probe).map(drop).and_then(|()| fs::remove_file(probe))).await
    }
}

#[async_trait]
impl MailArchive for FileMailer {
    async fn newest(&self, most: usize) -> Result<Vec<PostedMail>, MailError> {
        let directory = self.directory.clone();
        off_thread("read the files", move || read(&directory, most)).await
    }
}

async fn off_thread<T: Send + 'static>(
    operation: &'static str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, MailError> {
    let outcome = spawn_blocking(work).await.unwrap_or_else(|panicked| Err(io::Error::other(panicked)));
    outcome.map_err(|source| MailError::Unavailable { operation, source: Box::new(source) })
}

/// Under another name first: whoever reads the directory finds whole mails only.
fn write(directory: &Path, mail: &PostedMail) -> io::Result<()> {
    let unfinished = directory.join(format!("{}.part", mail.id));
    private(&unfinished)?.write_all(&serde_json::to_vec_pretty(mail)?)?;
    fs::rename(unfinished, directory.join(format!("{}.json", mail.id)))
}

fn private(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

fn read(directory: &Path, most: usize) -> io::Result<Vec<PostedMail>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    // File names are UUIDv7: they sort by time.
    paths.sort_unstable_by(|a, b| b.cmp(a));
    paths.truncate(most);
    paths.iter().map(|path| Ok(serde_json::from_slice(&fs::read(path)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::conformance;

    #[tokio::test]
    async fn it_holds_to_what_every_mailer_has_to() {
        let directory = tempfile::tempdir().unwrap();
        let mailer = FileMailer::open(directory.path().join("mail")).unwrap();
        let arrived = async || mailer.newest(10).await.unwrap().into_iter().rev().collect();
        conformance::holds(&mailer, arrived).await;
    }
}
