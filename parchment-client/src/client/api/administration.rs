//! Users, roles and permissions, for those who run a server.

use futures_util::{Stream, TryStreamExt as _, stream};
use parchment_core::api::administration as api;

use super::super::{Client, ClientError, operations};

/// How many users a page of [`Users::all`] has: the most that servers give.
const PAGE: u32 = 100;

/// Everybody on the server: see [`Client::users`].
#[derive(Debug, Clone, Copy)]
pub struct Users<'a> {
    pub(super) client: &'a Client,
}

impl Users<'_> {
    /// One page of all users; the first is 1, and a page has 25 users at most unless another limit is given, up to 100.
    pub async fn list(&self, page: Option<u32>, limit: Option<u32>) -> Result<api::UserPage, ClientError> {
        let call = self.client.call(operations::LIST_USERS, &[]);
        call.query("page", page).query("limit", limit).document().await
    }

    /// All users, those who came first at the beginning, fetched a page at a time as they are asked for.
    ///
    /// Somebody who is removed meanwhile moves those behind her up by one place: the one who crosses from one page into the
    /// other that moment is passed over. After an error the stream is over.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt as _;
    ///
    /// # async fn run(client: parchment_client::Client) -> Result<(), parchment_client::ClientError> {
    /// let mut users = std::pin::pin!(client.users().all());
    /// while let Some(user) = users.try_next().await? {
    ///     println!("{}", user.email);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn all(&self) -> impl Stream<Item = Result<api::UserSummary, ClientError>> + use<> {
        let client = self.client.clone();
        let pages = stream::try_unfold((client, Some(1)), |(client, page)| async move {
            let Some(page) = page else { return Ok(None) };
            let listed = client.users().list(Some(page), Some(PAGE)).await?;
            // The server may give shorter pages than it was asked for.
            let seen = u64::from(page) * u64::from(listed.limit.max(1));
            let next = (!listed.data.is_empty() && seen < listed.total).then_some(page + 1);
            let users = stream::iter(listed.data.into_iter().map(Ok));
            Ok::<_, ClientError>(Some((users, (client, next))))
        });
        pages.try_flatten()
    }

    /// Makes an account and mails an invitation.
    pub async fn create(&self, user: &api::CreateUserRequest) -> Result<api::UserDetails, ClientError> {
        self.client
            .call(operations::CREATE_USER, &[])
            .json(user)
            .document()
            .await
    }

    /// A user, what she may do, and why.
    pub async fn get(&self, id: &str) -> Result<api::UserDetails, ClientError> {
        self.client.call(operations::GET_USER, &[id]).document().await
    }

    /// Changes a user.
    pub async fn change(&self, id: &str, change: &api::ChangeUserRequest) -> Result<api::UserDetails, ClientError> {
        self.client
            .call(operations::CHANGE_USER, &[id])
            .json(change)
            .document()
            .await
    }

    /// Removes a user with all that is hers.
    pub async fn remove(&self, id: &str) -> Result<(), ClientError> {
        self.client.call(operations::REMOVE_USER, &[id]).done().await
    }
}

/// The roles that there are: see [`Client::roles`].
#[derive(Debug, Clone, Copy)]
pub struct Roles<'a> {
    pub(super) client: &'a Client,
}

impl Roles<'_> {
    /// All roles.
    pub async fn list(&self) -> Result<Vec<api::Role>, ClientError> {
        self.client.call(operations::LIST_ROLES, &[]).document().await
    }

    /// Makes a role.
    pub async fn create(&self, role: &api::CreateRoleRequest) -> Result<api::RoleDetails, ClientError> {
        self.client
            .call(operations::CREATE_ROLE, &[])
            .json(role)
            .document()
            .await
    }

    /// A role, what it permits, and who has it.
    pub async fn get(&self, id: &str) -> Result<api::RoleDetails, ClientError> {
        self.client.call(operations::GET_ROLE, &[id]).document().await
    }

    /// Changes name or description of a role.
    pub async fn change(&self, id: &str, change: &api::ChangeRoleRequest) -> Result<api::RoleDetails, ClientError> {
        self.client
            .call(operations::CHANGE_ROLE, &[id])
            .json(change)
            .document()
            .await
    }

    /// Says what a role permits from now on.
    pub async fn set_permissions(
        &self,
        id: &str,
        permissions: &api::RolePermissionsRequest,
    ) -> Result<(), ClientError> {
        let call = self.client.call(operations::SET_ROLE_PERMISSIONS, &[id]);
        call.json(permissions).done().await
    }

    /// Removes a role; who had it has it no more.
    pub async fn remove(&self, id: &str) -> Result<(), ClientError> {
        self.client.call(operations::REMOVE_ROLE, &[id]).done().await
    }
}

/// The permissions that there are: see [`Client::permissions`]. What the caller may do herself says
/// [`Sessions::permissions`](super::Sessions::permissions).
#[derive(Debug, Clone, Copy)]
pub struct Permissions<'a> {
    pub(super) client: &'a Client,
}

impl Permissions<'_> {
    /// All permissions.
    pub async fn list(&self) -> Result<Vec<api::Permission>, ClientError> {
        self.client.call(operations::LIST_PERMISSIONS, &[]).document().await
    }

    /// A permission and the roles that include it.
    pub async fn get(&self, id: &str) -> Result<api::PermissionDetails, ClientError> {
        self.client.call(operations::GET_PERMISSION, &[id]).document().await
    }
}
