//! The steps of receiving.

use crate::{
    canonical,
    directory::{Age, Directory},
    envelope::{EnvelopeNonce, Form, Kind, SignedMessage, UserMessage},
    handle::ServerId,
    inbox::{InboxStore, Receipt},
    manifest::UserDocument,
    nonce::{Digest, Nonce},
    pins::{self, PinStore},
    refusal::{Code, Refusal},
    request::{INBOX_METHOD, INBOX_PATH, RequestHead},
    time::{Clock, UnixMillis},
};

/// What this server takes.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Policy {
    /// The kinds of message that are built here; others are refused by name (rule 17.19).
    pub kinds: Vec<Kind>,
    /// Whether legacy invitations, acceptances and rejections are taken (rule 17.9).
    pub legacy: bool,
    /// Development only: whether servers on this very machine are listened to (rule 17.16).
    pub loopback_peers: bool,
}

impl Policy {
    /// Takes these kinds, legacy messages among them, from servers elsewhere.
    pub fn new(kinds: impl Into<Vec<Kind>>) -> Self {
        Self {
            kinds: kinds.into(),
            legacy: true,
            loopback_peers: false,
        }
    }
}

/// A request to the inbox as it came in.
#[derive(Debug, Clone, Copy)]
pub struct RawRequest<'a> {
    /// All headers, or at least the five of [`crate::request::header`]; repeated ones repeated.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The body; more than [`canonical::MAX_BYTES`] are refused, so read at most one more.
    pub body: &'a [u8],
}

/// Checked by itself: size, JSON, shape, headers, freshness, origin and recipient. Not yet believed.
#[derive(Debug)]
pub struct Parsed {
    head: RequestHead,
    message: SignedMessage,
    body_hash: Digest,
    received: UnixMillis,
}

impl Parsed {
    /// The server that claims to have sent it.
    pub fn server(&self) -> &ServerId {
        self.head.sender()
    }
}

/// Sent by the server it claims to come from, which is the home of the sender.
#[derive(Debug)]
pub struct Authenticated {
    head: RequestHead,
    message: SignedMessage,
    received: UnixMillis,
}

impl Authenticated {
    /// The server that sent it.
    pub fn server(&self) -> &ServerId {
        self.head.sender()
    }
}

/// Said by its sender: her signature holds under the key that her server publishes.
///
/// All that can be decided about the message by itself is decided; what is left is whether it is
/// new, and that only the store knows.
#[derive(Debug, Clone)]
pub struct Verified {
    server: ServerId,
    transport_nonce: Nonce,
    envelope_nonce: EnvelopeNonce,
    digest: Digest,
    message: UserMessage,
    sender: UserDocument,
    received: UnixMillis,
}

impl Verified {
    /// The server that sent it; with [`Self::transport_nonce`] the key of the transport record.
    pub fn server(&self) -> &ServerId {
        &self.server
    }

    /// The nonce of this request.
    pub fn transport_nonce(&self) -> Nonce {
        self.transport_nonce
    }

    /// The nonce of the message; with its sender the key of the envelope record.
    pub fn envelope_nonce(&self) -> &EnvelopeNonce {
        &self.envelope_nonce
    }

    /// The SHA-256 of the text that the sender signed.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What is said.
    pub fn message(&self) -> &UserMessage {
        &self.message
    }

    /// When it was received, by the receiver's clock.
    pub fn received(&self) -> UnixMillis {
        self.received
    }
}

/// New: neither this request nor this message was accepted before. The one thing a handler is given.
#[derive(Debug)]
pub struct Accepted(Verified);

impl Accepted {
    /// Only [`crate::replay::decide`] calls this.
    pub(crate) fn new(message: Verified) -> Self {
        Self(message)
    }

    /// What is said.
    pub fn message(&self) -> &UserMessage {
        &self.0.message
    }

    /// The document of the sender under whose key the message verified.
    pub fn sender(&self) -> &UserDocument {
        &self.0.sender
    }

    /// When it was received, by the receiver's clock.
    pub fn received(&self) -> UnixMillis {
        self.0.received
    }
}

/// The receiving side of one server.
#[derive(Debug)]
pub struct Inbox<D, P> {
    own: ServerId,
    policy: Policy,
    directory: D,
    pins: P,
}

impl<D: Directory, P: PinStore> Inbox<D, P> {
    /// The inbox of the server `own`.
    pub fn new(own: ServerId, policy: Policy, directory: D, pins: P) -> Self {
        Self {
            own,
            policy,
            directory,
            pins,
        }
    }

    /// The first step: everything that needs neither key nor network.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] of any class but [`Class::Unavailable`](crate::refusal::Class::Unavailable).
    pub fn parse(&self, request: RawRequest<'_>, clock: &dyn Clock) -> Result<Parsed, Refusal> {
        if request.body.len() > canonical::MAX_BYTES {
            return Err(Refusal::new(Code::BodyTooLarge, "The body is longer than 64 KiB.").by_rule(1));
        }
        let body = canonical::parse(request.body).map_err(|error| {
            let code = if error.is_malformed() {
                Code::MalformedJson
            } else {
                Code::AmbiguousJson
            };
            Refusal::new(code, format!("The body cannot be read: {error}.")).by_rule(1)
        })?;
        // A body of the wrong shape is refused before the headers are looked at; what is wrong with a
        // message of the right shape is said only after them.
        let message = match SignedMessage::read_kinds(&body, &self.policy.kinds) {
            Err(refusal) if refusal.code() == Code::InvalidBody => return Err(refusal),
            message => message,
        };
        let head = RequestHead::read(request.headers.iter().copied())?;
        let received = clock.now();
        self.check_head(&head, received)?;
        let message = message?;
        self.check_message(&head, message.message(), received)?;
        Ok(Parsed {
            body_hash: canonical::digest(&body),
            head,
            message,
            received,
        })
    }

    fn check_head(&self, head: &RequestHead, now: UnixMillis) -> Result<(), Refusal> {
        if *head.sender() == self.own {
            let detail = "The request claims to come from this very server, which sends itself none.";
            return Err(Refusal::new(Code::OriginMismatch, detail).by_rule(18));
        }
        if head.sender().is_loopback() && !self.policy.loopback_peers {
            let detail = "Servers on this very machine are listened to only with the development switch on.";
            return Err(Refusal::new(Code::LoopbackRefused, detail).by_rule(16));
        }
        if !head.timestamp().is_fresh(now) {
            return Err(Refusal::new(
                Code::StaleRequest,
                format!(
                    "The request's timestamp {} is more than 300 s from {now}.",
                    head.timestamp()
                ),
            ));
        }
        Ok(())
    }

    fn check_message(&self, head: &RequestHead, message: &UserMessage, now: UnixMillis) -> Result<(), Refusal> {
        if !message.from().is_on(head.sender()) {
            let detail = "A server speaks only for its own users, and the sender lives elsewhere.";
            return Err(Refusal::new(Code::OriginMismatch, detail).by_rule(7));
        }
        if !message.to().is_on(&self.own) {
            let detail = format!("The recipient does not live on this server, {}.", self.own);
            return Err(Refusal::new(Code::WrongServer, detail));
        }
        if !message.timestamp().is_fresh(now) {
            let detail = format!(
                "The message's timestamp {} is more than 300 s from {now}.",
                message.timestamp()
            );
            return Err(Refusal::new(Code::StaleMessage, detail));
        }
        if matches!(message.form(), Form::Legacy { .. }) && !self.policy.legacy {
            return Err(Refusal::new(Code::LegacyRefused, "This server takes no legacy messages.").by_rule(9));
        }
        Ok(())
    }

    /// The second step: the request was signed by the server it names.
    ///
    /// # Errors
    ///
    /// See [`pins::authenticate`].
    pub async fn authenticate(&self, request: Parsed) -> Result<Authenticated, Refusal> {
        let Parsed {
            head,
            message,
            body_hash,
            received,
        } = request;
        // The receiver always takes the literal method and path: there is one inbox.
        let wrapper = head.wrapper(INBOX_METHOD, INBOX_PATH, body_hash, &self.own);
        pins::authenticate(&head, &wrapper, &self.pins, &self.directory, received).await?;
        Ok(Authenticated {
            head,
            message,
            received,
        })
    }

    /// The third step: the message was signed by the user it names.
    ///
    /// # Errors
    ///
    /// [`Code::InvalidSignature`], [`Code::UnknownSender`] or [`Code::PeerUnreachable`].
    pub async fn verify(&self, request: Authenticated) -> Result<Verified, Refusal> {
        let Authenticated {
            head,
            message,
            received,
        } = request;
        let from = message.message().from();
        let mut sender = self.directory.user(from, Age::Cached).await?;
        let mut digest = message.verify(&sender.signing_key);
        if digest.is_err() {
            let renewed = self.directory.user(from, Age::Renewed).await?;
            if renewed.signing_key != sender.signing_key {
                digest = message.verify(&renewed.signing_key);
                sender = renewed;
            }
        }
        let digest = digest.map_err(|_| {
            let detail = "The sender's signature does not verify under the key that her server publishes.";
            Refusal::new(Code::InvalidSignature, detail).by_rule(3)
        })?;
        Ok(Verified {
            server: head.sender().clone(),
            transport_nonce: head.nonce(),
            envelope_nonce: message.envelope_nonce(),
            digest,
            message: message.into_message(),
            sender,
            received,
        })
    }

    /// All steps: receives one request and records its effect.
    ///
    /// # Errors
    ///
    /// The refusal of whichever step refused.
    pub async fn receive(
        &self,
        request: RawRequest<'_>,
        clock: &dyn Clock,
        store: &dyn InboxStore,
    ) -> Result<Receipt, Refusal> {
        let parsed = self.parse(request, clock)?;
        let authenticated = self.authenticate(parsed).await?;
        let verified = self.verify(authenticated).await?;
        store.record_one(verified).await
    }
}
