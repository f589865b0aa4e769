//! What a profile keeps on this machine: the session, and the key file.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use parchment_client::{
    Client,
    account::Account,
    keystore::{FileKey, SealedFile},
};
use serde::{Deserialize, Serialize};

use crate::{args::Arguments, failure::Failure, terminal::Terminal};

pub struct Home<'a> {
    folder: PathBuf,
    passphrase_file: Option<PathBuf>,
    terminal: &'a Terminal,
}

/// Where and as whom somebody is signed in.
#[derive(Serialize, Deserialize)]
pub struct Session {
    pub origin: String,
    pub token: String,
    /// How far the server's clock was ahead of this machine's at the sign-in, in milliseconds.
    pub clock_ahead_ms: i64,
}

impl<'a> Home<'a> {
    pub fn new(arguments: &Arguments, terminal: &'a Terminal) -> Result<Self, Failure> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
        if arguments.profile.starts_with('.') || !arguments.profile.chars().all(plain) {
            return Err(Failure::Other(
                "A profile is named by letters, digits and -_.@ only.".to_owned(),
            ));
        }
        let home = match std::env::var_os("PARCHMENT_HOME") {
            Some(home) => PathBuf::from(home),
            None => directories::ProjectDirs::from("", "", "parchment")
                .map(|folders| folders.config_dir().to_owned())
                .ok_or_else(|| Failure::Other("There is no folder for settings; set PARCHMENT_HOME.".to_owned()))?,
        };
        Ok(Self {
            folder: home.join(&arguments.profile),
            passphrase_file: arguments.passphrase_file.clone(),
            terminal,
        })
    }

    fn session_file(&self) -> PathBuf {
        self.folder.join("session.json")
    }

    pub fn save_session(&self, session: &Session) -> Result<(), Failure> {
        let file = self.session_file();
        let text = serde_json::to_vec(session).map_err(|error| Failure::Other(error.to_string()))?;
        let written = || -> io::Result<()> {
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(&self.folder)?;
            // For its owner alone, and whole or not at all.
            let mut temporary = tempfile::NamedTempFile::new_in(&self.folder)?;
            temporary.write_all(&text)?;
            temporary.persist(&file)?;
            Ok(())
        };
        written().map_err(Failure::file(file.display()))
    }

    pub fn session(&self) -> Result<Session, Failure> {
        let file = self.session_file();
        match fs::read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Failure::NotSignedIn),
            bytes => {
                let bytes = bytes.map_err(Failure::file(file.display()))?;
                serde_json::from_slice(&bytes).map_err(|_| Failure::NotSignedIn)
            }
        }
    }

    pub fn forget_session(&self) -> Result<(), Failure> {
        let file = self.session_file();
        fs::remove_file(&file).map_err(Failure::file(file.display()))
    }

    /// The client of the session.
    pub fn client(&self) -> Result<Client, Failure> {
        let session = self.session()?;
        Ok(client(&session.origin)?.with_token(&session.token))
    }

    /// The key file; the passphrase of a new one is asked for twice.
    pub fn store(&self) -> Result<Arc<SealedFile>, Failure> {
        let file = self.folder.join("keys");
        let passphrase = self
            .terminal
            .secret_from(self.passphrase_file.as_deref(), "Passphrase of the key file")?;
        if !file.exists() {
            if passphrase.is_empty() {
                return Err(Failure::Other(
                    "An empty passphrase keeps nobody out. Choose another.".to_owned(),
                ));
            }
            if self.passphrase_file.is_none() && self.terminal.ask_secret("The same again")? != passphrase {
                return Err(Failure::Other(
                    "These were two passphrases. Nothing was done.".to_owned(),
                ));
            }
        }
        Ok(Arc::new(SealedFile::open(file, &FileKey::passphrase(&passphrase))?))
    }

    /// The account that this device has the keys of, checked.
    pub async fn account(&self) -> Result<Account, Failure> {
        let client = self.client()?;
        if !self.has_keys() {
            return Err(parchment_client::account::AccountError::NotUnlocked.into());
        }
        Ok(Account::open(&client, self.store()?).await?)
    }

    pub fn has_keys(&self) -> bool {
        Path::new(&self.folder.join("keys")).exists()
    }
}

/// A client that says which program it is.
pub fn client(origin: &str) -> Result<Client, Failure> {
    Ok(Client::builder(origin)
        .user_agent(concat!("parchment/", env!("CARGO_PKG_VERSION")))
        .build()?)
}
