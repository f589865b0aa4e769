//! What the steps have in common: rows that go with others, and the names of indexes.
//!
//! Steps that have been released are made with these, so what they make never changes.

use sea_orm_migration::{
    SchemaManager,
    prelude::DbErr,
    sea_query::{ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement, Index},
};

/// A row goes when the one that its `column` refers to goes.
pub(super) fn goes_with(
    table: &'static str,
    column: &'static str,
    other: &'static str,
    key: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(other, key)
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

/// `user_id` refers to a user, and goes when the user goes.
pub(super) fn of_user(table: &'static str) -> ForeignKeyCreateStatement {
    goes_with(table, "user_id", "users", "id")
}

/// An index named after its table and columns.
pub(super) async fn index(
    schema: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    create_index(schema, table, columns, false).await
}

/// An index that refuses what is there already.
pub(super) async fn unique(
    schema: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    create_index(schema, table, columns, true).await
}

async fn create_index(
    schema: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
    unique: bool,
) -> Result<(), DbErr> {
    let mut index = Index::create();
    index.name(format!("{table}_by_{}", columns.join("_"))).table(table);
    if unique {
        index.unique();
    }
    for column in columns {
        index.col(*column);
    }
    schema.create_index(index).await
}
