//! Roles and permissions over HTTP.

use std::sync::Arc;

use parchment_core::api::{
    administration::{
        ChangeRoleRequest, CreateRoleRequest, Permission, PermissionDetails, Role, RoleDetails, RoleHolder, RoleName,
        RolePermissionsRequest,
    },
    identity::Success,
};
use poem::web::Data;
use poem_openapi::{OpenApi, param::Path, payload::Json};

use super::to_permission;
use crate::{
    administration::{grants, roles},
    app::App,
    auth::{
        permissions::{self, Held, needs},
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
    ListRefusals {
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`.",
    }
    GetRefusals {
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`.",
        404: "There is none: `not_found`.",
    }
    CreateRefusals + body {
        400: "A permission is not there: `unknown_permission`. Not JSON: `malformed_json`. Broken off: `bad_request`.",
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`; she would give one that she does not hold: \
              `permission_not_held`.",
        409: "There is a role with this id: `role_taken`. There are too many: `too_many_roles`.",
    }
    ChangeRefusals + body {
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`; the role permits what she may not: `permission_not_held`.",
        404: "No such role: `not_found`.",
        409: "Every server has this role: `default_role`.",
    }
    PermitRefusals + body {
        400: "A permission is not there: `unknown_permission`. Not JSON: `malformed_json`. Broken off: `bad_request`.",
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`; the role permits what she may not, or would then: \
              `permission_not_held`.",
        404: "No such role: `not_found`.",
        409: "Every server has this role: `default_role`.",
    }
    RemoveRefusals {
        401: "No live session: `signed_out`.",
        403: "The caller lacks the permission: `forbidden`; the role permits what she may not: `permission_not_held`.",
        404: "No such role: `not_found`.",
        409: "Every server has this role: `default_role`.",
    }
}

/// Roles and permissions.
#[derive(Debug)]
pub struct RolesApi;

#[OpenApi(prefix_path = "/users")]
impl RolesApi {
    /// List roles
    ///
    /// All roles by their ids, those that every server has and those made here. Needs `roles:read`.
    #[oai(path = "/roles", method = "get", tag = "Tag::Users", operation_id = "listRoles")]
    async fn list(
        &self,
        app: Data<&Arc<App>>,
        _caller: Permitted<needs::RolesRead>,
    ) -> Result<Json<Vec<Role>>, Fails<ListRefusals>> {
        let roles = roles::list(app.store.reader()).await?;
        Ok(Json(roles.into_iter().map(to_role).collect()))
    }

    /// Make a role
    ///
    /// Makes a role that permits no more than the caller may herself. Needs `roles:create`.
    #[oai(path = "/roles", method = "post", tag = "Tag::Users", operation_id = "createRole")]
    async fn create(
        &self,
        app: Data<&Arc<App>>,
        caller: Permitted<needs::RolesCreate>,
        body: Body<CreateRoleRequest>,
    ) -> Result<Json<RoleDetails>, Fails<CreateRefusals>> {
        let role = roles::create(&app.store, &caller.actor, body.0, app.now()).await?;
        Ok(Json(details(&app, &caller.held, role).await?))
    }

    /// A role
    ///
    /// The role with what it permits and, for callers who hold `users:read` too, who has it. Needs `roles:read`.
    #[oai(path = "/roles/:id", method = "get", tag = "Tag::Users", operation_id = "getRole")]
    async fn get(
        &self,
        app: Data<&Arc<App>>,
        caller: Permitted<needs::RolesRead>,
        /// The id of the role.
        id: Path<String>,
    ) -> Result<Json<RoleDetails>, Fails<GetRefusals>> {
        let role = roles::find(app.store.reader(), &id)
            .await?
            .ok_or_else(roles::not_found)?;
        Ok(Json(details(&app, &caller.held, role).await?))
    }

    /// Change a role
    ///
    /// Sets name or description; null clears the description, an absent member stays. Not for the roles that every server
    /// has, nor for one that permits what the caller may not. Needs `roles:write`.
    #[oai(
        path = "/roles/:id",
        method = "patch",
        tag = "Tag::Users",
        operation_id = "changeRole"
    )]
    async fn change(
        &self,
        app: Data<&Arc<App>>,
        caller: Permitted<needs::RolesWrite>,
        /// The id of the role.
        id: Path<String>,
        body: Body<ChangeRoleRequest>,
    ) -> Result<Json<RoleDetails>, Fails<ChangeRefusals>> {
        let role = roles::change(&app.store, &caller.actor, &id, body.0, app.now()).await?;
        Ok(Json(details(&app, &caller.held, role).await?))
    }

    /// Say what a role permits
    ///
    /// Sets all permissions of a role at once, for everybody who has it. The caller must hold those it permits before and
    /// those it permits then; the roles that every server has stay as they are. Needs `roles:write`.
    #[oai(
        path = "/roles/:id/permissions",
        method = "put",
        tag = "Tag::Users",
        operation_id = "setRolePermissions"
    )]
    async fn permit(
        &self,
        app: Data<&Arc<App>>,
        caller: Permitted<needs::RolesWrite>,
        /// The id of the role.
        id: Path<String>,
        body: Body<RolePermissionsRequest>,
    ) -> Result<Json<Success>, Fails<PermitRefusals>> {
        roles::set_permissions(&app.store, &caller.actor, &id, &body.0.permissions, app.now()).await?;
        Ok(Json(Success::YES))
    }

    /// Delete a role
    ///
    /// Deletes a role and takes it from everybody; whoever had no other has `user` then. Needs `roles:delete`.
    #[oai(
        path = "/roles/:id",
        method = "delete",
        tag = "Tag::Users",
        operation_id = "removeRole"
    )]
    async fn remove(
        &self,
        app: Data<&Arc<App>>,
        caller: Permitted<needs::RolesDelete>,
        /// The id of the role.
        id: Path<String>,
    ) -> Result<Done, Fails<RemoveRefusals>> {
        roles::remove(&app.store, &caller.actor, &id).await?;
        Ok(Done::NoContent)
    }

    /// List permissions
    ///
    /// All permissions by their ids. Needs `permissions:read`.
    #[oai(
        path = "/permissions",
        method = "get",
        tag = "Tag::Users",
        operation_id = "listPermissions"
    )]
    async fn permissions(
        &self,
        _caller: Permitted<needs::PermissionsRead>,
    ) -> Result<Json<Vec<Permission>>, Fails<ListRefusals>> {
        let all = permissions::Permission::ALL.iter().copied();
        Ok(Json(all.map(to_permission).collect()))
    }

    /// A permission
    ///
    /// The permission with the roles that include it. On this server everybody who is signed in holds what an account is
    /// for, whatever her roles. Needs `permissions:read`.
    #[oai(
        path = "/permissions/:id",
        method = "get",
        tag = "Tag::Users",
        operation_id = "getPermission"
    )]
    async fn permission(
        &self,
        app: Data<&Arc<App>>,
        _caller: Permitted<needs::PermissionsRead>,
        /// The id of the permission.
        id: Path<String>,
    ) -> Result<Json<PermissionDetails>, Fails<GetRefusals>> {
        let unknown = || Problem::not_found("There is no such permission.");
        let permission = permissions::Permission::find(&id).ok_or_else(unknown)?;
        let roles = roles::list(app.store.reader()).await?.into_iter();
        let including = roles.filter(|role| role.permissions.contains(&permission));
        let Permission { id, name } = to_permission(permission);
        Ok(Json(PermissionDetails {
            id,
            name,
            roles: including
                .map(|role| RoleName {
                    id: role.id,
                    name: role.name,
                })
                .collect(),
        }))
    }
}

fn to_role(role: roles::Role) -> Role {
    Role {
        id: role.id,
        name: role.name,
        description: role.description,
        is_default: role.is_default,
    }
}

async fn details(app: &App, held: &Held, role: roles::Role) -> Result<RoleDetails, Problem> {
    let holders = if held.may(permissions::Permission::UsersRead) {
        grants::holders(app.store.reader(), &role.id).await?
    } else {
        Vec::new()
    };
    let users = holders.into_iter().map(|user| RoleHolder {
        id: user.id.to_string(),
        email: user.email,
        first_name: user.first_name,
        last_name: user.last_name,
    });
    Ok(RoleDetails {
        permissions: role.permissions.iter().copied().map(to_permission).collect(),
        users: users.collect(),
        id: role.id,
        name: role.name,
        description: role.description,
        is_default: role.is_default,
    })
}
