//! `parchment-server peer`: the servers that were met, why messages were refused, and forgetting a key.

use clap::{Args, Subcommand};
use parchment_core::handle::ServerId;
use serde::Serialize;

use super::{Failure, database};
use crate::{
    config::Settings,
    federation::{
        pins,
        report::{self, Peer, Refused},
    },
    store::{Inspection, Store},
};

#[derive(Args)]
pub(super) struct PeerArgs {
    #[command(subcommand)]
    command: PeerCommand,
}

#[derive(Subcommand)]
enum PeerCommand {
    /// List the servers that were met, and the key each is known by.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say why messages from or to a server were refused, and what to do about it.
    Why {
        /// The server, as it stands in handles after the @.
        host: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Forget the key of a server: the next it shows is taken for its own. Ask its operator for its fingerprint first.
    Forget {
        /// The server, as it stands in handles after the @.
        host: String,
        /// Really do it.
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(settings: Settings, args: PeerArgs) -> Result<(), Failure> {
    let database = database::look_at(&settings).await?;
    let done = match args.command {
        PeerCommand::List { json } => list(&database, json).await,
        PeerCommand::Why { host, json } => why(&database, &server(&host)?, json).await,
        PeerCommand::Forget { host, yes } => forget(&settings, &database, &server(&host)?, yes).await,
    };
    database.close().await;
    done
}

fn server(host: &str) -> Result<ServerId, Failure> {
    ServerId::parse(host).map_err(|error| {
        Failure(format!(
            "`{}` is not the name of a server: {error}. It is what stands after the @ in handles, like home.example",
            host.escape_debug()
        ))
    })
}

async fn list(database: &Inspection, json: bool) -> Result<(), Failure> {
    let peers = report::list(database.reader()).await.map_err(Failure::of)?;
    if json {
        return print_json(&peers);
    }
    if peers.is_empty() {
        println!("No other server was met yet.");
    }
    for peer in &peers {
        print_peer(peer);
        println!();
    }
    Ok(())
}

fn print_peer(peer: &Peer) {
    println!("{}", peer.server);
    println!("  key          {}", peer.key.fingerprint);
    println!("  pinned       {}", peer.pinned_at);
    if let Some(mismatch) = &peer.mismatch {
        println!("  MISMATCH     {} since {}", mismatch.key.fingerprint, mismatch.seen_at);
        println!(
            "               it shows this key now and is refused for it; see `peer why {}`",
            peer.server
        );
    }
    println!(
        "  refused      {} by us, {} by it; {} in its name from nobody knows whom",
        peer.refused_by_us, peer.refused_by_them, peer.refused_unverified
    );
}

async fn why(database: &Inspection, server: &ServerId, json: bool) -> Result<(), Failure> {
    let why = report::why(database.reader(), server).await.map_err(Failure::of)?;
    if json {
        return print_json(&why);
    }
    match &why.peer {
        Some(peer) => print_peer(peer),
        None => println!(
            "{server} is not pinned: it was never met, or it was forgotten. What comes from servers that are not pinned is \
             not kept here; the server's log has it."
        ),
    }
    if why.refusals.is_empty() {
        println!("\nNothing was refused in the last 30 days.");
    }
    for (way, title) in [
        ("received", "Signed by it, refused by us"),
        ("sent", "Sent by us, refused by it or not delivered"),
        (
            "unverified",
            "In its name, refused by us before it was known who sent it: it may have been anybody",
        ),
    ] {
        let mut some = why.refusals.iter().filter(|refused| refused.way == way).peekable();
        if some.peek().is_some() {
            println!("\n{title}:");
        }
        some.for_each(print_refused);
    }
    Ok(())
}

fn print_refused(refused: &Refused) {
    let since = match refused.times {
        1 => String::new(),
        times => format!(", {times} times since {}", refused.first_at),
    };
    println!("  {} {}{since}", refused.last_at, refused.code);
    println!("    {}", refused.detail);
    println!("    {}", refused.advice);
}

async fn forget(settings: &Settings, database: &Inspection, server: &ServerId, yes: bool) -> Result<(), Failure> {
    let why = report::why(database.reader(), server).await.map_err(Failure::of)?;
    let Some(peer) = why.peer else {
        return Err(Failure(format!(
            "{server} is not pinned, so there is nothing to forget"
        )));
    };
    println!(
        "{server} is known by {}, pinned {}.",
        peer.key.fingerprint, peer.pinned_at
    );
    match &peer.mismatch {
        Some(mismatch) => println!(
            "It was seen with {} at {}. Its operator must have told you this very fingerprint, by phone or in person: \
             whoever has taken over its name shows you one as well.",
            mismatch.key.fingerprint, mismatch.seen_at
        ),
        None => println!("It was not seen with another key, so forgetting it is of no use unless it is gone."),
    }
    if !yes {
        return Err(Failure(format!(
            "nothing was forgotten. To do it: parchment-server peer forget {server} --yes"
        )));
    }
    let store = Store::open(&settings.database_url()).await.map_err(Failure::of)?;
    let forgotten = pins::forget(&store, server).await;
    store.close().await;
    if !forgotten.map_err(Failure::of)? {
        return Err(Failure(format!("{server} was forgotten by somebody else meanwhile")));
    }
    println!(
        "Forgotten. A server that runs follows within 10 seconds; the next key that {server} proves to have is pinned. \
         Compare it with `peer list` then."
    );
    Ok(())
}

fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    println!("{}", serde_json::to_string_pretty(value).map_err(Failure::of)?);
    Ok(())
}
