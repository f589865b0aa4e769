//! Users, roles and permissions, as those who run the server see and change them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "administration/commands.rs"]
mod commands;
#[path = "administration/disabled.rs"]
mod disabled;
#[path = "administration/permissions.rs"]
mod permissions;
#[path = "administration/powers.rs"]
mod powers;
#[path = "administration/races.rs"]
mod races;
#[path = "administration/roles.rs"]
mod roles;
#[path = "administration/sessions.rs"]
mod sessions;
#[path = "administration/users.rs"]
mod users;

use reqwest::Method;
use serde_json::{Value, json};
use support::app::{Answer, Person, TestApp};

/// The user that nobody is.
const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

async fn make_role(admin: &Person<'_>, id: &str, permissions: &[&str]) {
    let body = json!({ "id": id, "name": id, "permissions": permissions });
    admin.post("/users/roles", body).await.expect(200);
}

async fn patch(actor: &Person<'_>, id: &str, body: Value) -> Answer {
    actor.call(Method::PATCH, &format!("/users/{id}"), Some(body)).await
}

async fn delete(actor: &Person<'_>, path: &str) -> Answer {
    actor.call(Method::DELETE, path, None).await
}

async fn set_roles(admin: &Person<'_>, person: &Person<'_>, roles: &[&str]) {
    patch(admin, &person.id, json!({ "roles": roles })).await.expect(200);
}

/// Somebody signed in who may do just this beside what everybody may.
async fn with<'a>(app: &'a TestApp, admin: &Person<'_>, name: &str, permissions: &[&str]) -> Person<'a> {
    let person = app.sign_in(&format!("{name}@mail.example")).await;
    let role = format!("{name}s-role");
    make_role(admin, &role, permissions).await;
    set_roles(admin, &person, &["user", &role]).await;
    person
}

/// The ids of somebody's roles, as an admin sees them.
async fn roles_of(admin: &Person<'_>, id: &str) -> Vec<String> {
    let user = admin.get(&format!("/users/{id}")).await.expect(200).body;
    ids(&user["roles"])
}

fn ids(list: &Value) -> Vec<String> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The members of an object, sorted: a crate of the tests makes serde_json keep them as they come.
fn members(object: &Value) -> Vec<&str> {
    let mut members: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    members
}
