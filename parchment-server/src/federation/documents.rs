//! Documents of users here that are asked for again and again, answered before anything else is done with a request.

use std::sync::Arc;

use bytes::Bytes;
use parchment_core::{api::well_known::UserDocumentBody, manifest::USER_DOCUMENT_PATH};
use poem::{
    Body, Endpoint, Request, Response,
    http::{Method, header},
};
use poem_openapi::types::ToJSON as _;

use crate::{app::App, http::client, store::Recent};

/// User documents as they were last answered, by the alias.
pub type RecentDocuments = Recent<String, Arc<Document>>;

/// A document of a user here.
#[derive(Debug)]
pub struct Document {
    /// What it says.
    pub body: UserDocumentBody,
    json: Bytes,
}

impl Document {
    /// A document, ready to be sent.
    pub fn new(body: UserDocumentBody) -> Self {
        Self {
            json: body.to_json_string().into(),
            body,
        }
    }
}

/// Answers documents that are known, and leaves all else to the endpoint within.
pub struct Documents<E> {
    endpoint: E,
    app: Arc<App>,
}

impl<E> Documents<E> {
    /// Answers for an application, before an endpoint.
    pub fn before(endpoint: E, app: Arc<App>) -> Self {
        Self { endpoint, app }
    }

    fn known(&self, request: &Request) -> Option<Arc<Document>> {
        let alias = request.uri().path().strip_prefix(USER_DOCUMENT_PATH)?;
        if *request.method() != Method::GET {
            return None;
        }
        let document = self.app.recent_documents.known(&self.app.store, alias)?;
        // One request too many is for the endpoint within, which says so.
        let client = client::limit_key(request, &self.app.settings.trusted_proxies);
        self.app.traffic.well_known.count(&client).ok()?;
        Some(document)
    }
}

impl<E: Endpoint> Endpoint for Documents<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let Some(document) = self.known(&request) else {
            return self.endpoint.call(request).await.map(poem::IntoResponse::into_response);
        };
        Ok(Response::builder()
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .header(header::CACHE_CONTROL, "no-store")
            .body(Body::from_bytes(document.json.clone())))
    }
}

impl<E> std::fmt::Debug for Documents<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Documents")
    }
}
