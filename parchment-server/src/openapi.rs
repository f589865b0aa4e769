//! The document: what `parchment-server openapi` prints, `openapi/parchment.json` holds and `/openapi.json` answers.

mod complete;
pub mod page;

use poem_openapi::OpenApiService;

use crate::{
    accounts::api::AccountsApi,
    administration::api::{roles::RolesApi, users::UsersApi},
    auth::{api::AuthApi, passkeys::api::PasskeysApi},
    federation::api::FederationApi,
    health::api::HealthApi,
    identity::api::IdentityApi,
    social::api::SocialApi,
    vault::api::{
        blobs::BlobsApi, collections::CollectionsApi, devices::DevicesApi, rotation::RotationApi, slots::SlotsApi,
        transfer::TransferApi,
    },
};

/// All operations.
pub type Api = (
    AuthApi,
    PasskeysApi,
    AccountsApi,
    UsersApi,
    RolesApi,
    IdentityApi,
    SocialApi,
    BlobsApi,
    CollectionsApi,
    RotationApi,
    SlotsApi,
    DevicesApi,
    TransferApi,
    FederationApi,
    HealthApi,
);

/// The service that answers them.
pub fn service() -> OpenApiService<Api, ()> {
    let api = (
        AuthApi,
        PasskeysApi,
        AccountsApi,
        UsersApi,
        RolesApi,
        IdentityApi,
        SocialApi,
        BlobsApi,
        CollectionsApi,
        RotationApi,
        SlotsApi,
        DevicesApi,
        TransferApi,
        FederationApi,
        HealthApi,
    );
    OpenApiService::new(api, "Parchment", env!("CARGO_PKG_VERSION")).description(
        "The home of people who keep their own identity. Error bodies are `{message, code}`: the code is part of the \
         contract, the message is for people. Times are RFC 3339 in UTC with milliseconds; keys, signatures and nonces \
         are standard base64 with padding.",
    )
}

/// The document as JSON, members sorted, with a final line break.
pub fn document() -> String {
    let text = service().spec();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    complete::complete(&mut value);
    // They are sorted already, unless a crate of the tests makes serde_json keep them as they come.
    value.sort_all_objects();
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}
