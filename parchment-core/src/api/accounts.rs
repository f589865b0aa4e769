//! A person's account: profile, preferences, first steps.

use serde::{Deserialize, Serialize};

use super::{Patch, Time};

/// `PATCH /users/me/profile`: what the caller shows of herself; null clears, absent leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", deny_unknown_fields, skip_serializing_if_is_none)
)]
pub struct ProfileRequest {
    /// Her first name, at most 100 characters.
    #[serde(default, skip_serializing_if = "Patch::is_kept")]
    #[cfg_attr(feature = "openapi", oai(nullable, validator(max_length = 100)))]
    pub first_name: Patch<String>,
    /// Her last name, at most 100 characters.
    #[serde(default, skip_serializing_if = "Patch::is_kept")]
    #[cfg_attr(feature = "openapi", oai(nullable, validator(max_length = 100)))]
    pub last_name: Patch<String>,
    /// Her picture, a URL of at most 2048 characters.
    #[serde(default, skip_serializing_if = "Patch::is_kept")]
    #[cfg_attr(feature = "openapi", oai(nullable, validator(max_length = 2048)))]
    pub picture: Patch<String>,
}

/// How lengths are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum UnitSystem {
    /// Metres and kilometres.
    Metric,
    /// Feet and miles.
    Imperial,
}

/// `GET /users/me/preferences`: how the caller's clients speak to her.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct Preferences {
    /// A language tag (BCP 47); `en-US` until she chose another.
    pub language: String,
    /// How lengths are shown; metric until she chose otherwise.
    pub unit_system: UnitSystem,
}

/// `PUT /users/me/preferences`: absent leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", deny_unknown_fields, skip_serializing_if_is_none)
)]
pub struct PreferencesRequest {
    /// A language tag (BCP 47), at most 35 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 35)))]
    pub language: Option<String>,
    /// How lengths are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_system: Option<UnitSystem>,
}

/// `POST /users/me/onboarding/complete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct OnboardingCompleted {
    /// When the caller finished the first steps, the first time she did.
    pub onboarding_completed_at: Time,
}

/// `GET /users/alias/check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct AliasAvailability {
    /// Whether the caller could have it: it is an alias, and nobody else has or had it in any spelling.
    pub available: bool,
}
