//! `parchment`: one's account on a Parchment server, from the command line.
//!
//! | Exit code | Meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | not done, for a reason that is none of the following |
//! | 2 | the command line is wrong |
//! | 3 | not signed in, or this device does not have the keys |
//! | 4 | the server refused |
//! | 5 | the server gave no answer |
//! | 6 | the server lied |
//! | 7 | the passphrase is wrong, or the key file cannot be used |
//!
//! Secrets come from a prompt, from standard input or from a file, never from the command line, which other users of the
//! machine can read.
#![cfg_attr(target_arch = "wasm32", allow(unused))]

#[cfg(not(target_arch = "wasm32"))]
mod args;
#[cfg(not(target_arch = "wasm32"))]
mod commands;
#[cfg(not(target_arch = "wasm32"))]
mod failure;
#[cfg(not(target_arch = "wasm32"))]
mod home;
#[cfg(not(target_arch = "wasm32"))]
mod terminal;

#[cfg(not(target_arch = "wasm32"))]
#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    use clap::Parser as _;
    let arguments = args::Arguments::parse();
    let terminal = terminal::Terminal { json: arguments.json };
    match commands::run(arguments, &terminal).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => {
            terminal.fail(&failure);
            failure.exit_code().into()
        }
    }
}

/// Browsers have no command line.
#[cfg(target_arch = "wasm32")]
fn main() {}
