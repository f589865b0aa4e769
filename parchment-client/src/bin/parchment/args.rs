//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 not done, 2 wrong command line, 3 not signed in or without keys, 4 refused by the server, 5 no answer, \
6 the server lied, 7 wrong passphrase or unusable key file.

The token of the session, and the keys sealed under your passphrase, are in a folder of their own for each profile: \
PARCHMENT_HOME, or the usual place of this system for settings.";

/// Your account on a Parchment server, which keeps for you what only your devices can read.
#[derive(Debug, Parser)]
#[command(name = "parchment", version, after_help = EXIT_CODES)]
pub struct Arguments {
    /// Which account, if you have several.
    #[arg(long, global = true, env = "PARCHMENT_PROFILE", default_value = "default")]
    pub profile: String,
    /// Prints JSON, one object for each command; errors too.
    #[arg(long, global = true)]
    pub json: bool,
    /// Reads the passphrase of the key file from this file instead of asking for it.
    #[arg(long, global = true, env = "PARCHMENT_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Signs in with a code from your mail; asks for the code.
    Login {
        /// Where the server is, such as `https://home.example`.
        origin: String,
        /// Your mail address.
        email: String,
    },
    /// Ends this session. Keys stay on this device.
    Logout,
    /// Who you are to others, and the key to it.
    #[command(subcommand)]
    Identity(Identity),
    /// Where you are signed in.
    #[command(subcommand)]
    Sessions(Sessions),
    /// What you keep sealed.
    #[command(subcommand)]
    Blob(Blob),
    /// Whose keys your friends have.
    #[command(subcommand)]
    Friend(Friend),
    /// From one device to another.
    #[command(subcommand)]
    Transfer(Transfer),
    /// Says step by step what works.
    Doctor {
        /// Somebody to be reached, such as bob@there.example.
        handle: Option<String>,
    },
    /// Prints completions for a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
pub enum Identity {
    /// Shows handle, key and version, once they are known to be yours.
    Show,
    /// Makes an identity; prints the recovery key once.
    Create {
        /// Your name on the server: 3 to 30 letters, digits or underscores.
        #[arg(long)]
        alias: Option<String>,
    },
    /// Brings your keys to this device by the recovery key, which it asks for.
    Restore(SecretFrom),
    /// Changes the master key; prints the new recovery key, before and once.
    Rotate,
    /// Erases everything sealed and makes a new identity; asks whether you mean it.
    Reset,
    /// Tells those who knew the identity before a reset.
    Revoke,
}

/// Where a secret is read from, if not asked for.
#[derive(Debug, Args)]
pub struct SecretFrom {
    /// Reads it from this file; - is standard input.
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Sessions {
    /// Lists them.
    Ls,
    /// Ends one, by its id.
    End {
        /// Its id.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Blob {
    /// Lists the types of your blobs.
    Ls,
    /// Seals a blob and keeps it.
    Put {
        /// Its type: 1 to 64 letters, digits, dots, underscores, colons and hyphens.
        blob_type: String,
        /// What is in it; - or nothing is standard input.
        file: Option<PathBuf>,
    },
    /// Writes what is in a blob to standard output.
    Get {
        /// Its type.
        blob_type: String,
    },
    /// Deletes a blob.
    Rm {
        /// Its type.
        blob_type: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Friend {
    /// Lists your friends, and how well their keys are known.
    Ls,
    /// Shows the digits that you and a friend compare.
    SafetyNumber {
        /// Who.
        handle: String,
    },
    /// Takes a friend's key as known, if none is.
    Pin {
        /// Who.
        handle: String,
    },
    /// Asks for the digits that the friend sees, and takes the key as verified when they are the same.
    Verify {
        /// Who.
        handle: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum Transfer {
    /// On the new device: shows an invitation, waits, and asks for the code.
    Receive,
    /// On the old device: asks for the invitation, and shows the code.
    Send(SecretFrom),
}
