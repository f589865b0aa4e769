//! How users want to be spoken to; a user without a row has the defaults.

use sea_orm::entity::prelude::*;

/// How lengths are shown.
#[derive(Copy, Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Units {
    /// Metres and kilometres.
    #[sea_orm(string_value = "metric")]
    Metric,
    /// Feet and miles.
    #[sea_orm(string_value = "imperial")]
    Imperial,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "preferences")]
pub struct Model {
    /// Whose they are.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    /// A language tag (BCP 47).
    pub language: String,
    /// How lengths are shown.
    pub unit_system: Units,
    /// When the row last changed, ms since the epoch.
    pub updated_at: i64,
}

/// Joins to other tables: none.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
