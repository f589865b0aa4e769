//! What the roles that people made permit.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "role_permissions")]
pub struct Model {
    /// The role this row belongs to and goes with.
    #[sea_orm(primary_key, auto_increment = false)]
    pub role_id: String,
    /// The id of a permission.
    #[sea_orm(primary_key, auto_increment = false)]
    pub permission: String,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
