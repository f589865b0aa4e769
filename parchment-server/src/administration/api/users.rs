//! Users over HTTP.

use std::sync::Arc;

use parchment_core::{
    api::{
        Time,
        administration::{ChangeUserRequest, CreateUserRequest, UserDetails, UserPage, UserSummary},
    },
    encoding::encode,
};
use poem::web::Data;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    payload::Json,
};
use sea_orm::prelude::Uuid;

use super::{to_permission, to_role_name};
use crate::{
    administration::users::{self, Member},
    app::App,
    auth::{
        permissions::{Held, needs},
        permitted::Permitted,
    },
    http::{
        answer::{Done, Fails, refusals},
        body::Body,
        problem::Problem,
        tag::Tag,
    },
};

refusals! {
    PageRefusals {
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`.",
        422: "A parameter does not fit: `invalid_body`.",
    }
    CreateRefusals + body {
        400: "A role is not there: `unknown_role`. Not JSON: `malformed_json`. Broken off: `bad_request`.",
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`; she may not give one of the roles: `role_not_held`.",
        409: "There is an account with the address: `email_taken`.",
    }
    GetRefusals {
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`.",
        404: "No such user: `not_found`.",
    }
    ChangeRefusals + body {
        400: "A role is not there: `unknown_role`. Not JSON: `malformed_json`. Broken off: `bad_request`.",
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`; the user may do what the caller may not: `outranked`; the caller \
              may not give one of the roles: `role_not_held`.",
        404: "No such user: `not_found`.",
        409: "Another account has the address: `email_taken`. No admin would be left: `last_admin`.",
    }
    RemoveRefusals {
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`; the user may do what the caller may not: `outranked`.",
        404: "No such user: `not_found`.",
        409: "No admin would be left: `last_admin`.",
    }
}

/// Users, for those who run the server.
#[derive(Debug)]
pub struct UsersApi;

#[OpenApi(prefix_path = "/users")]
impl UsersApi {
    /// List users
    ///
    /// One page of all users, those who came first on the first. Needs `users:read`.
    #[oai(path = "/", method = "get", tag = "Tag::Users", operation_id = "listUsers")]
    async fn list(
        &self,
        app: Data<&Arc<App>>,
        _caller: Permitted<needs::UsersRead>,
        /// Which page, from 1.
        #[oai(default = "first_page", validator(minimum(value = "1")))]
        page: Query<u32>,
        /// How many users a page has at most, from 1 to 100.
        #[oai(default = "usual_limit", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u32>,
    ) -> Result<Json<UserPage>, Fails<PageRefusals>> {
        let (members, total) = users::page(&app.store, page.0, limit.0, app.now()).await?;
        Ok(Json(UserPage {
            data: members.into_iter().map(to_summary).collect(),
            total,
            page: page.0,
            limit: limit.0,
        }))
    }

    /// Invite a user
    ///
    /// Makes an account and mails an invitation to its address; a sign-in code sent to that address is what opens it. A
    /// caller who holds `users:update` gives any role that permits no more than she may herself; any other gives `user`
    /// and the roles that she has. Needs `users:create`.
    #[oai(path = "/", method = "post", tag = "Tag::Users", operation_id = "createUser")]
    async fn create(
        &self,
        app: Data<&Arc<App>>,
        caller: Permitted<needs::UsersCreate>,
        body: Body<CreateUserRequest>,
    ) -> Result<Json<UserDetails>, Fails<CreateRefusals>> {
        let user = users::create(&app.store, &caller.actor, body.0, app.now()).await?;
        app.mailer.send_invitation(&user.email, app.settings.client_origin());
        Ok(Json(details(&app, user.id).await?))
    }

    /// A user
    ///
    /// The user with her roles and what they permit. Needs `users:read`.
    #[oai(path = "/:id", method = "get", tag = "Tag::Users", operation_id = "getUser")]
    async fn get(
        &self,
        app: Data<&Arc<App>>,
        _caller: Permitted<needs::UsersRead>,
        /// The id of the user.
        id: Path<String>,
    ) -> Result<Json<UserDetails>, Fails<GetRefusals>> {
        Ok(Json(details(&app, parse_id(&id)?).await?))
    }

    /// Change a user
    ///
    /// Sets names, address or roles; null clears a name, an absent member stays, no roles at all means `user`. With
    /// another address every code sent before is void and every session of the user ends, save the one that asks. Who may
    /// do what the caller may not is not hers to change, and no role is given that permits what the caller may not. Needs
    /// `users:update`.
    #[oai(path = "/:id", method = "patch", tag = "Tag::Users", operation_id = "changeUser")]
    async fn change(
        &self,
        app: Data<&Arc<App>>,
        caller: Permitted<needs::UsersUpdate>,
        /// The id of the user.
        id: Path<String>,
        body: Body<ChangeUserRequest>,
    ) -> Result<Json<UserDetails>, Fails<ChangeRefusals>> {
        let id = parse_id(&id)?;
        users::change(&app.store, &caller.actor, id, body.0, app.now()).await?;
        Ok(Json(details(&app, id).await?))
    }

    /// Remove a user
    ///
    /// Deletes the account and all that is hers. Her friends on this server lose her at once; those on other servers find
    /// out when they ask for her, since only she could tell them. Nobody else gets her alias. Needs `users:delete`.
    #[oai(path = "/:id", method = "delete", tag = "Tag::Users", operation_id = "removeUser")]
    async fn remove(
        &self,
        app: Data<&Arc<App>>,
        caller: Permitted<needs::UsersDelete>,
        /// The id of the user.
        id: Path<String>,
    ) -> Result<Done, Fails<RemoveRefusals>> {
        users::remove(&app.store, app.settings.server_id(), &caller.actor, parse_id(&id)?).await?;
        Ok(Done::NoContent)
    }
}

fn first_page() -> u32 {
    1
}

fn usual_limit() -> u32 {
    25
}

fn parse_id(text: &str) -> Result<Uuid, Problem> {
    text.parse().map_err(|_| users::not_found())
}

async fn details(app: &App, id: Uuid) -> Result<UserDetails, Problem> {
    let found = users::find(&app.store, id, app.now()).await?;
    let (member, held) = found.ok_or_else(users::not_found)?;
    Ok(to_details(member, &held))
}

fn to_summary(member: Member) -> UserSummary {
    let user = member.user;
    UserSummary {
        id: user.id.to_string(),
        email: user.email,
        first_name: user.first_name,
        last_name: user.last_name,
        alias: user.alias,
        picture: user.picture,
        created_at: Time::from_millis(user.created_at),
        onboarding_completed_at: user.onboarding_completed_at.map(Time::from_millis),
        roles: member.roles.into_iter().map(to_role_name).collect(),
        session_count: member.sessions,
    }
}

fn to_details(member: Member, held: &Held) -> UserDetails {
    let user = member.user;
    UserDetails {
        id: user.id.to_string(),
        email: user.email,
        first_name: user.first_name,
        last_name: user.last_name,
        picture: user.picture,
        alias: user.alias,
        signing_key: user.signing_key.as_deref().map(encode),
        encryption_key: user.encryption_key.as_deref().map(encode),
        km_version: user.km_version,
        onboarding_completed_at: user.onboarding_completed_at.map(Time::from_millis),
        created_at: Time::from_millis(user.created_at),
        updated_at: Time::from_millis(user.updated_at),
        roles: member.roles.into_iter().map(to_role_name).collect(),
        permissions: held.permissions().iter().copied().map(to_permission).collect(),
        session_count: member.sessions,
    }
}
