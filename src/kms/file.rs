//! Adapter: master keys in a file, for one box. Who reads this file and the database reads everything.
//!
//! The file holds every master key that ever wrapped something here; the newest one wraps. Opening and rotating wait for
//! the disk: at start and in `admin` commands, never on an actor's thread.

use std::{
    fmt,
    fs::{DirBuilder, File, OpenOptions, remove_file, rename},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

use async_trait::async_trait;
use keyleash_protocol::{Base64Url, Sensitive, UnixMillis};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{DataKey, KeyContext, Kms, KmsError, WrappedKey};
use crate::{aead::Key, clock::Clock, entropy::Entropy};

/// The only form of the file so far.
const FORMAT: u32 = 1;
/// Bits of a file's mode that let anybody but its owner in.
const OTHERS: u32 = 0o077;

#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    #[error("others may read the master key file (mode {mode:03o}); mend it with: chmod 600 '{path}'")]
    OpenToOthers { path: String, mode: u32 },
    #[error("the master key file {path} is damaged ({what}); put back a copy, data keys cannot be opened without it")]
    Damaged { path: String, what: &'static str },
    #[error("there is no master key file {path}")]
    Missing { path: String },
    #[error("cannot {operation} for the master key file {path}")]
    Io { operation: &'static str, path: String, source: io::Error },
}

pub struct FileKms {
    path: PathBuf,
    entropy: Entropy,
    /// Oldest first, never empty.
    keys: RwLock<Vec<MasterKey>>,
}

struct MasterKey {
    id: String,
    created_at: UnixMillis,
    key: Key,
}

impl FileKms {
    /// Reads the master keys; on the first start it makes the file and one key.
    pub fn open(path: &Path, clock: &dyn Clock, entropy: Entropy) -> Result<Self, MasterKeyError> {
        let keys = open_or_make(path, clock, &entropy)?;
        Ok(Self { path: path.to_owned(), entropy, keys: RwLock::new(keys) })
    }

    /// Reads master keys that were made before; makes none.
    pub fn open_existing(path: &Path, entropy: Entropy) -> Result<Self, MasterKeyError> {
        let keys = read(path)?.ok_or_else(|| MasterKeyError::Missing { path: path.display().to_string() })?;
        Ok(Self { path: path.to_owned(), entropy, keys: RwLock::new(keys) })
    }

    /// Whether this file's key, as [`WrappedKey::key_id`] names it.
    pub fn holds(&self, key_id: &str) -> bool {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).iter().any(|key| key.id == key_id)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a master key, which wraps from now on; the others still unwrap. Returns its id. Another process that has
    /// the file open wraps with the key it knows until it is started again.
    pub fn rotate(&self, clock: &dyn Clock) -> Result<String, MasterKeyError> {
        let keys = add_key(&self.path, clock, &self.entropy)?;
        let id = keys.last().map(|key| key.id.clone()).unwrap_or_default();
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(id)
    }
}

#[async_trait]
impl Kms for FileKms {
    async fn generate(&self, context: &KeyContext) -> Result<(DataKey, WrappedKey), KmsError> {
        let data_key = DataKey::new(self.entropy.bytes());
        let wrapped = self.wrap(context, &data_key).await?;
        Ok((data_key, wrapped))
    }

    async fn unwrap(&self, context: &KeyContext, wrapped: &WrappedKey) -> Result<DataKey, KmsError> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let Some(master) = keys.iter().find(|key| key.id == wrapped.key_id) else {
            let reason =
                format!("{} does not hold key {}; put back the file that does", self.path.display(), wrapped.key_id);
            return Err(refused("unwrap", reason));
        };
        let opened = master.key.open(&bound_to(context), &wrapped.blob).map_err(|_| {
            refused("unwrap", format!("the data key was altered, or is not that of {:?}", context.user))
        })?;
        let data_key: &[u8; 32] =
            opened.as_slice().try_into().map_err(|_| refused("unwrap", "the data key has not 256 bits".to_owned()))?;
        Ok(DataKey::new(*data_key))
    }

    async fn wrap(&self, context: &KeyContext, key: &DataKey) -> Result<WrappedKey, KmsError> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let newest = newest(&keys)?;
        let blob = newest.key.seal(&self.entropy, &bound_to(context), key.as_slice());
        Ok(WrappedKey { key_id: newest.id.clone(), blob })
    }

    async fn wrapping_key(&self) -> Result<String, KmsError> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        Ok(newest(&keys)?.id.clone())
    }
}

impl fmt::Debug for FileKms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileKms({})", self.path.display())
    }
}

fn newest(keys: &[MasterKey]) -> Result<&MasterKey, KmsError> {
    keys.last().ok_or_else(|| refused("wrap", "there is no master key".to_owned()))
}

fn bound_to(context: &KeyContext) -> Vec<u8> {
    format!("{}\0{}", KeyContext::PURPOSE, context.user).into_bytes()
}

fn refused(operation: &'static str, reason: String) -> KmsError {
    KmsError::Refused { operation, reason }
}

// ------------------------------------------------------------------------------------------------------- the file

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    format: u32,
    keys: Vec<KeyEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    id: String,
    created_at: UnixMillis,
    /// Base64url.
    key: Sensitive,
}

/// What the file holds; if there is none, it is made with one key. Of nodes that start together one makes it.
fn open_or_make(path: &Path, clock: &dyn Clock, entropy: &Entropy) -> Result<Vec<MasterKey>, MasterKeyError> {
    if let Some(keys) = read(path)? {
        return Ok(keys);
    }
    let directory = lock_directory(path)?;
    match read(path)? {
        Some(keys) => Ok(keys),
        None => store_with_new_key(path, &directory, Vec::new(), clock, entropy),
    }
}

/// Adds a key to those that are there now: another process may have added one.
fn add_key(path: &Path, clock: &dyn Clock, entropy: &Entropy) -> Result<Vec<MasterKey>, MasterKeyError> {
    let directory = lock_directory(path)?;
    let keys = read(path)?.unwrap_or_default();
    store_with_new_key(path, &directory, keys, clock, entropy)
}

/// Until it is closed, no other process changes the file. Makes the directory if it is not there.
fn lock_directory(path: &Path) -> Result<File, MasterKeyError> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed("create a directory", path))?;
    let directory = File::open(directory).map_err(failed("open the directory", path))?;
    directory.lock().map_err(failed("lock the directory", path))?;
    Ok(directory)
}

fn store_with_new_key(
    path: &Path,
    directory: &File,
    mut keys: Vec<MasterKey>,
    clock: &dyn Clock,
    entropy: &Entropy,
) -> Result<Vec<MasterKey>, MasterKeyError> {
    let now = clock.now();
    keys.push(MasterKey {
        id: entropy.id(now).to_string(),
        created_at: now,
        key: Key::new(Zeroizing::new(entropy.bytes())),
    });
    write(path, &keys).map_err(failed("write", path))?;
    directory.sync_all().map_err(failed("sync the directory", path))?;
    Ok(keys)
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> MasterKeyError {
    let path = path.display().to_string();
    move |source| MasterKeyError::Io { operation, path, source }
}

/// `None`: there is no such file.
fn read(path: &Path) -> Result<Option<Vec<MasterKey>>, MasterKeyError> {
    let shown = || path.display().to_string();
    let damaged = |what| MasterKeyError::Damaged { path: shown(), what };
    let mut file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed("open", path))?,
    };
    let metadata = file.metadata().map_err(failed("read the mode", path))?;
    if metadata.mode() & OTHERS != 0 {
        return Err(MasterKeyError::OpenToOthers { path: shown(), mode: metadata.mode() & 0o777 });
    }
    let mut text = Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1));
    file.read_to_end(&mut text).map_err(failed("read", path))?;

    let stored: KeyFile = serde_json::from_slice(&text).map_err(|_| damaged("not the expected JSON"))?;
    if stored.format != FORMAT {
        return Err(damaged("a format that this version does not know"));
    }
    if stored.keys.is_empty() {
        return Err(damaged("no key in it"));
    }
    let key_of = |entry: KeyEntry| {
        let decoded = Base64Url::decode(entry.key.expose()).map(|bytes| Zeroizing::new(bytes.0));
        let bytes: &[u8; 32] = decoded.as_ref().ok()?.as_slice().try_into().ok()?;
        Some(MasterKey { id: entry.id, created_at: entry.created_at, key: Key::new(Zeroizing::new(*bytes)) })
    };
    let keys: Option<_> = stored.keys.into_iter().map(key_of).collect();
    keys.map(Some).ok_or_else(|| damaged("a key that is not 256 bits in base64url"))
}

/// Whole or not at all, and only for its owner from its first byte on.
fn write(path: &Path, keys: &[MasterKey]) -> io::Result<()> {
    /// One entry as JSON has 158 bytes: with all the room at once, growing leaves no copy behind.
    const ENTRY_BYTES_MAX: usize = 256;
    let entry = |key: &MasterKey| KeyEntry {
        id: key.id.clone(),
        created_at: key.created_at,
        key: Sensitive::new(Base64Url::encode(key.key.expose())),
    };
    let stored = KeyFile { format: FORMAT, keys: keys.iter().map(entry).collect() };
    let mut text = Zeroizing::new(Vec::with_capacity((keys.len() + 1) * ENTRY_BYTES_MAX));
    serde_json::to_writer_pretty(&mut *text, &stored)?;
    text.push(b'\n');

    let unfinished = path.with_extension("new");
    match remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(&text)?;
    file.sync_all()?;
    rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, thread};

    use keyleash_protocol::UserId;
    use tempfile::TempDir;
    use uuid::Uuid;

    use super::*;
    use crate::{clock::ManualClock, kms::conformance};

    const CONTEXT: KeyContext = KeyContext { user: UserId::from_uuid(Uuid::from_u128(1)) };

    #[tokio::test]
    async fn conforms() {
        let place = Place::new();
        conformance::holds(&place.open().unwrap()).await;
    }

    #[tokio::test]
    async fn nodes_that_start_together_have_one_key() {
        let place = Place::new();
        let nodes: Vec<FileKms> = thread::scope(|scope| {
            let opening: Vec<_> = (0..8).map(|_| scope.spawn(|| place.open().unwrap())).collect();
            opening.into_iter().map(|node| node.join().unwrap()).collect()
        });
        for one in &nodes {
            let (key, wrapped) = one.generate(&CONTEXT).await.unwrap();
            for other in &nodes {
                assert_eq!(other.unwrap(&CONTEXT, &wrapped).await.unwrap(), key);
            }
        }
    }

    #[tokio::test]
    async fn the_same_keys_are_there_after_a_restart_and_after_rotations() {
        let place = Place::new();
        let first = place.open().unwrap();
        let (before, wrapped_before) = first.generate(&CONTEXT).await.unwrap();
        let id = first.rotate(&place.clock).unwrap();
        let (after, wrapped_after) = first.generate(&CONTEXT).await.unwrap();
        assert_eq!(wrapped_after.key_id, id);
        assert_ne!(wrapped_before.key_id, id);

        let restarted = place.open().unwrap();
        assert_eq!(restarted.unwrap(&CONTEXT, &wrapped_before).await.unwrap(), before);
        assert_eq!(restarted.unwrap(&CONTEXT, &wrapped_after).await.unwrap(), after);
        assert_eq!(restarted.generate(&CONTEXT).await.unwrap().1.key_id, id);
    }

    #[tokio::test]
    async fn another_file_does_not_open_this_ones_keys() {
        let (_, wrapped) = Place::new().open().unwrap().generate(&CONTEXT).await.unwrap();
        let refusal = Place::new().open().unwrap().unwrap(&CONTEXT, &wrapped).await.unwrap_err();
        assert!(matches!(&refusal, KmsError::Refused { reason, .. } if reason.contains("does not hold key")));
    }

    #[test]
    fn the_file_is_for_its_owner_alone_or_refused_with_the_command_that_mends_it() {
        let place = Place::new();
        place.open().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&place.path), 0o600);
        assert_eq!(mode(place.path.parent().unwrap()), 0o700);

        for open in [0o640, 0o604, 0o620, 0o666] {
            fs::set_permissions(&place.path, fs::Permissions::from_mode(open)).unwrap();
            let refusal = place.open().unwrap_err().to_string();
            assert!(refusal.contains(&format!("chmod 600 '{}'", place.path.display())), "{refusal}");
        }
        fs::set_permissions(&place.path, fs::Permissions::from_mode(0o600)).unwrap();
        place.open().unwrap();
    }

    #[test]
    fn a_damaged_file_is_refused_and_never_replaced() {
        let place = Place::new();
        place.open().unwrap();
        let good = fs::read_to_string(&place.path).unwrap();
        for bad in [String::new(), good.replace("\"format\": 1", "\"format\": 2"), good[..good.len() / 2].to_owned(), {
            "{\"format\":1,\"keys\":[]}".to_owned()
        }] {
            fs::write(&place.path, &bad).unwrap();
            assert!(matches!(place.open(), Err(MasterKeyError::Damaged { .. })), "{bad}");
            assert_eq!(fs::read_to_string(&place.path).unwrap(), bad);
        }
    }

    #[test]
    fn what_a_crash_left_half_written_does_not_stop_a_start() {
        let place = Place::new();
        fs::create_dir(place.path.parent().unwrap()).unwrap();
        fs::write(place.path.with_extension("new"), "{").unwrap();
        place.open().unwrap();
        assert!(!place.path.with_extension("new").exists());
    }

    #[test]
    fn starts_and_rotations_at_the_same_time_lose_no_key() {
        let place = Place::new();
        let ids: Vec<String> = thread::scope(|scope| {
            let handles: Vec<_> =
                (0..8).map(|_| scope.spawn(|| place.open().unwrap().rotate(&place.clock).unwrap())).collect();
            handles.into_iter().map(|handle| handle.join().unwrap()).collect()
        });
        let keys = place.open().unwrap().keys.into_inner().unwrap();
        assert!(ids.iter().all(|id| keys.iter().any(|key| key.id == *id)));
    }

    struct Place {
        path: PathBuf,
        clock: ManualClock,
        _directory: TempDir,
    }

    impl Place {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("data").join("master.key");
            Self { path, clock: ManualClock::at(UnixMillis(1_700_000_000_000)), _directory: directory }
        }

        fn open(&self) -> Result<FileKms, MasterKeyError> {
            FileKms::open(&self.path, &self.clock, Entropy::new())
        }
    }
}
