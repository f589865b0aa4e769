//! Conditions of a write (RFC 9110, section 13.1): who has read what is there replaces it, and nobody else.

use parchment_core::etag::EntityTag;
use poem::http::StatusCode;

use super::problem::Problem;

/// Under which conditions to write; without any, always.
#[derive(Debug, Clone, Default)]
pub struct Condition {
    /// The field `If-Match`.
    pub if_match: Option<String>,
    /// The field `If-None-Match`.
    pub if_none_match: Option<String>,
}

impl Condition {
    /// Whether what is there has to be looked at.
    pub fn is_any(&self) -> bool {
        self.if_match.is_some() || self.if_none_match.is_some()
    }

    /// Holds the conditions against what is there.
    ///
    /// # Errors
    ///
    /// 412 `precondition_failed`.
    pub fn check(&self, current: Option<&EntityTag>) -> Result<(), Problem> {
        let is_named = |field: &String| current.is_some_and(|tag| tag.is_named_by(field));
        let holds = self.if_match.as_ref().is_none_or(is_named) && !self.if_none_match.as_ref().is_some_and(is_named);
        if holds {
            return Ok(());
        }
        let message = "It was changed since you read it; read it again and start over.";
        Err(Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            message,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(if_match: Option<&str>, if_none_match: Option<&str>, current: Option<&EntityTag>) -> bool {
        let condition = Condition {
            if_match: if_match.map(str::to_owned),
            if_none_match: if_none_match.map(str::to_owned),
        };
        condition.check(current).is_ok()
    }

    #[test]
    fn conditions_are_about_what_is_there_now() {
        let (here, gone) = (EntityTag::of(b"here"), EntityTag::of(b"gone").to_string());
        let named = here.to_string();
        assert!(holds(None, None, None) && holds(None, None, Some(&here)));
        assert!(holds(Some(&named), None, Some(&here)) && holds(Some("*"), None, Some(&here)));
        assert!(!holds(Some(&gone), None, Some(&here)) && !holds(Some("*"), None, None));
        assert!(holds(None, Some("*"), None) && !holds(None, Some("*"), Some(&here)));
        assert!(holds(None, Some(&gone), Some(&here)) && !holds(None, Some(&named), Some(&here)));
    }
}
