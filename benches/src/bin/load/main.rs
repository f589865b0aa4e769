//! A load generator: peers with pre-signed messages, and readers, against a server process over loopback.
//!
//! `load table` prints the table of the README, `load fairness` what a flood of one peer does to the others, `load growth` what a full
//! database costs. All verify afterwards that each accepted message took effect exactly once.

mod bare;
mod client;
mod fairness;
mod growth;
mod home;
mod peers;
mod process;
mod table;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Drives a server and prints what it did.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Messages and reads, medians of several runs: the table of the README.
    Table(Options),
    /// What the others notice when one of 200 peers sends a hundred times as much, and forgeries.
    Fairness(Options),
    /// What a message costs with 10 million nonces, a million users and ten thousand peers in the database.
    Growth {
        #[command(flatten)]
        options: Options,
        #[arg(long, default_value_t = 10_000_000)]
        nonces: u64,
        #[arg(long, default_value_t = 1_000_000)]
        users: u64,
        #[arg(long, default_value_t = 10_000)]
        peers: u64,
    },
    /// The bare writer of nonces that the inbox is measured against.
    #[command(hide = true)]
    Bare { address: String, database: PathBuf },
}

#[derive(Args)]
struct Options {
    /// The server program.
    #[arg(long, default_value = "target/release/parchment-server")]
    server: PathBuf,
    /// How many messages are sent in each run.
    #[arg(long, default_value_t = 20_000)]
    messages: usize,
    /// How many runs the medians are of.
    #[arg(long, default_value_t = 3)]
    runs: usize,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    match Cli::parse().command {
        Command::Table(options) => table::print(&options).await,
        Command::Fairness(options) => fairness::print(&options).await,
        Command::Growth {
            options,
            nonces,
            users,
            peers,
        } => growth::print(&options, nonces, users, peers).await,
        Command::Bare { address, database } => bare::serve(&address, &database).await,
    }
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// How busy the machine is: what else runs takes from what is measured (Linux).
fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}
