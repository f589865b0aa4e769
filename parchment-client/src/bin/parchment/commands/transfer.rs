//! From device to device.

use std::time::Duration;

use parchment_client::account::{NewDevice, Polled, Tried};
use serde_json::json;

use super::Done;
use crate::{args::Transfer, home::Home, terminal::Terminal};

pub async fn run(home: &Home<'_>, terminal: &Terminal, command: Transfer) -> Done {
    match command {
        Transfer::Send(from) => {
            let account = home.account().await?;
            let invitation = terminal.secret_from(from.from.as_deref(), "Invitation that the new device shows")?;
            let code = account.answer_transfer(invitation.trim()).await?.to_string();
            terminal.say(
                &format!("Type this into the new device: {code}"),
                &json!({ "code": code }),
            )
        }
        Transfer::Receive => {
            let client = home.client()?;
            let mut new = NewDevice::begin(&client, home.store()?).await?;
            let invitation = new.invitation();
            terminal.note("Give this to `parchment transfer send` on the old device, within a minute:");
            terminal.say(&invitation, &json!({ "invitation": invitation }))?;
            let busy = terminal.busy("waiting for the old device");
            let mut typing = loop {
                match new.poll().await? {
                    Polled::Answered(typing) => break *typing,
                    Polled::Waiting(waiting) => new = *waiting,
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            };
            busy.finish_and_clear();
            loop {
                let tries = typing.tries_left();
                let code = terminal.ask(&format!("Code that the old device shows ({tries} tries)"))?;
                match typing.try_code(&code).await? {
                    Tried::Wrong(again) => typing = *again,
                    Tried::Opened(account) => {
                        let handle = account.handle().await;
                        let name = handle.as_deref().unwrap_or("you");
                        return terminal.say(
                            &format!("This device has the keys of {name}."),
                            &json!({ "handle": handle }),
                        );
                    }
                }
            }
        }
    }
}
