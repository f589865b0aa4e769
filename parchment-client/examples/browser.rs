//! The client in a browser: what a page calls from JavaScript.
//!
//! ```sh
//! cargo build -p parchment-client --example browser --target wasm32-unknown-unknown
//! wasm-bindgen --target web --out-dir pkg target/wasm32-unknown-unknown/debug/examples/browser.wasm
//! ```
//!
//! ```js
//! import init, { request_code, sign_in, Session } from "./pkg/browser.js";
//! await init();
//! await request_code("https://home.example", "alice@mail.example");
//! const session = await sign_in("https://home.example", "alice@mail.example", prompt("Code:"));
//! console.log(await session.blobs());
//! ```
//!
//! The page's origin is the server's own, or the one that it has as its client origin: others may not read its answers.
#![cfg(target_arch = "wasm32")]

use parchment_client::{Client, ClientError};
use parchment_core::api::blobs::BlobRequest;
use wasm_bindgen::prelude::*;

/// Has a code mailed.
#[wasm_bindgen]
pub async fn request_code(origin: String, email: String) -> Result<(), JsValue> {
    let client = Client::new(&origin).map_err(explain)?;
    client.sign_in().request_code(&email).await.map_err(explain)
}

/// Opens a session with the code.
#[wasm_bindgen]
pub async fn sign_in(origin: String, email: String, code: String) -> Result<Session, JsValue> {
    let client = Client::new(&origin).map_err(explain)?;
    let session = client.sign_in().with_code(&email, &code).await.map_err(explain)?;
    Ok(Session {
        client: client.with_token(&session.token),
    })
}

/// Somebody who is signed in. The token stays in here.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Session {
    client: Client,
}

#[wasm_bindgen]
impl Session {
    /// The mail address of whoever is signed in, if anybody still is.
    pub async fn who(&self) -> Result<Option<String>, JsValue> {
        let current = self.client.sessions().current().await.map_err(explain)?;
        Ok(current.map(|current| current.user.email))
    }

    /// Keeps what the page sealed.
    pub async fn keep(&self, blob_type: String, envelope: String) -> Result<(), JsValue> {
        let blob = BlobRequest {
            encrypted_blob: envelope,
            nonce: None,
            km_version: None,
        };
        self.client.blobs().put(&blob_type, &blob).await.map_err(explain)
    }

    /// Gives it back, still sealed.
    pub async fn kept(&self, blob_type: String) -> Result<Option<String>, JsValue> {
        let blob = self.client.blobs().get(&blob_type).await.map_err(explain)?;
        Ok(blob.map(|blob| blob.encrypted_blob))
    }

    /// The types of all that is kept.
    pub async fn blobs(&self) -> Result<Vec<String>, JsValue> {
        let blobs = self.client.blobs().list().await.map_err(explain)?;
        Ok(blobs.into_iter().map(|blob| blob.blob_type).collect())
    }

    /// Ends the session.
    pub async fn sign_out(self) -> Result<(), JsValue> {
        self.client.sessions().sign_out().await.map_err(explain)
    }
}

/// The stable word of a refusal for the page to go by, or else a sentence for the person before it.
fn explain(error: ClientError) -> JsValue {
    match error.code() {
        Some(code) => code.into(),
        None => error.to_string().into(),
    }
}
