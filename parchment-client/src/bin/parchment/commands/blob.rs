//! What is kept sealed.

use parchment_core::encoding;
use serde_json::json;

use super::Done;
use crate::{
    args::Blob,
    failure::Failure,
    home::Home,
    terminal::{Terminal, read},
};

pub async fn run(home: &Home<'_>, terminal: &Terminal, command: Blob) -> Done {
    match command {
        Blob::Ls => {
            let types = home.account().await?.blobs().await?;
            terminal.say(&types.join("\n"), &json!({ "blobs": types }))
        }
        Blob::Put { blob_type, file } => {
            let account = home.account().await?;
            // After the passphrase, which may come from there as well.
            let content = read(file.as_deref())?;
            account.put_blob(&blob_type, &content).await?;
            let text = format!("{blob_type}: {} bytes are sealed and kept.", content.len());
            terminal.say(&text, &json!({ "blob": blob_type, "bytes": content.len() }))
        }
        Blob::Get { blob_type } => {
            let opened = home.account().await?.blob(&blob_type).await?;
            let opened = opened.ok_or_else(|| Failure::Other(format!("You have no blob of the type {blob_type}.")))?;
            if terminal.json {
                let content = opened.as_str().map_or_else(
                    |_| json!({ "blob": blob_type, "base64": encoding::encode(opened.as_bytes()) }),
                    |text| json!({ "blob": blob_type, "text": text }),
                );
                return terminal.say("", &content);
            }
            terminal.write(opened.as_bytes())
        }
        Blob::Rm { blob_type } => {
            home.account().await?.delete_blob(&blob_type).await?;
            terminal.say("It is gone.", &json!({ "deleted": blob_type }))
        }
    }
}
