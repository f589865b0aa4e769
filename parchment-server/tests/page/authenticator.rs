//! Virtual authenticators of the browser (WebAuthn level 3, section 11), driven through its debugging protocol.

use serde_json::{Value, json};

use crate::support::browser::Browser;

/// Lets the page of this browser use virtual authenticators, and notes what they give before the page sees it.
pub async fn enable(browser: &Browser) {
    browser.debug("WebAuthn.enable", json!({ "enableUI": false })).await;
    let note = "window.ceremonies = []; window.sent = []; \
        for (const kind of ['create', 'get']) { \
            const original = navigator.credentials[kind].bind(navigator.credentials); \
            navigator.credentials[kind] = async (options) => { \
                const credential = await original(options); \
                const first = credential.getClientExtensionResults().prf?.results?.first; \
                window.ceremonies.push({ kind, prf: first && Array.from(new Uint8Array(first)).join() }); \
                return credential; \
            }; \
        } \
        const original = window.fetch; \
        window.fetch = (path, options) => { \
            if (options?.body) window.sent.push({ path, body: JSON.parse(options.body) }); \
            return original(path, options); \
        };";
    browser
        .debug("Page.addScriptToEvaluateOnNewDocument", json!({ "source": note }))
        .await;
}

/// Plugs in an authenticator that verifies its user; gives its id.
pub async fn plug_in(browser: &Browser, transport: &str) -> String {
    let options = json!({ "options": {
        "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": transport, "hasResidentKey": true,
        "hasUserVerification": true, "hasPrf": true, "automaticPresenceSimulation": true, "isUserVerified": true,
    } });
    let added = browser.debug("WebAuthn.addVirtualAuthenticator", options).await;
    added["authenticatorId"].as_str().unwrap().to_owned()
}

/// Takes an authenticator away.
pub async fn unplug(browser: &Browser, id: &str) {
    browser
        .debug("WebAuthn.removeVirtualAuthenticator", json!({ "authenticatorId": id }))
        .await;
}

/// The passkeys on an authenticator, with their private keys.
pub async fn credentials(browser: &Browser, id: &str) -> Vec<Value> {
    let found = browser
        .debug("WebAuthn.getCredentials", json!({ "authenticatorId": id }))
        .await;
    found["credentials"].as_array().unwrap().clone()
}

/// Puts a copy of a passkey on an authenticator.
pub async fn copy(browser: &Browser, id: &str, credential: &Value) {
    let copied = json!({ "authenticatorId": id, "credential": credential });
    browser.debug("WebAuthn.addCredential", copied).await;
}
