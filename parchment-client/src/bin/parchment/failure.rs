//! Why a command did not do what it was to do.

use parchment_client::{ClientError, account::AccountError, keystore::KeyStoreError};

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    #[error("You are not signed in. Use `parchment login`.")]
    NotSignedIn,
    #[error("{what}: {error}")]
    File { what: String, error: std::io::Error },
    #[error("{0}")]
    Other(String),
}

impl Failure {
    pub fn file(what: impl std::fmt::Display) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.to_string();
        move |error| Self::File { what, error }
    }

    /// The table in `main`.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotSignedIn | Self::Account(AccountError::SignedOut | AccountError::NotUnlocked) => 3,
            Self::Account(AccountError::Lie(_)) => 6,
            Self::Account(AccountError::KeyStore(_)) | Self::KeyStore(_) => 7,
            Self::Account(AccountError::Client(error)) | Self::Client(error) => of_client(error),
            _ => 1,
        }
    }

    /// A word for programs.
    pub fn code(&self) -> &str {
        let client = match self {
            Self::Account(AccountError::Client(error)) | Self::Client(error) => error.code(),
            _ => None,
        };
        client.unwrap_or(match self.exit_code() {
            3 => "not_signed_in",
            4 => "refused",
            5 => "no_answer",
            6 => "lie",
            7 => "key_store",
            _ => "failed",
        })
    }
}

fn of_client(error: &ClientError) -> u8 {
    match error {
        ClientError::Refused(refused) if refused.code == "signed_out" => 3,
        ClientError::Refused(_) => 4,
        ClientError::Transport { .. } => 5,
        _ => 1,
    }
}
