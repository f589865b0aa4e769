//! The HTTP face of collections and their points.

use std::sync::Arc;

use parchment_core::{
    api::{
        Time,
        collections::{Collection, CollectionRequest, NewPointRequest, Point, PointRequest, Points},
    },
    encoding::encode,
};
use poem::web::Data;
use poem_openapi::{ApiResponse, OpenApi, param::Path, payload::Json};

use super::id_in_path;
use crate::{
    app::App,
    http::{
        answer::{Done, Fails, refusals},
        body::Body,
        tag::Tag,
    },
    store::entities::{collections as collection_rows, points as point_rows},
    vault::{
        collections, points,
        still::{Reader, Writer},
    },
};

refusals! {
    ListRefusals {
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`.",
    }
    ReadRefusals {
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`.",
        404: "The caller has no such collection: `not_found`.",
    }
    CreateRefusals + body {
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`.",
        409: "The caller's keys changed in the meantime: `stale_km_version`, `identity_changed`.",
        413: "More than 64 KiB: `record_too_large`. She keeps too much: `vault_full`. The body is too long: `body_too_large`.",
        422: "No envelope: `invalid_envelope`. Wrong shape: `invalid_body`.",
    }
    ChangeRefusals + body {
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`.",
        404: "The caller has no such collection or point: `not_found`.",
        409: "The caller's keys changed in the meantime: `stale_km_version`, `identity_changed`.",
        413: "More than 64 KiB: `record_too_large`. She keeps too much: `vault_full`. The body is too long: `body_too_large`.",
        422: "No envelope: `invalid_envelope`. Wrong shape: `invalid_body`.",
    }
    AddRefusals + body {
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`.",
        404: "The caller has no such collection: `not_found`.",
        409: "The caller has a point with this id: `point_exists`. Her keys changed in the meantime: `stale_km_version`, `identity_changed`.",
        413: "More than 64 KiB: `record_too_large`. She keeps too much: `vault_full`. The body is too long: `body_too_large`.",
        422: "No envelope: `invalid_envelope`. Wrong shape, or the id is no UUID in lower case: `invalid_body`.",
    }
    DeleteRefusals {
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`.",
        404: "The caller has no such collection or point: `not_found`.",
        409: "The caller's keys changed in the meantime: `stale_km_version`, `identity_changed`.",
    }
}

/// A collection was made.
#[derive(ApiResponse)]
pub enum CollectionMade {
    /// The collection.
    #[oai(status = 201)]
    Collection(Json<Collection>),
}

/// A point was added.
#[derive(ApiResponse)]
pub enum PointAdded {
    /// The point.
    #[oai(status = 201)]
    Point(Json<Point>),
}

/// The caller's collections.
#[derive(Debug)]
pub struct CollectionsApi;

#[OpenApi(prefix_path = "/library/collections")]
impl CollectionsApi {
    /// List collections
    ///
    /// All collections of the caller, oldest first. Needs `library:read`.
    #[oai(path = "/", method = "get", tag = "Tag::Vault", operation_id = "listCollections")]
    async fn list(&self, app: Data<&Arc<App>>, caller: Reader) -> Result<Json<Vec<Collection>>, Fails<ListRefusals>> {
        let rows = collections::list(app.store.reader(), caller.user.id).await?;
        Ok(Json(rows.into_iter().map(to_collection).collect()))
    }

    /// Make a collection
    ///
    /// Makes a collection, whose id the client then binds into what it seals. Needs `library:write`.
    #[oai(path = "/", method = "post", tag = "Tag::Vault", operation_id = "createCollection")]
    async fn create(
        &self,
        app: Data<&Arc<App>>,
        caller: Writer,
        body: Body<CollectionRequest>,
    ) -> Result<CollectionMade, Fails<CreateRefusals>> {
        let metadata = body.0.metadata_encrypted.as_deref();
        let row = collections::create(&app.store, app.settings.vault_quota, &caller, metadata, app.now()).await?;
        Ok(CollectionMade::Collection(Json(to_collection(row))))
    }

    /// Read a collection
    ///
    /// One collection of the caller, without its points. Needs `library:read`.
    #[oai(path = "/:id", method = "get", tag = "Tag::Vault", operation_id = "getCollection")]
    async fn get(
        &self,
        app: Data<&Arc<App>>,
        caller: Reader,
        /// The id of the collection.
        id: Path<String>,
    ) -> Result<Json<Collection>, Fails<ReadRefusals>> {
        let row = collections::get(app.store.reader(), caller.user.id, id_in_path(&id)?).await?;
        Ok(Json(to_collection(row)))
    }

    /// Change a collection
    ///
    /// Writes the sealed name and looks of a collection; without them nothing changes. Needs `library:write`.
    #[oai(path = "/:id", method = "put", tag = "Tag::Vault", operation_id = "changeCollection")]
    async fn change(
        &self,
        app: Data<&Arc<App>>,
        caller: Writer,
        /// The id of the collection.
        id: Path<String>,
        body: Body<CollectionRequest>,
    ) -> Result<Json<Collection>, Fails<ChangeRefusals>> {
        let (id, quota) = (id_in_path(&id)?, app.settings.vault_quota);
        let metadata = body.0.metadata_encrypted.as_deref();
        let row = collections::change(&app.store, quota, &caller, id, metadata, app.now()).await?;
        Ok(Json(to_collection(row)))
    }

    /// Delete a collection
    ///
    /// Deletes a collection with all its points. Needs `library:write`.
    #[oai(
        path = "/:id",
        method = "delete",
        tag = "Tag::Vault",
        operation_id = "deleteCollection"
    )]
    async fn delete(
        &self,
        app: Data<&Arc<App>>,
        caller: Writer,
        /// The id of the collection.
        id: Path<String>,
    ) -> Result<Done, Fails<DeleteRefusals>> {
        collections::delete(&app.store, &caller, id_in_path(&id)?).await?;
        Ok(Done::NoContent)
    }

    /// List points
    ///
    /// All points of a collection, oldest first. Needs `library:read`.
    #[oai(
        path = "/:id/encrypted-points",
        method = "get",
        tag = "Tag::Vault",
        operation_id = "listPoints"
    )]
    async fn points(
        &self,
        app: Data<&Arc<App>>,
        caller: Reader,
        /// The id of the collection.
        id: Path<String>,
    ) -> Result<Json<Points>, Fails<ReadRefusals>> {
        let rows = points::list(app.store.reader(), caller.user.id, id_in_path(&id)?).await?;
        Ok(Json(Points {
            points: rows.into_iter().map(to_point).collect(),
        }))
    }

    /// Add a point
    ///
    /// Adds a sealed point to a collection. A client that binds the point's id into the envelope chooses it. Needs
    /// `library:write`.
    #[oai(
        path = "/:id/encrypted-points",
        method = "post",
        tag = "Tag::Vault",
        operation_id = "createPoint"
    )]
    async fn create_point(
        &self,
        app: Data<&Arc<App>>,
        caller: Writer,
        /// The id of the collection.
        id: Path<String>,
        body: Body<NewPointRequest>,
    ) -> Result<PointAdded, Fails<AddRefusals>> {
        let (collection, quota) = (id_in_path(&id)?, app.settings.vault_quota);
        let id = body.0.id.as_deref().map(points::read_id).transpose()?;
        let data = &body.0.encrypted_data;
        let row = points::create(&app.store, quota, &caller, collection, id, data, app.now()).await?;
        Ok(PointAdded::Point(Json(to_point(row))))
    }

    /// Change a point
    ///
    /// Puts another envelope in the place of a point's. Needs `library:write`.
    #[oai(
        path = "/:id/encrypted-points/:pointId",
        method = "put",
        tag = "Tag::Vault",
        operation_id = "changePoint"
    )]
    async fn change_point(
        &self,
        app: Data<&Arc<App>>,
        caller: Writer,
        /// The id of the collection.
        id: Path<String>,
        /// The id of the point.
        #[oai(name = "pointId")]
        point_id: Path<String>,
        body: Body<PointRequest>,
    ) -> Result<Json<Point>, Fails<ChangeRefusals>> {
        let (collection, id) = (id_in_path(&id)?, id_in_path(&point_id)?);
        let (quota, data) = (app.settings.vault_quota, &body.0.encrypted_data);
        let row = points::change(&app.store, quota, &caller, collection, id, data, app.now()).await?;
        Ok(Json(to_point(row)))
    }

    /// Delete a point
    ///
    /// Deletes a point of a collection. Needs `library:write`.
    #[oai(
        path = "/:id/encrypted-points/:pointId",
        method = "delete",
        tag = "Tag::Vault",
        operation_id = "deletePoint"
    )]
    async fn delete_point(
        &self,
        app: Data<&Arc<App>>,
        caller: Writer,
        /// The id of the collection.
        id: Path<String>,
        /// The id of the point.
        #[oai(name = "pointId")]
        point_id: Path<String>,
    ) -> Result<Done, Fails<DeleteRefusals>> {
        points::delete(&app.store, &caller, id_in_path(&id)?, id_in_path(&point_id)?).await?;
        Ok(Done::NoContent)
    }
}

fn to_collection(row: collection_rows::Model) -> Collection {
    Collection {
        id: row.id.to_string(),
        user_id: row.user_id.to_string(),
        metadata_encrypted: row.sealed.as_deref().map(encode),
        metadata_key_version: row.metadata_key_version,
        created_at: Time::from_millis(row.created_at),
        updated_at: Time::from_millis(row.updated_at),
    }
}

fn to_point(row: point_rows::Model) -> Point {
    Point {
        id: row.id.to_string(),
        collection_id: row.collection_id.to_string(),
        encrypted_data: encode(&row.sealed),
        created_at: Time::from_millis(row.created_at),
        updated_at: Time::from_millis(row.updated_at),
    }
}
