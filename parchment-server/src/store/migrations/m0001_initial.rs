//! The tables of the first version.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    prelude::DbErr,
    schema::{big_integer, big_integer_null, blob, blob_null, integer, pk_uuid, text, text_null, uuid, uuid_null},
    sea_query::{Expr, ExprTrait, ForeignKey, ForeignKeyAction, Index, Table},
};

use super::tables::{index, of_user, unique};
use crate::store::sqlite::without_rowid;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0001_initial"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        accounts(schema).await?;
        sign_in(schema).await?;
        social(schema).await?;
        federation(schema).await
    }
}

/// Users, and what hangs on them alone.
async fn accounts(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut users = Table::create();
    users
        .table("users")
        .col(pk_uuid("id"))
        .col(text("email"))
        .col(text("email_key").unique_key())
        .col(text_null("first_name"))
        .col(text_null("last_name"))
        .col(text_null("picture"))
        .col(text_null("alias"))
        .col(text_null("alias_key").unique_key())
        .col(blob_null("signing_key"))
        .col(blob_null("encryption_key"))
        .col(big_integer("km_version").default(1))
        .col(big_integer_null("onboarding_completed_at"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"));
    schema.create_table(users).await?;

    let mut reservations = Table::create();
    reservations
        .table("alias_reservations")
        .col(text("alias_key").primary_key())
        .col(text("alias"))
        .col(uuid_null("user_id"))
        .col(big_integer("created_at"))
        .foreign_key(
            // A reservation outlives its user: nobody takes over the handle of somebody who is gone.
            ForeignKey::create()
                .from("alias_reservations", "user_id")
                .to("users", "id")
                .on_delete(ForeignKeyAction::SetNull),
        );
    schema.create_table(reservations).await?;
    index(schema, "alias_reservations", &["user_id"]).await?;

    let mut roles = Table::create();
    roles
        .table("user_roles")
        .col(uuid("user_id"))
        .col(text("role"))
        .primary_key(Index::create().col("user_id").col("role"))
        .foreign_key(&mut of_user("user_roles"));
    schema.create_table(roles).await
}

/// Codes by mail and the sessions they open.
async fn sign_in(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut codes = Table::create();
    codes
        .table("login_codes")
        .col(text("email_key").primary_key())
        .col(blob("code_hash"))
        .col(integer("tries"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"));
    schema.create_table(codes).await?;
    index(schema, "login_codes", &["expires_at"]).await?;

    let mut sends = Table::create();
    sends
        .table("login_code_sends")
        .col(pk_uuid("id"))
        .col(text("email_key"))
        .col(text("client"))
        .col(big_integer("sent_at"));
    schema.create_table(sends).await?;
    // Limits count the sends of a window, per address and per client.
    index(schema, "login_code_sends", &["email_key", "sent_at"]).await?;
    index(schema, "login_code_sends", &["client", "sent_at"]).await?;
    index(schema, "login_code_sends", &["sent_at"]).await?;

    let mut sessions = Table::create();
    sessions
        .table("sessions")
        .col(pk_uuid("id"))
        .col(uuid("user_id"))
        .col(blob("token_hash").unique_key())
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .col(big_integer("extended_at"))
        .col(text_null("ipv4"))
        .col(text_null("user_agent"))
        .foreign_key(&mut of_user("sessions"));
    schema.create_table(sessions).await?;
    index(schema, "sessions", &["user_id"]).await?;
    index(schema, "sessions", &["expires_at"]).await
}

/// Who knows whom.
async fn social(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut friendships = Table::create();
    friendships
        .table("friendships")
        .col(pk_uuid("id"))
        .col(uuid("user_id"))
        .col(text("friend_handle"))
        .col(blob("friend_signing_key"))
        .col(blob_null("friend_encryption_key"))
        .col(text_null("friend_name"))
        .col(text_null("friend_picture"))
        .col(text("status"))
        .col(big_integer_null("established_at"))
        .col(big_integer("created_at"))
        .foreign_key(&mut of_user("friendships"));
    schema.create_table(friendships).await?;
    unique(schema, "friendships", &["user_id", "friend_handle"]).await?;

    let mut invitations = Table::create();
    invitations
        .table("invitations")
        .col(pk_uuid("id"))
        .col(uuid("user_id"))
        .col(text("peer_handle"))
        .col(text("direction"))
        .col(text("status"))
        .col(big_integer("created_at"))
        .foreign_key(&mut of_user("invitations"));
    schema.create_table(invitations).await?;
    unique(schema, "invitations", &["user_id", "direction", "peer_handle"]).await?;

    let mut revocations = Table::create();
    revocations
        .table("revocations")
        .col(pk_uuid("id"))
        .col(uuid("user_id"))
        .col(text("peer_handle"))
        .col(big_integer("created_at"))
        .foreign_key(&mut of_user("revocations"));
    schema.create_table(revocations).await?;
    unique(schema, "revocations", &["user_id", "peer_handle"]).await
}

/// Other servers, and what was heard from them already.
async fn federation(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut peers = Table::create();
    peers
        .table("peers")
        .col(text("server_id").primary_key())
        .col(blob("public_key"))
        .col(big_integer("pinned_at"))
        .col(blob_null("mismatched_key"))
        .col(big_integer_null("mismatched_at"));
    schema.create_table(peers).await?;

    let backend = schema.get_database_backend();
    let mut transport = Table::create();
    transport
        .table("transport_nonces")
        .col(text("server_id"))
        .col(blob("nonce"))
        .col(big_integer("received_at"))
        .primary_key(Index::create().col("server_id").col("nonce"));
    without_rowid(&mut transport, backend);
    schema.create_table(transport).await?;
    index(schema, "transport_nonces", &["received_at"]).await?;

    let mut envelopes = Table::create();
    envelopes
        .table("envelope_nonces")
        .col(text("sender"))
        .col(blob("nonce"))
        .col(blob("digest"))
        .col(big_integer("received_at"))
        .primary_key(Index::create().col("sender").col("nonce"));
    without_rowid(&mut envelopes, backend);
    schema.create_table(envelopes).await?;
    index(schema, "envelope_nonces", &["received_at"]).await?;

    let mut identity = Table::create();
    identity
        .table("server_identity")
        .col(integer("id").primary_key().check(Expr::col("id").eq(1)))
        .col(blob("public_key"))
        .col(text("server_id"))
        .col(big_integer("created_at"));
    schema.create_table(identity).await
}
