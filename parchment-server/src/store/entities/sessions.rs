//! Who is signed in.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    /// UUID of version 7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who is signed in.
    pub user_id: Uuid,
    /// Hash of the bearer token.
    #[sea_orm(unique)]
    pub token_hash: Vec<u8>,
    /// When the session began, ms since the epoch.
    pub created_at: i64,
    /// When it ends unless extended, ms since the epoch.
    pub expires_at: i64,
    /// When it was last extended, ms since the epoch.
    pub extended_at: i64,
    /// Network address it began from.
    pub ipv4: Option<String>,
    /// Program it began from, as that introduced itself.
    pub user_agent: Option<String>,
}

// Without the token's hash and where the user was.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("user_id", &self.user_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Joins to other tables.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The user who is signed in.
    #[sea_orm(
        belongs_to = "super::users::Entity",
        from = "Column::UserId",
        to = "super::users::Column::Id"
    )]
    User,
}

impl Related<super::users::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
