//! The verdict rule: as upstream, or stricter by a numbered rule.

use std::fmt::{Debug, Display};

use parchment_core::{
    canonical::ParseError,
    encoding::Base64Error,
    handle::NameError,
    keys::{KeyError, SignatureError},
    refusal::{Code, Refusal},
    time::TimestampError,
};

/// Why this crate refused a case.
#[derive(Debug)]
pub(crate) struct Reason {
    /// The rule of protocol section 17 behind it; none where upstream must refuse too.
    pub(crate) rule: Option<u8>,
    why: String,
}

/// What this crate made of a case.
pub(crate) type Ours<T> = Result<T, Reason>;

impl Reason {
    pub(crate) fn new(rule: impl Into<Option<u8>>, why: impl Display) -> Self {
        Self {
            rule: rule.into(),
            why: why.to_string(),
        }
    }

    /// The same reason, by this rule if it had none.
    pub(crate) fn or_rule(mut self, rule: u8) -> Self {
        self.rule = self.rule.or(Some(rule));
        self
    }
}

impl From<Refusal> for Reason {
    fn from(refusal: Refusal) -> Self {
        // Rule 17.1 is about ambiguous JSON: what is not JSON at all, upstream cannot accept either.
        let rule = refusal.rule().filter(|_| refusal.code() != Code::MalformedJson);
        Self::new(rule.map(|rule| rule.0), refusal)
    }
}

impl From<ParseError> for Reason {
    fn from(error: ParseError) -> Self {
        Self::new((!error.is_malformed()).then_some(1), error)
    }
}

impl From<Base64Error> for Reason {
    fn from(error: Base64Error) -> Self {
        Self::new(4, error)
    }
}

impl From<KeyError> for Reason {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Encoding(error) => error.into(),
            error => Self::new(3, error),
        }
    }
}

impl From<SignatureError> for Reason {
    fn from(error: SignatureError) -> Self {
        Self::new(3, error)
    }
}

impl From<TimestampError> for Reason {
    fn from(error: TimestampError) -> Self {
        Self::new(5, error)
    }
}

impl From<NameError> for Reason {
    fn from(error: NameError) -> Self {
        // Aliases and the form of handles are upstream's; only server ids are stricter.
        let rule = match error {
            NameError::Alias | NameError::Handle => None,
            NameError::Host | NameError::Port | NameError::Origin => Some(16),
        };
        Self::new(rule, error)
    }
}

/// How a case came out.
#[derive(Debug)]
pub(crate) enum Finding {
    AsUpstream,
    /// Refused by this rule of section 17 where upstream accepts.
    Stricter(u8),
    Wrong(String),
    /// A case that nobody here can judge, which is as bad as a wrong one.
    UnknownKind,
}

impl Finding {
    /// The finding of a case that has several parts: the worst of them, and of equals the first.
    pub(crate) fn and(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
    }

    fn weight(&self) -> u8 {
        match self {
            Self::AsUpstream => 0,
            Self::Stricter(_) => 1,
            Self::UnknownKind => 2,
            Self::Wrong(_) => 3,
        }
    }
}

/// Compares what upstream computed (none: it refused) with what this crate made of the same input.
pub(crate) fn compare<T: PartialEq + Debug>(upstream: Option<T>, ours: Ours<T>) -> Finding {
    match (upstream, ours) {
        (Some(upstream), Ok(ours)) if upstream == ours => Finding::AsUpstream,
        (Some(upstream), Ok(ours)) => Finding::Wrong(format!("upstream: {upstream:?}\n    ours:     {ours:?}")),
        (None, Err(_)) => Finding::AsUpstream,
        (Some(_), Err(Reason { rule: Some(rule), .. })) => Finding::Stricter(rule),
        (Some(_), Err(Reason { rule: None, why })) => Finding::Wrong(format!("refused without a rule: {why}")),
        (None, Ok(ours)) => Finding::Wrong(format!("accepted, and upstream refuses: {ours:?}")),
    }
}
