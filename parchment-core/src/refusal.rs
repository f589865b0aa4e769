//! Why something was refused: one error type that says which check failed and whose fault it is.
//!
//! The [`Code`] is part of the contract between servers and is what a person searches for; the
//! detail is for people and may change. A refusal that upstream would not have made names the
//! rule of protocol section 17 that it follows.

use std::{borrow::Cow, fmt};

/// Who can mend what was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The server that sent the request, or its operator.
    Server,
    /// The user who signed the message, or her client.
    Sender,
    /// Nobody's mistake: something could not be reached now, so trying again may help.
    Network,
    /// The people concerned: the message is sound, but the relationship it is about is not as it assumes.
    Circumstances,
    /// This side: its storage failed, or there is a mistake in it.
    Here,
}

/// How a refusal is answered over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// 400, 413 or 422: the body cannot be read.
    Body(u16),
    /// 401: the sending server is not authenticated.
    Unauthenticated,
    /// 400: something about the message.
    Message,
    /// 503: something needed for the decision cannot be had now.
    Unavailable,
}

impl Class {
    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::Body(status) => status,
            Self::Unauthenticated => 401,
            Self::Message => 400,
            Self::Unavailable => 503,
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $class:expr, $fault:ident;)*) => {
        /// Which check failed; the text of a code never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable text of the code, as it stands in error bodies.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// How a refusal with this code is answered over HTTP.
            pub fn class(self) -> Class {
                match self {
                    $(Self::$variant => $class,)*
                }
            }

            /// Who can mend it.
            pub fn fault(self) -> Fault {
                match self {
                    $(Self::$variant => Fault::$fault,)*
                }
            }
        }
    };
}

codes! {
    /// The body is longer than 64 KiB.
    BodyTooLarge = "body_too_large", Class::Body(413), Server;
    /// The body is not JSON.
    MalformedJson = "malformed_json", Class::Body(400), Server;
    /// The body is JSON that two readers could understand differently.
    AmbiguousJson = "ambiguous_json", Class::Body(400), Server;
    /// The body has the wrong shape: a member is missing, unknown or of another type.
    InvalidBody = "invalid_body", Class::Body(422), Server;

    /// A header is missing or empty.
    MissingHeader = "missing_header", Class::Unauthenticated, Server;
    /// A header cannot be read, or is given twice.
    MalformedHeader = "malformed_header", Class::Unauthenticated, Server;
    /// The version header is not exactly `2`.
    UnsupportedVersion = "unsupported_version", Class::Unauthenticated, Server;
    /// The request's timestamp is more than 300 s off.
    StaleRequest = "stale_request", Class::Unauthenticated, Server;
    /// The message's sender does not live on the server that sends it.
    OriginMismatch = "origin_mismatch", Class::Unauthenticated, Server;
    /// A loopback server is named and the development switch is off.
    LoopbackRefused = "loopback_refused", Class::Unauthenticated, Server;
    /// The server has no usable manifest, or one of another server.
    InvalidManifest = "invalid_manifest", Class::Unauthenticated, Server;
    /// The server's key is not the one that was pinned when it was first seen.
    PinMismatch = "pin_mismatch", Class::Unauthenticated, Server;
    /// The server's signature does not verify.
    InvalidServerSignature = "invalid_server_signature", Class::Unauthenticated, Server;
    /// This very request was accepted before.
    Replay = "replay", Class::Unauthenticated, Server;

    /// The sender or recipient is not a handle.
    InvalidHandle = "invalid_handle", Class::Message, Sender;
    /// The recipient lives on another server.
    WrongServer = "wrong_server", Class::Message, Server;
    /// The message's protocol version is neither 2 nor absent.
    UnsupportedMessageVersion = "unsupported_message_version", Class::Message, Sender;
    /// The message's timestamp is not RFC 3339 with a zone.
    InvalidTimestamp = "invalid_timestamp", Class::Message, Sender;
    /// The message's timestamp is more than 300 s off.
    StaleMessage = "stale_message", Class::Message, Sender;
    /// The message's nonce is not the base64 of 16 bytes.
    MalformedNonce = "malformed_nonce", Class::Message, Sender;
    /// The message's signature is not the base64 of 64 bytes.
    MalformedSignature = "malformed_signature", Class::Message, Sender;
    /// The kind of message is unknown, or known and not built here.
    UnsupportedMessageType = "unsupported_message_type", Class::Message, Sender;
    /// The payload lacks what its kind of message needs.
    InvalidPayload = "invalid_payload", Class::Message, Sender;
    /// A legacy message where none is taken.
    LegacyRefused = "legacy_refused", Class::Message, Sender;
    /// The sender's server does not know the sender, or publishes no usable keys for her.
    UnknownSender = "unknown_sender", Class::Message, Sender;
    /// The sender's signature does not verify.
    InvalidSignature = "invalid_signature", Class::Message, Sender;
    /// The nonce was used before, for another message.
    NonceReused = "nonce_reused", Class::Message, Sender;

    /// There is no such recipient here.
    UnknownRecipient = "unknown_recipient", Class::Message, Circumstances;
    /// There is no open invitation for this pair.
    NoInvitation = "no_invitation", Class::Message, Circumstances;
    /// The two are friends already.
    AlreadyFriends = "already_friends", Class::Message, Circumstances;
    /// There is an open invitation for this pair already.
    AlreadyInvited = "already_invited", Class::Message, Circumstances;

    /// The recipient has too many open invitations.
    TooManyInvitations = "too_many_invitations", Class::Message, Circumstances;

    /// The other server, or a document on it, cannot be had now.
    PeerUnreachable = "peer_unreachable", Class::Unavailable, Network;
    /// This side has too much under way to ask the sender's server now.
    Busy = "busy", Class::Unavailable, Here;
    /// The storage of this side failed; nothing was recorded.
    Unavailable = "unavailable", Class::Unavailable, Here;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A rule of protocol section 17, where this project is stricter than upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule(pub u8);

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "17.{}", self.0)
    }
}

/// A check that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    code: Code,
    rule: Option<Rule>,
    detail: Cow<'static, str>,
}

impl Refusal {
    /// A refusal with a whole sentence for people; the sentence must hold no secret.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            rule: None,
            detail: detail.into(),
        }
    }

    /// The same refusal, made by a rule of protocol section 17.
    #[must_use]
    pub fn by_rule(mut self, rule: u8) -> Self {
        self.rule = Some(Rule(rule));
        self
    }

    /// Which check failed.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The rule of protocol section 17 behind it, where upstream need not refuse.
    pub fn rule(&self) -> Option<Rule> {
        self.rule
    }

    /// Who can mend it.
    pub fn fault(&self) -> Fault {
        self.code.fault()
    }

    /// The sentence for people.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.detail, self.code)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_distinct_snake_case_words() {
        let texts: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
        for text in texts {
            assert!(text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{text}");
        }
    }
}
