//! A store in a file, sealed under a passphrase or a key.
//!
//! | Member | Content |
//! |---|---|
//! | `v` | 1 |
//! | `kdf` | null for a raw key; for a passphrase `{"name":"argon2id","kib":…,"passes":…,"lanes":…,"salt":…}` (RFC 9106, version 0x13, 32 bytes) |
//! | `sealed` | the envelope of [`parchment_core::seal`], AES-256-GCM, bound to `key-store`, `device-state`, `local`, `parchment-key-store-v1` |
//!
//! A save writes a new file beside the old one, waits until it is on disk, and renames it over the old one. The old file
//! is untouched until then. The folder is locked for as long as the store is open, by a file beside it.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use parchment_core::{
    encoding,
    seal::{self, Aad, Envelope, RawKey, RawRecord, SealNonce},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{KeyStore, KeyStoreError, SecretBytes};

/// What a file is sealed with. Prints nothing of itself.
pub enum FileKey {
    /// What a person remembers; stretched with Argon2id, which takes some 50 milliseconds when the store is opened.
    Passphrase(Zeroizing<String>),
    /// 32 random bytes that are kept elsewhere.
    Raw(Zeroizing<[u8; 32]>),
}

impl FileKey {
    /// A passphrase as it was typed.
    pub fn passphrase(text: &str) -> Self {
        Self::Passphrase(Zeroizing::new(text.to_owned()))
    }

    /// 32 random bytes.
    pub fn raw(bytes: &[u8; 32]) -> Self {
        Self::Raw(Zeroizing::new(*bytes))
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(secret)")
    }
}

/// A file that holds the secrets of one account, readable for its owner alone (mode 0600 where there are modes).
///
/// Its methods write to disk before they give way to another task: a save is a few kilobytes, and a task that is aborted
/// must not leave one running behind it.
pub struct SealedFile {
    path: PathBuf,
    key: RawKey,
    kdf: Option<Kdf>,
    /// Held, not read: the lock goes with it.
    _lock: File,
}

impl SealedFile {
    /// Opens the store at this path; the file is made by the first save, folders that are missing now.
    ///
    /// # Errors
    ///
    /// [`KeyStoreError::WrongKey`] when there is a file that this key does not open; [`KeyStoreError::InUse`] while
    /// another store has it open; [`KeyStoreError::Damaged`] for a file of another kind.
    pub fn open(path: impl Into<PathBuf>, key: &FileKey) -> Result<Self, KeyStoreError> {
        let path = path.into();
        make_folder(folder_of(&path)).map_err(|error| unavailable(&path, &error))?;
        let lock = lock(&path)?;
        let written = read(&path)?;
        let kdf = match (key, &written) {
            (FileKey::Raw(_), None) => None,
            (FileKey::Passphrase(_), None) => Some(Kdf::new()?),
            (FileKey::Raw(_), Some(Written { kdf: None, .. })) => None,
            (FileKey::Passphrase(_), Some(Written { kdf: Some(kdf), .. })) => Some(kdf.clone()),
            // Sealed with a key of the other kind.
            _ => return Err(KeyStoreError::WrongKey),
        };
        let key = match (key, &kdf) {
            (FileKey::Passphrase(text), Some(kdf)) => kdf.stretch(text, &path)?,
            (FileKey::Raw(bytes), _) => RawKey::from_bytes(bytes),
            (FileKey::Passphrase(_), None) => return Err(KeyStoreError::WrongKey),
        };
        let store = Self {
            path,
            key,
            kdf,
            _lock: lock,
        };
        if let Some(written) = &written {
            store.unseal(written)?;
        }
        Ok(store)
    }

    fn unseal(&self, written: &Written) -> Result<SecretBytes, KeyStoreError> {
        let envelope = Envelope::from_base64(&written.sealed).map_err(|error| {
            damaged(
                &self.path,
                format!("what is sealed has another shape ({})", error.reason()),
            )
        })?;
        let opened = seal::open(&place(), &self.key, &envelope).map_err(|_| KeyStoreError::WrongKey)?;
        Ok(SecretBytes::new(opened.as_bytes().to_vec()))
    }

    fn write(&self, secrets: &SecretBytes) -> Result<(), KeyStoreError> {
        let nonce = SealNonce::from_bytes(random()?);
        let sealed = seal::seal(&place(), &self.key, secrets.expose(), nonce)
            .map_err(|error| unavailable(&self.path, &io::Error::other(error)))?;
        let written = Written {
            v: 1,
            kdf: self.kdf.clone(),
            sealed: sealed.to_base64(),
        };
        let text = serde_json::to_string(&written).map_err(|error| unavailable(&self.path, &error.into()))?;
        replace(&self.path, text.as_bytes()).map_err(|error| unavailable(&self.path, &error))
    }
}

impl fmt::Debug for SealedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl KeyStore for SealedFile {
    async fn load(&self) -> Result<Option<SecretBytes>, KeyStoreError> {
        read(&self.path)?.map(|written| self.unseal(&written)).transpose()
    }

    async fn save(&self, secrets: &SecretBytes) -> Result<(), KeyStoreError> {
        self.write(secrets)
    }

    async fn clear(&self) -> Result<(), KeyStoreError> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unavailable(&self.path, &error)),
            _ => sync_folder(folder_of(&self.path)).map_err(|error| unavailable(&self.path, &error)),
        }
    }
}

/// The file as it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    v: u32,
    kdf: Option<Kdf>,
    sealed: String,
}

/// How a passphrase becomes a key.
#[derive(Clone, Serialize, Deserialize)]
struct Kdf {
    name: String,
    kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
}

/// The most memory that a file may ask for: 1 GiB.
const MAX_KIB: u32 = 1024 * 1024;
/// The most passes and lanes.
const MAX_PASSES: u32 = 32;

impl Kdf {
    /// The second recommendation of RFC 9106: 64 MiB, three passes, here on one lane.
    fn new() -> Result<Self, KeyStoreError> {
        Ok(Self {
            name: "argon2id".to_owned(),
            kib: 64 * 1024,
            passes: 3,
            lanes: 1,
            salt: encoding::encode(&random::<16>()?),
        })
    }

    fn stretch(&self, passphrase: &str, path: &Path) -> Result<RawKey, KeyStoreError> {
        // Whoever changed the file must not have the device work for hours.
        if self.name != "argon2id" || self.kib > MAX_KIB || self.passes > MAX_PASSES || self.lanes > MAX_PASSES {
            return Err(damaged(
                path,
                "it asks for a way of stretching the passphrase that is not taken".to_owned(),
            ));
        }
        let salt = encoding::decode(&self.salt).map_err(|error| damaged(path, error.to_string()))?;
        let params = Params::new(self.kib, self.passes, self.lanes, Some(32));
        let params = params.map_err(|error| damaged(path, error.to_string()))?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &salt, &mut *key)
            .map_err(|error| damaged(path, error.to_string()))?;
        Ok(RawKey::from_bytes(&key))
    }
}

fn place() -> RawRecord<'static> {
    RawRecord(Aad {
        user_id: "key-store".into(),
        record_type: "device-state".into(),
        record_id: "local".into(),
        key_context: "parchment-key-store-v1".into(),
    })
}

fn read(path: &Path) -> Result<Option<Written>, KeyStoreError> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(damaged(path, "it is no text".to_owned()));
        }
        text => text.map_err(|error| unavailable(path, &error))?,
    };
    let written: Written = serde_json::from_str(&text).map_err(|error| damaged(path, error.to_string()))?;
    if written.v != 1 {
        return Err(damaged(
            path,
            format!("it is of version {}, which a newer program wrote", written.v),
        ));
    }
    Ok(Some(written))
}

/// Writes a file as a whole: after this it is there with this content, whatever happens next.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    // Made for the owner alone.
    let mut file = tempfile::Builder::new().prefix(".parchment-").tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_folder(folder)
}

/// Makes a rename last. Only Unix can open a folder for that; elsewhere the rename itself is all there is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or_else(|| Path::new("."))
}

fn lock(path: &Path) -> Result<File, KeyStoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(PathBuf::from(name));
    let file = file.map_err(|error| unavailable(path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(KeyStoreError::InUse {
            place: path.display().to_string(),
        }),
        Err(fs::TryLockError::Error(error)) => Err(unavailable(path, &error)),
    }
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], KeyStoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| KeyStoreError::Unavailable {
        place: "randomness".to_owned(),
        reason: error.to_string(),
    })?;
    Ok(bytes)
}

fn damaged(path: &Path, reason: String) -> KeyStoreError {
    KeyStoreError::Damaged {
        place: path.display().to_string(),
        reason,
    }
}

fn unavailable(path: &Path, error: &io::Error) -> KeyStoreError {
    KeyStoreError::Unavailable {
        place: path.display().to_string(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keystore::check_contract;

    const KEY: [u8; 32] = [7; 32];

    fn raw() -> FileKey {
        FileKey::raw(&KEY)
    }

    #[tokio::test]
    async fn a_file_keeps_the_contract_under_either_kind_of_key() {
        let folder = tempfile::tempdir().unwrap();
        for (name, key) in [("raw", raw()), ("phrase", FileKey::passphrase("correct horse"))] {
            let store = SealedFile::open(folder.path().join("made/for/it").join(name), &key).unwrap();
            check_contract(&store).await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_was_saved_is_there_when_it_is_opened_again_and_only_with_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alice");
        let phrase = FileKey::passphrase("correct horse");
        let store = SealedFile::open(&path, &phrase).unwrap();
        store
            .save(&SecretBytes::new(b"the seed of alice".to_vec()))
            .await
            .unwrap();
        drop(store);
        let on_disk = fs::read(&path).unwrap();
        assert!(!on_disk.windows(8).any(|part| part == b"the seed"));
        for wrong in [FileKey::passphrase("correct house"), raw()] {
            assert!(matches!(SealedFile::open(&path, &wrong), Err(KeyStoreError::WrongKey)));
        }
        assert_eq!(fs::read(&path).unwrap(), on_disk, "a wrong key changes nothing");
        let store = SealedFile::open(&path, &phrase).unwrap();
        assert_eq!(store.load().await.unwrap().unwrap().expose(), b"the seed of alice");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_is_for_its_owner_alone_and_leaves_no_others_behind() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alice");
        let store = SealedFile::open(&path, &raw()).unwrap();
        for _ in 0..3 {
            store.save(&SecretBytes::new(vec![1])).await.unwrap();
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["alice", "alice.lock"]);
    }

    #[test]
    fn two_programs_do_not_use_one_file_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alice");
        let store = SealedFile::open(&path, &raw()).unwrap();
        assert!(matches!(
            SealedFile::open(&path, &raw()),
            Err(KeyStoreError::InUse { .. })
        ));
        drop(store);
        SealedFile::open(&path, &raw()).unwrap();
    }

    #[tokio::test]
    async fn a_file_that_was_changed_or_is_another_is_refused_and_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alice");
        let store = SealedFile::open(&path, &FileKey::passphrase("p")).unwrap();
        store.save(&SecretBytes::new(vec![1])).await.unwrap();
        drop(store);
        let text = fs::read_to_string(&path).unwrap();
        for (changed, key) in [
            (String::new(), raw()),
            ("{}".to_owned(), raw()),
            (text.replace("\"v\":1", "\"v\":2"), FileKey::passphrase("p")),
            (text.replace("argon2id", "argon2d"), FileKey::passphrase("p")),
            (text.replace("65536", "4000000000"), FileKey::passphrase("p")),
        ] {
            fs::write(&path, &changed).unwrap();
            let refused = SealedFile::open(&path, &key);
            assert!(matches!(refused, Err(KeyStoreError::Damaged { .. })), "{changed}");
            assert_eq!(fs::read_to_string(&path).unwrap(), changed);
        }
    }
}
