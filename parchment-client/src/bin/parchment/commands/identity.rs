//! Who one is, and the key to it.

use parchment_client::account::{Account, Rotation, RotationEvent};
use parchment_core::api::identity::ResetConfirmation;
use serde_json::json;

use super::Done;
use crate::{args::Identity, failure::Failure, home::Home, terminal::Terminal};

pub async fn run(home: &Home<'_>, terminal: &Terminal, command: Identity) -> Done {
    match command {
        Identity::Show => show(&home.account().await?, terminal).await,
        Identity::Create { alias } => {
            let client = home.client()?;
            let created = Account::create(&client, home.store()?, alias.as_deref()).await?;
            give_key(terminal, &created.account, &created.recovery_key).await
        }
        Identity::Restore(from) => {
            let client = home.client()?;
            let typed = terminal.secret_from(from.from.as_deref(), "Recovery key")?;
            let account = Account::unlock_with_recovery_key(&client, home.store()?, &typed).await?;
            show(&account, terminal).await
        }
        Identity::Rotate => rotate(home, terminal).await,
        Identity::Reset => {
            let client = home.client()?;
            terminal
                .note("This erases everything that you keep sealed, and ends your friendships. It cannot be undone.");
            if terminal.ask("Type erase-all-my-data to go on")? != "erase-all-my-data" {
                return Err(Failure::Other("Nothing was done.".to_owned()));
            }
            let reset = Account::reset(&client, home.store()?, ResetConfirmation::EraseAllMyData).await?;
            terminal.note("Then tell those who knew you: `parchment identity revoke`.");
            give_key(terminal, &reset.account, &reset.recovery_key).await
        }
        Identity::Revoke => {
            let account = home.account().await?;
            let busy = terminal.busy("telling");
            let flushed = account.flush_revocations(|_| false).await;
            busy.finish_and_clear();
            let flushed = flushed?;
            let left: Vec<_> = flushed
                .left
                .iter()
                .map(|left| json!({ "handle": left.handle, "reason": left.reason }))
                .collect();
            let mut text: String = flushed.told.iter().map(|handle| format!("{handle} knows.\n")).collect();
            text.extend(
                flushed
                    .left
                    .iter()
                    .map(|left| format!("{} could not be told: {}\n", left.handle, left.reason)),
            );
            if text.is_empty() {
                text.push_str("There is nobody to be told.");
            }
            terminal.say(&text, &json!({ "told": flushed.told, "left": left }))
        }
    }
}

async fn show(account: &Account, terminal: &Terminal) -> Done {
    let (handle, key) = (account.handle().await, account.signing_key().await.to_base64());
    let version = account.km_version().await;
    let name = handle.as_deref().unwrap_or("(no alias yet)");
    let text = format!("{name}\nkey      {key}\nversion  {version}");
    terminal.say(
        &text,
        &json!({ "handle": handle, "signingKey": key, "kmVersion": version }),
    )
}

async fn give_key(terminal: &Terminal, account: &Account, recovery_key: &str) -> Done {
    let handle = account.handle().await;
    let text = format!(
        "You are {}.\n\nYour recovery key, for a paper in a safe place; it is not shown again:\n\n    {recovery_key}\n",
        handle.as_deref().unwrap_or("known by your key, and without an alias")
    );
    terminal.say(&text, &json!({ "handle": handle, "recoveryKey": recovery_key }))
}

async fn rotate(home: &Home<'_>, terminal: &Terminal) -> Done {
    let account = home.account().await?;
    let next = account.prepare_rotation().await?;
    terminal.note(&format!(
        "Your next recovery key, which holds once this has ended:\n\n    {}\n",
        *next
    ));
    let bar = terminal.busy("rotating");
    let rotated = account
        .rotate(&Rotation::new(), |event| {
            bar.set_message(match event {
                RotationEvent::Kept => "the new key is safe on this device".to_owned(),
                RotationEvent::Gathered { records } => format!("{records} records read"),
                RotationEvent::Committing { attempt } => format!("everything is sealed anew; commit {attempt}"),
                RotationEvent::Again => "something was written in between; once more".to_owned(),
                _ => "the new key holds".to_owned(),
            });
        })
        .await;
    bar.finish_and_clear();
    let rotated = rotated?;
    let mut text = format!(
        "The master key is of version {} now. Other devices have to be unlocked anew; throw the old recovery key away.\n",
        rotated.km_version
    );
    for passkey in &rotated.lost_slots {
        text.push_str(&format!("The passkey {passkey} recovers nothing any more.\n"));
    }
    let value = json!({
        "kmVersion": rotated.km_version,
        "recoveryKey": *rotated.recovery_key,
        "lostSlots": rotated.lost_slots,
    });
    terminal.say(&text, &value)
}
