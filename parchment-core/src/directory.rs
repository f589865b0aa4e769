//! What must be fetched from other servers, behind a trait.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;

use crate::{
    handle::{Handle, ServerId},
    manifest::{Manifest, UserDocument},
    refusal::{Code, Refusal},
};

/// How old a document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// A cached one will do, up to the implementation's limit (5 minutes in this project's server).
    Cached,
    /// The keys may have changed: ask the server again, unless that was done moments ago.
    Renewed,
}

/// Fetches manifests and user documents.
///
/// Implementations bound time, size and addresses, share one request among callers that ask for
/// the same thing at once, and remember failures for a while. They read what they fetch with
/// [`Manifest::read`] and [`UserDocument::read`], so that an answer is always about what was
/// asked. Failures are told apart by their code: [`Code::PeerUnreachable`] when there is no
/// answer now, [`Code::InvalidManifest`] and [`Code::UnknownSender`] when the answer is no,
/// [`Code::Busy`] when the implementation has too much under way to ask.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The manifest of a server.
    async fn manifest(&self, server: &ServerId, age: Age) -> Result<Manifest, Refusal>;

    /// The document of a user.
    async fn user(&self, handle: &Handle, age: Age) -> Result<UserDocument, Refusal>;
}

#[async_trait]
impl<D: Directory + ?Sized> Directory for Arc<D> {
    async fn manifest(&self, server: &ServerId, age: Age) -> Result<Manifest, Refusal> {
        (**self).manifest(server, age).await
    }

    async fn user(&self, handle: &Handle, age: Age) -> Result<UserDocument, Refusal> {
        (**self).user(handle, age).await
    }
}

/// A directory that knows what it was told and fetches nothing.
#[derive(Debug, Clone, Default)]
pub struct StaticDirectory {
    manifests: HashMap<ServerId, Manifest>,
    users: HashMap<Handle, UserDocument>,
}

impl StaticDirectory {
    /// A directory that knows nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells it of a server.
    #[must_use]
    pub fn with_server(mut self, manifest: Manifest) -> Self {
        self.manifests.insert(manifest.server_id.clone(), manifest);
        self
    }

    /// Tells it of a user.
    #[must_use]
    pub fn with_user(mut self, user: UserDocument) -> Self {
        self.users.insert(user.handle.clone(), user);
        self
    }
}

#[async_trait]
impl Directory for StaticDirectory {
    async fn manifest(&self, server: &ServerId, _: Age) -> Result<Manifest, Refusal> {
        self.manifests
            .get(server)
            .cloned()
            .ok_or_else(|| Refusal::new(Code::PeerUnreachable, "The server is not in the directory."))
    }

    async fn user(&self, handle: &Handle, _: Age) -> Result<UserDocument, Refusal> {
        self.users
            .get(handle)
            .cloned()
            .ok_or_else(|| Refusal::new(Code::UnknownSender, "The user is not in the directory."))
    }
}
