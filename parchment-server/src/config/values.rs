//! Settings with a few values, or a format of their own.

use std::{fmt, str::FromStr};

use clap::ValueEnum;
use parchment_core::{encoding, handle::Origin};
use tracing_subscriber::EnvFilter;
use zeroize::{ZeroizeOnDrop, Zeroizing};

pub(super) fn parse_origin(text: &str) -> Result<Origin, String> {
    Origin::parse(text).map_err(|error| error.to_string())
}

/// Who gets an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    /// Everybody who proves an address.
    Open,
    /// Those who have one, and the very first.
    Invite,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// In force.
    #[value(alias = "true")]
    On,
    /// Lifted.
    #[value(alias = "false")]
    Off,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Which events are logged: a level, or directives of tracing's `EnvFilter`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    /// The text as set.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LogFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        EnvFilter::try_new(text).map_err(|error| error.to_string())?;
        Ok(Self(text.to_owned()))
    }
}

/// The seed of the server's signing key. Wiped when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// A seed of these bytes.
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &Zeroizing<[u8; 32]> {
        &self.0
    }
}

impl FromStr for Seed {
    type Err = String;

    /// Reads the base64 of 32 bytes; the error does not repeat what it read.
    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = encoding::decode_array(text.trim());
        bytes
            .map(|bytes| Self(Zeroizing::new(bytes)))
            .map_err(|_| "the base64 of 32 bytes is expected".to_owned())
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(secret)")
    }
}
