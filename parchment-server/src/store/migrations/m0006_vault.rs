//! What users keep sealed, and what their devices get it open with.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    prelude::DbErr,
    schema::{big_integer, big_integer_null, blob, blob_null, integer, pk_uuid, text, uuid},
    sea_query::{Index, Table},
};

use super::tables::{goes_with, index, of_user};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0006_vault"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        records(schema).await?;
        devices(schema).await
    }
}

/// Blobs, collections with their points, and slots.
async fn records(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut blobs = Table::create();
    blobs
        .table("blobs")
        .col(uuid("user_id"))
        .col(text("blob_type"))
        .col(blob("sealed"))
        .col(integer("bytes"))
        .col(text("nonce"))
        .col(big_integer("km_version"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .primary_key(Index::create().col("user_id").col("blob_type"))
        .foreign_key(&mut of_user("blobs"));
    schema.create_table(blobs).await?;
    // With the lengths, so that adding them up reads the index alone.
    index(schema, "blobs", &["user_id", "bytes"]).await?;

    let mut collections = Table::create();
    collections
        .table("collections")
        .col(pk_uuid("id"))
        .col(uuid("user_id"))
        .col(blob_null("sealed"))
        .col(integer("bytes"))
        .col(big_integer("metadata_key_version"))
        .col(big_integer("km_version"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut of_user("collections"));
    schema.create_table(collections).await?;
    index(schema, "collections", &["user_id", "bytes"]).await?;

    let mut points = Table::create();
    points
        .table("points")
        .col(uuid("user_id"))
        .col(uuid("id"))
        .col(uuid("collection_id"))
        .col(blob("sealed"))
        .col(integer("bytes"))
        .col(big_integer("km_version"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .primary_key(Index::create().col("user_id").col("id"))
        .foreign_key(&mut of_user("points"))
        .foreign_key(&mut goes_with("points", "collection_id", "collections", "id"));
    schema.create_table(points).await?;
    index(schema, "points", &["user_id", "bytes"]).await?;
    index(schema, "points", &["collection_id"]).await?;

    let mut slots = Table::create();
    slots
        .table("wrapped_keys")
        .col(blob("credential_id").primary_key())
        .col(uuid("user_id"))
        .col(blob("wrapped_km"))
        .col(text("wrap_algo"))
        .col(blob("slot_signature"))
        .col(big_integer("km_version"))
        .col(big_integer("created_at"))
        .col(big_integer_null("last_used_at"))
        .foreign_key(&mut of_user("wrapped_keys"))
        .foreign_key(&mut goes_with(
            "wrapped_keys",
            "credential_id",
            "passkeys",
            "credential_id",
        ));
    schema.create_table(slots).await?;
    index(schema, "wrapped_keys", &["user_id"]).await
}

/// Secrets for devices, and transfers between them.
async fn devices(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut secrets = Table::create();
    secrets
        .table("device_secrets")
        .col(uuid("user_id"))
        .col(text("device_id"))
        .col(blob("sealed"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("user_id").col("device_id"))
        .foreign_key(&mut of_user("device_secrets"));
    schema.create_table(secrets).await?;

    let mut transfers = Table::create();
    transfers
        .table("device_transfers")
        .col(pk_uuid("id"))
        .col(uuid("user_id"))
        .col(blob("receiver_key"))
        .col(blob_null("sender_key"))
        .col(blob_null("sealed_seed"))
        .col(blob_null("signature"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("closed_at"))
        .foreign_key(&mut of_user("device_transfers"));
    schema.create_table(transfers).await?;
    index(schema, "device_transfers", &["user_id", "created_at"]).await?;
    index(schema, "device_transfers", &["created_at"]).await
}
