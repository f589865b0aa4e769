//! Users, roles and permissions, as those who run a server see them.

use serde::{Deserialize, Serialize};

use super::{Email, Patch, Time};

/// A role by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct RoleName {
    /// The role's id.
    pub id: String,
    /// What it is called.
    pub name: String,
}

/// A permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct Permission {
    /// The permission's id, such as `users:read`.
    pub id: String,
    /// What it is called.
    pub name: String,
}

/// `GET /users/permissions/{id}`: a permission and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct PermissionDetails {
    /// The permission's id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The roles that include it, by id.
    #[serde(default)]
    pub roles: Vec<RoleName>,
}

/// One of the users, in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct UserSummary {
    /// Her id on this server.
    pub id: String,
    /// Her mail address.
    pub email: String,
    /// Her first name.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub first_name: Option<String>,
    /// Her last name.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub last_name: Option<String>,
    /// Her alias; null until she chose one.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub alias: Option<String>,
    /// Her picture, a URL.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub picture: Option<String>,
    /// When the account was made.
    pub created_at: Time,
    /// When she finished the first steps; null before.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub onboarding_completed_at: Option<Time>,
    /// Her roles, by id.
    #[serde(default)]
    pub roles: Vec<RoleName>,
    /// How many live sessions she has.
    #[serde(default)]
    pub session_count: u64,
}

/// `GET /users`: one page of all users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct UserPage {
    /// The users of the page, those who came first at its beginning.
    pub data: Vec<UserSummary>,
    /// How many users there are on all pages.
    pub total: u64,
    /// Which page this is, from 1.
    pub page: u32,
    /// How many users a page has at most.
    pub limit: u32,
}

/// `GET /users/{id}`: a user, what she may do, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct UserDetails {
    /// Her id on this server.
    pub id: String,
    /// Her mail address.
    pub email: String,
    /// Her first name.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub first_name: Option<String>,
    /// Her last name.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub last_name: Option<String>,
    /// Her picture, a URL.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub picture: Option<String>,
    /// Her alias; null until she chose one.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub alias: Option<String>,
    /// Her Ed25519 key in base64; null until she registered one.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub signing_key: Option<String>,
    /// Her X25519 key in base64; null until she registered one.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub encryption_key: Option<String>,
    /// The version of her master key, from 1.
    pub km_version: i64,
    /// When she finished the first steps; null before.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub onboarding_completed_at: Option<Time>,
    /// When the account was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Her roles, by id.
    #[serde(default)]
    pub roles: Vec<RoleName>,
    /// What she may do, by id.
    #[serde(default)]
    pub permissions: Vec<Permission>,
    /// How many live sessions she has.
    #[serde(default)]
    pub session_count: u64,
}

/// `POST /users`: invites somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", deny_unknown_fields, skip_serializing_if_is_none)
)]
pub struct CreateUserRequest {
    /// Her first name, at most 100 characters.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 100)))]
    pub first_name: String,
    /// Her last name, at most 100 characters.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 100)))]
    pub last_name: String,
    /// Her mail address, where the invitation goes.
    pub email: Email,
    /// Her picture, a URL of at most 2048 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 2048)))]
    pub picture: Option<String>,
    /// The id of her role; `user` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 64)))]
    pub role: Option<String>,
    /// The ids of her roles, in place of `role`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_items = 100)))]
    pub roles: Option<Vec<String>>,
}

/// `PATCH /users/{id}`: absent leaves, null clears a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", deny_unknown_fields, skip_serializing_if_is_none)
)]
pub struct ChangeUserRequest {
    /// Her first name, at most 100 characters.
    #[serde(default, skip_serializing_if = "Patch::is_kept")]
    #[cfg_attr(feature = "openapi", oai(nullable, validator(max_length = 100)))]
    pub first_name: Patch<String>,
    /// Her last name, at most 100 characters.
    #[serde(default, skip_serializing_if = "Patch::is_kept")]
    #[cfg_attr(feature = "openapi", oai(nullable, validator(max_length = 100)))]
    pub last_name: Patch<String>,
    /// Her mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// The ids of all her roles from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_items = 100)))]
    pub roles: Option<Vec<String>>,
}

/// `GET /users/roles`: one of the roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct Role {
    /// The role's id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it is for.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub description: Option<String>,
    /// Whether every server has it; such a role cannot be changed.
    pub is_default: bool,
}

/// Somebody who has a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct RoleHolder {
    /// Her id on this server.
    pub id: String,
    /// Her mail address.
    pub email: String,
    /// Her first name.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub first_name: Option<String>,
    /// Her last name.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub last_name: Option<String>,
}

/// `GET /users/roles/{id}`: a role, what it permits, and who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct RoleDetails {
    /// The role's id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it is for.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub description: Option<String>,
    /// Whether every server has it; such a role cannot be changed.
    pub is_default: bool,
    /// What it permits, by id.
    #[serde(default)]
    pub permissions: Vec<Permission>,
    /// Who has it, those who came first at the beginning; empty for callers who may not see users.
    #[serde(default)]
    pub users: Vec<RoleHolder>,
}

/// `POST /users/roles`: makes a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, deny_unknown_fields, skip_serializing_if_is_none)
)]
pub struct CreateRoleRequest {
    /// Its id: 1 to 64 lower-case letters, digits, hyphens or underscores, beginning with a letter or digit. Made from
    /// the name unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 64)))]
    pub id: Option<String>,
    /// What it is called, 1 to 100 characters.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 100)))]
    pub name: String,
    /// What it is for, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 500)))]
    pub description: Option<String>,
    /// The ids of what it permits; nothing unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_items = 100)))]
    pub permissions: Option<Vec<String>>,
}

/// `PATCH /users/roles/{id}`: absent leaves, null clears the description.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, deny_unknown_fields, skip_serializing_if_is_none)
)]
pub struct ChangeRoleRequest {
    /// What it is called, 1 to 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 100)))]
    pub name: Option<String>,
    /// What it is for, at most 500 characters.
    #[serde(default, skip_serializing_if = "Patch::is_kept")]
    #[cfg_attr(feature = "openapi", oai(nullable, validator(max_length = 500)))]
    pub description: Patch<String>,
}

/// `PUT /users/roles/{id}/permissions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example, deny_unknown_fields))]
pub struct RolePermissionsRequest {
    /// The ids of all that it permits from now on.
    #[cfg_attr(feature = "openapi", oai(validator(max_items = 100)))]
    pub permissions: Vec<String>,
}
