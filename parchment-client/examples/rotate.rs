//! Puts everything that an account keeps under a new master key, and shows how far it is.
//!
//! ```sh
//! cargo run -p parchment-client --example rotate -- http://localhost:5000 ./alice.keys
//! ```
//!
//! Asks for a session token (the example `sign_in` shows how to get one) and for the passphrase of the key file. When
//! there is no such file, an identity is made first, and a blob to take along.

use std::{error::Error, io, io::Write as _, sync::Arc};

use parchment_client::{
    Client,
    account::{Account, AccountError, Rotated, Rotation, RotationEvent},
    keystore::{FileKey, KeyStore, SealedFile},
};

/// Opens the account whose keys are in the store, or makes one, and rotates its master key.
pub async fn run(client: &Client, store: Arc<dyn KeyStore>) -> Result<Rotated, Box<dyn Error>> {
    let account = match Account::open(client, store.clone()).await {
        Err(AccountError::NotUnlocked) => {
            let created = Account::create(client, store, None).await?;
            created.account.put_blob("notes", b"what must not be lost").await?;
            created.account
        }
        // A lie among them: nothing is rotated then.
        opened => opened?,
    };

    // Written down before anything depends on it. From here on, whatever is cut off can be done again: the device has
    // both keys until it knows which one holds.
    println!("Your next recovery key: {}", *account.prepare_rotation().await?);

    let rotated = account
        .rotate(&Rotation::new(), |event| match event {
            RotationEvent::Kept => println!("the new key is safe on this device"),
            RotationEvent::Gathered { records } => println!("{records} records so far"),
            RotationEvent::Committing { attempt } => println!("everything is sealed anew; commit {attempt}"),
            RotationEvent::Again => println!("another device wrote in between; once more"),
            _ => println!("the new key holds"),
        })
        .await?;

    for credential in &rotated.lost_slots {
        println!("The passkey {credential} recovers nothing any more; make its slot anew.");
    }
    Ok(rotated)
}

fn ask(what: &str) -> io::Result<String> {
    print!("{what}: ");
    io::stdout().flush()?;
    Ok(io::stdin().lines().next().transpose()?.unwrap_or_default())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [origin, file] = arguments.as_slice() else {
        return Err("usage: rotate <origin> <key file>".into());
    };
    let client = Client::new(origin)?.with_token(&ask("Token")?);
    let store = SealedFile::open(file, &FileKey::passphrase(&ask("Passphrase")?))?;
    let rotated = run(&client, Arc::new(store)).await?;
    println!("The master key is of version {} now.", rotated.km_version);
    Ok(())
}
