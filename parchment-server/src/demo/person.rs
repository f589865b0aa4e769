//! Somebody with a client: keys of her own, and requests to her home server.

use std::{fs, path::Path, time::Duration};

use parchment_core::{
    canonical::Object,
    encoding,
    envelope::{Kind, UserMessage},
    handle::{Handle, ServerId},
    keys::SigningKey,
    time::{Clock as _, Timestamp},
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{story::Story, world::World};
use crate::{app::SystemClock, random};

pub(super) struct Person {
    pub(super) name: String,
    pub(super) handle: Handle,
    home: ServerId,
    token: String,
    key: SigningKey,
    http: reqwest::Client,
}

/// Signs somebody in by the code from her mail, gives her an alias and registers her keys.
pub(super) async fn sign_in(story: &mut Story, world: &World, name: &str, home: &ServerId) -> Result<Person, String> {
    let email = format!("{name}@mail.example");
    let nobody = Person {
        name: name.to_owned(),
        handle: Handle::parse(&format!("{name}@{home}")).map_err(|error| error.to_string())?,
        home: home.clone(),
        token: String::new(),
        key: SigningKey::from_seed(&random::bytes()),
        http: world.http.clone(),
    };
    nobody
        .call(Method::POST, "/auth/verify", Some(json!({ "email": email })))
        .await?;
    let code = code_from_mail(&world.mail_of(home)).await?;
    let session = json!({ "method": "otp", "email": email, "token": code });
    let session = nobody.call(Method::POST, "/auth/sessions", Some(session)).await?;
    let person = Person {
        token: text(&session, "token")?,
        ..nobody
    };
    let alias = person
        .call(Method::PATCH, "/users/me/alias", Some(json!({ "alias": name })))
        .await?;
    story.check(
        text(&alias, "handle")? == person.handle.as_str(),
        &format!(
            "{name} signs in with the code from her mail and becomes {}",
            person.handle
        )
        .replace("her mail", if name == "bob" { "his mail" } else { "her mail" }),
    )?;
    person.register_keys().await?;
    Ok(person)
}

/// The code in the newest mail of a folder.
async fn code_from_mail(folder: &Path) -> Result<String, String> {
    for _ in 0..100 {
        let mails = fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect::<Vec<_>>());
        let newest = mails
            .unwrap_or_default()
            .into_iter()
            .filter(|path| path.extension().is_some_and(|e| e == "eml"))
            .max();
        let mail = newest.and_then(|path| fs::read_to_string(path).ok());
        let is_code = |word: &&str| word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit());
        if let Some(code) = mail.as_deref().and_then(|mail| mail.split_whitespace().find(is_code)) {
            return Ok(code.to_owned());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err("no mail with a code came".to_owned())
}

impl Person {
    /// Makes a request to the home server and expects it to be granted.
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, String> {
        let what = format!("{method} {path}");
        let mut request = self.http.request(method, format!("http://{}{path}", self.home));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request.send().await.map_err(|error| format!("{what}: {error}"))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| format!("{what}: {error}"))?;
        if !status.is_success() {
            return Err(format!("{what} was answered {status}: {text}"));
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn register_keys(&self) -> Result<(), String> {
        let mut encryption = random::bytes::<32>();
        // Any reduced coordinate would do: nothing is encrypted here.
        encryption[31] &= 0x3f;
        let keys = json!({
            "signingKey": self.key.verifying_key().to_base64(),
            "encryptionKey": encoding::encode(&encryption),
        });
        self.call(Method::PUT, "/users/me/keys", Some(keys)).await.map(drop)
    }

    /// Signs a message with the person's own key; the server never sees that key.
    fn sign(&self, kind: Kind, to: &Handle) -> Result<(String, String, String), String> {
        let (nonce, timestamp) = (random::nonce(), Timestamp::from_instant(SystemClock.now()));
        let message = UserMessage::new(
            kind,
            self.handle.clone(),
            to.clone(),
            nonce,
            timestamp.clone(),
            Object::new(),
        )
        .map_err(|refusal| refusal.to_string())?;
        let signed = message.sign(&self.key);
        Ok((signed.signature().to_base64(), nonce.to_base64(), timestamp.to_string()))
    }

    pub(super) async fn invite(&self, to: &Handle) -> Result<String, String> {
        let (signature, nonce, timestamp) = self.sign(Kind::FriendInvite, to)?;
        let body = json!({ "handle": to.as_str(), "signature": signature, "nonce": nonce, "timestamp": timestamp });
        let answer = self.call(Method::POST, "/friends/invite", Some(body)).await?;
        text(answer.get("invitation").unwrap_or(&Value::Null), "status")
    }

    /// Ids and senders of the invitations received.
    pub(super) async fn incoming(&self) -> Result<Vec<(String, String)>, String> {
        let answer = self
            .call(Method::GET, "/friends/invitations?direction=incoming", None)
            .await?;
        each(&answer, "invitations", |entry| {
            Ok((text(entry, "id")?, text(entry, "fromHandle")?))
        })
    }

    pub(super) async fn accept(&self, id: &str, from: &Handle) -> Result<(), String> {
        let (signature, nonce, timestamp) = self.sign(Kind::FriendAccept, from)?;
        let body = json!({ "signature": signature, "nonce": nonce, "timestamp": timestamp });
        self.call(Method::POST, &format!("/friends/invitations/{id}/accept"), Some(body))
            .await
            .map(drop)
    }

    /// Handles and statuses of the friends.
    pub(super) async fn friends(&self) -> Result<Vec<(String, String)>, String> {
        let answer = self.call(Method::GET, "/friends", None).await?;
        each(&answer, "friends", |entry| {
            Ok((text(entry, "friendHandle")?, text(entry, "status")?))
        })
    }

    pub(super) async fn reset(&self) -> Result<(), String> {
        let body = json!({ "confirm": "erase-all-my-data" });
        self.call(Method::POST, "/users/me/identity/reset", Some(body))
            .await
            .map(drop)
    }

    /// The same person after registering new keys.
    pub(super) async fn with_new_keys(&self) -> Result<Self, String> {
        let renewed = Self {
            name: self.name.clone(),
            handle: self.handle.clone(),
            home: self.home.clone(),
            token: self.token.clone(),
            key: SigningKey::from_seed(&random::bytes()),
            http: self.http.clone(),
        };
        renewed.register_keys().await?;
        Ok(renewed)
    }

    pub(super) async fn pending_revocations(&self) -> Result<Vec<String>, String> {
        let answer = self.call(Method::GET, "/users/me/revocations/pending", None).await?;
        each(&answer, "revocations", |entry| text(entry, "peerHandle"))
    }

    /// Signs and sends a revocation; says whether it was delivered.
    pub(super) async fn flush(&self, to: &Handle) -> Result<bool, String> {
        let (signature, nonce, timestamp) = self.sign(Kind::RelationshipRevoke, to)?;
        let item = json!({ "peerHandle": to.as_str(), "signature": signature, "nonce": nonce, "timestamp": timestamp });
        let answer = self
            .call(
                Method::POST,
                "/users/me/revocations/flush",
                Some(json!({ "items": [item] })),
            )
            .await?;
        let delivered = each(&answer, "results", |entry| {
            Ok(entry.get("delivered") == Some(&Value::Bool(true)))
        })?;
        Ok(delivered == [true])
    }
}

fn text(value: &Value, member: &str) -> Result<String, String> {
    value
        .get(member)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| format!("the answer has no {member}"))
}

fn each<T>(value: &Value, member: &str, read: impl Fn(&Value) -> Result<T, String>) -> Result<Vec<T>, String> {
    let list = value
        .get(member)
        .and_then(Value::as_array)
        .ok_or_else(|| format!("the answer has no {member}"))?;
    list.iter().map(read).collect()
}
