//! Signs in with the code from a mail, and lists the sessions there are.
//!
//! ```sh
//! cargo run -p parchment-client --example sign_in -- http://localhost:5000 you@mail.example
//! ```

use std::{error::Error, io, io::Write as _};

use parchment_client::{Client, ClientError};

/// `ask` gets the code from whoever reads the mail.
pub async fn run(
    origin: &str,
    email: &str,
    ask: impl AsyncFn() -> io::Result<String>,
) -> Result<Client, Box<dyn Error>> {
    let client = Client::builder(origin).user_agent("sign_in example").build()?;

    match client.sign_in().request_code(email).await {
        Ok(()) => println!("A code is on its way to {email}."),
        // One that was asked for a moment ago will do.
        Err(ClientError::Refused(refused)) if refused.status == 429 => println!("{}", refused.message),
        Err(error) => return Err(error.into()),
    }
    let session = client.sign_in().with_code(email, ask().await?.trim()).await?;

    // From here on, every request is hers. The token is as good as a password: keep it as one.
    let client = client.with_token(&session.token);
    for session in client.sessions().list().await? {
        let program = session.user_agent.as_deref().unwrap_or("a program without a name");
        let this = if session.current { " (this one)" } else { "" };
        println!("signed in since {} with {program}{this}", session.created_at.0);
    }
    Ok(client)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [origin, email] = arguments.as_slice() else {
        return Err("usage: sign_in <origin> <mail address>".into());
    };
    let client = run(origin, email, async || {
        print!("Code: ");
        io::stdout().flush()?;
        Ok(io::stdin().lines().next().transpose()?.unwrap_or_default())
    })
    .await?;
    client.sessions().sign_out().await?;
    Ok(())
}
