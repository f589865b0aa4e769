//! Signing in and out.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::Done;
use crate::{
    args::Sessions,
    home::{Home, Session, client},
    terminal::Terminal,
};

pub async fn login(home: &Home<'_>, terminal: &Terminal, origin: &str, email: &str) -> Done {
    let client = client(origin)?;
    match client.sign_in().request_code(email).await {
        Ok(()) => terminal.note(&format!("A code is on its way to {email}.")),
        // One that was asked for a moment ago will do.
        Err(error) if error.status() == Some(429) => terminal.note(&error.to_string()),
        Err(error) => return Err(error.into()),
    }
    let code = terminal.ask_secret("Code")?;
    let signed_in = client.sign_in().with_code(email, code.trim()).await?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    let sessions = client.with_token(&signed_in.token).sessions().list().await?;
    let created = sessions
        .iter()
        .find(|session| session.current)
        .map(|session| session.created_at.0.0);
    let clock_ahead_ms = created.map_or(0, |created| {
        created.saturating_sub(i64::try_from(now).unwrap_or(created))
    });
    home.save_session(&Session {
        origin: client.origin(),
        token: signed_in.token,
        clock_ahead_ms,
    })?;
    let next = match home.has_keys() {
        true => "",
        false => "Next: `parchment identity create`, or `parchment identity restore` if you have a recovery key.",
    };
    let text = format!("Signed in to {} as {email}.\n{next}", client.origin());
    terminal.say(
        &text,
        &json!({ "origin": client.origin(), "email": email, "hasKeys": home.has_keys() }),
    )
}

pub async fn logout(home: &Home<'_>) -> Done {
    home.client()?.sessions().sign_out().await?;
    home.forget_session()
}

pub async fn run(home: &Home<'_>, terminal: &Terminal, command: Sessions) -> Done {
    let client = home.client()?;
    match command {
        Sessions::Ls => {
            let sessions = client.sessions().list().await?;
            let line = |session: &parchment_core::api::auth::Session| {
                let program = session.user_agent.as_deref().unwrap_or("a program without a name");
                let this = if session.current { " (this one)" } else { "" };
                format!(
                    "{}  since {}  {}{this}\n",
                    session.id,
                    session.created_at.0,
                    printable(program)
                )
            };
            let text: String = sessions.iter().map(line).collect();
            terminal.say(&text, &json!({ "sessions": sessions }))
        }
        Sessions::End { id } => {
            client.sessions().end(&id).await?;
            terminal.say("It has ended.", &json!({ "ended": id }))
        }
    }
}

/// What others wrote, without what would move the cursor.
pub fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
