//! Friends' keys.

use parchment_client::account::Trust;
use serde_json::json;

use super::{Done, session::printable};
use crate::{args::Friend, failure::Failure, home::Home, terminal::Terminal};

pub async fn run(home: &Home<'_>, terminal: &Terminal, command: Friend) -> Done {
    let account = home.account().await?;
    match command {
        Friend::Ls => {
            let (mut text, mut list, mut lie) = (String::new(), Vec::new(), None);
            for friend in account.friends().await? {
                let trust = match &friend.trust {
                    Ok(Trust::New) => "new",
                    Ok(Trust::Pinned) => "pinned",
                    Ok(Trust::Verified) => "verified",
                    _ => "CHANGED",
                };
                let name = friend.name.as_deref().unwrap_or_default();
                text.push_str(&format!("{}  {trust}  {}\n", friend.handle, printable(name)));
                list.push(json!({ "handle": friend.handle, "name": friend.name, "trust": trust.to_lowercase() }));
                lie = lie.or(friend.trust.err());
            }
            terminal.say(&text, &json!({ "friends": list }))?;
            match lie {
                Some(lie) => Err(parchment_client::account::AccountError::from(lie).into()),
                None => Ok(()),
            }
        }
        Friend::SafetyNumber { handle } => {
            let number = account.safety_number(&handle).await?.to_string();
            terminal.say(&number, &json!({ "handle": handle, "safetyNumber": number }))
        }
        Friend::Pin { handle } => {
            account.pin_friend(&handle).await?;
            terminal.say("Another key will be noticed.", &json!({ "pinned": handle }))
        }
        Friend::Verify { handle } => {
            let digits = terminal.ask(&format!("The digits that {handle} sees"))?;
            if !account.verify_friend(&handle, &digits).await? {
                let sentence = "These are not the digits of your keys. If your friend read them right, somebody stands between you.";
                return Err(Failure::Other(sentence.to_owned()));
            }
            terminal.say(
                "They are the same: nobody stands between you.",
                &json!({ "verified": handle }),
            )
        }
    }
}
