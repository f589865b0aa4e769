//! What these tests share.

pub use parchment_core::handle::Origin;
pub use parchment_server::store::entities::{passkey_challenges, passkeys, sessions};
pub use reqwest::Method;
pub use serde_json::{Value, json};

pub use crate::support::{
    app::{Answer, Person, TestApp},
    crowd::{at_once, post_at_once},
    device::{Device, encode, withhold},
    rows,
};

pub const ALICE: &str = "alice@mail.example";
pub const BOB: &str = "bob@mail.example";

pub const FAILED: (u16, &str) = (401, "passkey_verification_failed");

/// All that passkeys have to do with in the database.
pub async fn snapshot(app: &TestApp) -> String {
    format!(
        "{:?} {:?} {:?}",
        rows::all::<passkeys::Entity>(app).await,
        rows::all::<passkey_challenges::Entity>(app).await,
        rows::all::<sessions::Entity>(app).await
    )
}

/// A right answer of a device to a sign-in that begins now.
pub async fn answer_of(app: &TestApp, device: &Device) -> Value {
    let mut answer = device.get(&app.origin(), &app.begin().await).await.unwrap();
    withhold(&mut answer);
    answer
}

/// A right answer of a device to a registration that begins now.
pub async fn new_passkey(person: &Person<'_>, device: &Device) -> Value {
    let options = person.begin_passkey().await;
    let mut answer = device.create(&person.app.origin(), &options).await.unwrap();
    withhold(&mut answer);
    answer
}
