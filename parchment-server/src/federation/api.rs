//! The HTTP face of federation: the inbox and the two published documents.

use std::sync::Arc;

use bytes::Bytes;
use parchment_core::{
    api::{
        federation::InboxMessage,
        identity::Success,
        well_known::{ManifestDocument, UserDocumentBody},
    },
    canonical,
    handle::{Alias, ServerId},
    inbox::{InboxStore as _, RawRequest, Receipt},
    manifest::Manifest,
    refusal::{Code, Fault, Refusal},
    request::{INBOX_PATH, header},
};
use poem::{Request, RequestBody, web::Data};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions, OpenApi,
    param::Path,
    payload::{Json, Payload as _},
    registry::{MetaMediaType, MetaRequest, MetaSecurityScheme, Registry},
    types::Type as _,
};

use super::{documents::Document, refusals::Way};
use crate::{
    app::{App, CAPABILITIES},
    http::{
        answer::{Fails, refusals},
        body, client,
        problem::Problem,
        tag::Tag,
    },
    identity::{alias, keys},
};

refusals! {
    InboxRefusals + body {
        400: "The body: `malformed_json`, `ambiguous_json`, `bad_request`. The message: `invalid_handle`, `wrong_server`, \
              `unsupported_message_version`, `invalid_timestamp`, `stale_message`, `malformed_nonce`, \
              `malformed_signature`, `unsupported_message_type`, `invalid_payload`, `legacy_refused`, `unknown_sender`, \
              `invalid_signature`, `nonce_reused`. Its effect: `unknown_recipient`, `no_invitation`, `already_friends`, \
              `already_invited`, `too_many_invitations`.",
        401: "The calling server: `missing_header`, `malformed_header`, `unsupported_version`, `stale_request`, \
              `origin_mismatch`, `loopback_refused`, `invalid_manifest`, `pin_mismatch`, `invalid_server_signature`, `replay`.",
        413: "Longer than 64 KiB: `body_too_large`.",
        429: "This server sends too much, or this address fails too often; see Retry-After: `too_many_requests`.",
        503: "The sender's server cannot be asked now: `peer_unreachable`. The database cannot be reached: \
              `unavailable`. Too much is under way, of this server or of all; see Retry-After: `busy`.",
    }
    ManifestRefusals {
        429: "Too many requests from this address; see Retry-After: `too_many_requests`.",
    }
    UserDocumentRefusals {
        404: "Nobody has this alias, or she has no signing key: `not_found`.",
        429: "Too many requests from this address; see Retry-After: `too_many_requests`.",
    }
}

/// A message was taken.
#[derive(ApiResponse)]
pub enum Taken {
    /// It took effect, now or before.
    #[oai(status = 202)]
    Accepted(Json<Success>),
}

/// A request of another server, byte for byte.
#[derive(Debug)]
pub struct SignedRequest {
    /// What traffic limits count its client by.
    client: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Bytes,
}

impl SignedRequest {
    /// The server that it says it comes from; anybody can say so.
    fn claimed_server(&self) -> Option<ServerId> {
        let (_, name) = self.headers.iter().find(|(name, _)| name == header::SERVER_ID)?;
        ServerId::parse(std::str::from_utf8(name).ok()?).ok()
    }

    /// In whose name it comes and from where, before anything is believed.
    fn claimed_by(&self) -> String {
        let name = self.headers.iter().find(|(name, _)| name == header::SERVER_ID);
        let name = name.map_or_else(Default::default, |(_, value)| String::from_utf8_lossy(value));
        format!("{name} {}", self.client)
    }
}

const SCHEME: &str = "serverSignature";

impl<'a> ApiExtractor<'a> for SignedRequest {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject, ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        InboxMessage::register(registry);
        registry.create_security_scheme(
            SCHEME,
            MetaSecurityScheme {
                ty: "apiKey",
                description: Some(
                    "The calling server's Ed25519 signature over method, path, body hash, nonce, timestamp and both server \
                     ids, with the headers X-Parchment-Server-Id, X-Parchment-Protocol-Version, X-Parchment-Nonce and \
                     X-Parchment-Timestamp beside it (docs/protocol.md, section 4).",
                ),
                name: Some("X-Parchment-Server-Signature"),
                key_in: Some("header"),
                scheme: None,
                bearer_format: None,
                flows: None,
                openid_connect_url: None,
            },
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest {
            description: Some("The message; its hash is part of what the calling server signs."),
            content: vec![MetaMediaType {
                content_type: Json::<InboxMessage>::CONTENT_TYPE,
                schema: InboxMessage::schema_ref(),
            }],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let app = request
            .data::<Arc<App>>()
            .ok_or_else(|| Problem::internal("the application is not mounted"))?;
        // An address that fails too often is turned away before its body is read.
        let client = client::limit_key(request, &app.settings.trusted_proxies);
        app.traffic.inbox_failures.check(&client)?;
        let read = async {
            // The signature covers the one path that inboxes have and no query; another spelling is another request.
            let uri = request.original_uri();
            if uri.path() != INBOX_PATH || uri.query().is_some() {
                let detail = "The path and query of the request are not what a server signs.";
                return Err(Problem::from(Refusal::new(Code::InvalidServerSignature, detail)));
            }
            body::check_content_type(request)?;
            body::read_bytes(request, body, canonical::MAX_BYTES).await
        };
        let body = match read.await {
            Ok(body) => body,
            Err(problem) => {
                app.traffic.inbox_failures.count(&client)?;
                return Err(problem.into());
            }
        };
        let names = [
            header::SERVER_ID,
            header::PROTOCOL_VERSION,
            header::NONCE,
            header::TIMESTAMP,
            header::SIGNATURE,
        ];
        let headers = names.into_iter().flat_map(|name| {
            let values = request.headers().get_all(name).iter();
            values.map(move |value| (name.to_owned(), value.as_bytes().to_vec()))
        });
        Ok(Self {
            headers: headers.collect(),
            client,
            body,
        })
    }
}

/// The inbox.
#[derive(Debug)]
pub struct FederationApi;

#[OpenApi]
impl FederationApi {
    /// Receive a message
    ///
    /// Takes a message that a user of the calling server signed, in a request that the server signed. It takes effect
    /// once, however often it comes; a repetition in a request of its own is acknowledged again.
    #[oai(
        path = "/federation/inbox",
        method = "post",
        tag = "Tag::Federation",
        operation_id = "receiveMessage"
    )]
    async fn inbox(&self, app: Data<&Arc<App>>, request: SignedRequest) -> Result<Taken, Fails<InboxRefusals>> {
        let received = receive(&app, &request).await;
        app.metrics.count_received(match &received {
            Ok(Receipt::Applied) => "applied",
            Ok(Receipt::Retried) => "retried",
            Err(problem) => problem.code(),
        });
        match received {
            Ok(_) => Ok(Taken::Accepted(Json(Success::YES))),
            Err(problem) if !is_fault_of_caller(&problem) => Err(problem.into()),
            Err(problem) => {
                app.traffic.inbox_failures.count(&request.client)?;
                Err(problem.into())
            }
        }
    }

    /// This server
    ///
    /// The server's name and public key, for other servers.
    #[oai(
        path = "/.well-known/parchment-server",
        method = "get",
        tag = "Tag::Federation",
        operation_id = "getManifest"
    )]
    async fn manifest(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
    ) -> Result<Json<ManifestDocument>, Fails<ManifestRefusals>> {
        count_well_known(&app, request)?;
        let capabilities = CAPABILITIES.map(str::to_owned).to_vec();
        let manifest = Manifest::new(app.server.id().clone(), app.server.public_key(), capabilities);
        Ok(Json(ManifestDocument::from(&manifest)))
    }

    /// A user of this server
    ///
    /// Her handle, public keys and inbox, for other servers.
    #[oai(
        path = "/.well-known/user/:alias",
        method = "get",
        tag = "Tag::Federation",
        operation_id = "getUserDocument"
    )]
    async fn user(
        &self,
        app: Data<&Arc<App>>,
        request: &Request,
        /// Her alias, in the exact spelling.
        alias: Path<String>,
    ) -> Result<Json<UserDocumentBody>, Fails<UserDocumentRefusals>> {
        count_well_known(&app, request)?;
        let unknown = || Problem::not_found("Nobody here has this alias and a signing key.");
        let alias = Alias::parse(&alias).map_err(|_| unknown())?;
        let document = app
            .recent_documents
            .get(&app.store, alias.as_str().to_owned(), async || {
                let user = alias::find(app.store.reader(), &alias).await?;
                let document = user.and_then(|user| keys::document(&user, app.settings.server_id()));
                let body = document.map(|document| UserDocumentBody::new(&document, &app.settings.public_origin));
                Ok(body.map(|body| Arc::new(Document::new(body))))
            });
        Ok(Json(document.await?.ok_or_else(unknown)?.body.clone()))
    }
}

/// Whether a refusal counts against the address it came from: not when this side failed, and not when a sound message
/// met other circumstances than it assumed. A name that leads nowhere counts: this server was made to go and look.
fn is_fault_of_caller(problem: &Problem) -> bool {
    let code = Code::ALL.iter().find(|code| code.as_str() == problem.code());
    code.is_some_and(|code| *code == Code::PeerUnreachable || matches!(code.fault(), Fault::Server | Fault::Sender))
}

fn count_well_known(app: &App, request: &Request) -> Result<(), Problem> {
    let client = client::limit_key(request, &app.settings.trusted_proxies);
    app.traffic.well_known.count(&client)
}

async fn receive(app: &App, request: &SignedRequest) -> Result<Receipt, Problem> {
    let headers: Vec<(&str, &[u8])> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_slice()))
        .collect();
    let raw = RawRequest {
        headers: &headers,
        body: &request.body,
    };
    // Whoever forges requests in a server's name shares turns with nobody but those at the forger's address.
    let claimed = app.claimed.take(request.claimed_by()).await?;
    let parsed = app
        .inbox
        .parse(raw, &app.clock)
        .map_err(Problem::from)
        .inspect_err(|problem| {
            if let Some(server) = request.claimed_server() {
                note(app, &server, Way::Unverified, problem);
            }
        })?;
    let server = parsed.server().clone();
    let mut way = Way::Unverified;
    let outcome = async {
        let authenticated = app.inbox.authenticate(parsed).await?;
        drop(claimed);
        way = Way::Received;
        app.traffic.inbox_per_server.count(server.as_str())?;
        let _share = app.authenticated.take(server.to_string()).await?;
        let verified = app.inbox.verify(authenticated).await?;
        Ok::<_, Problem>(app.received.record_one(verified).await?)
    };
    let outcome = outcome.await;
    if let Err(problem) = &outcome {
        tracing::info!(%server, %problem, "a message was refused");
        note(app, &server, way, problem);
    }
    outcome
}

/// Remembers a refusal for the operator.
fn note(app: &App, server: &ServerId, way: Way, problem: &Problem) {
    app.refusals
        .note(server, way, problem.code(), problem.message(), app.now());
}
