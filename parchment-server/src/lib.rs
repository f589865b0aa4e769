//! A Parchment home server, as a program and as a library.
//!
//! [`Server::start`] runs a whole server; [`endpoint`] gives its HTTP interface to be mounted in
//! another poem application. See `ARCHITECTURE.md` for the rooms and how a message walks through them.

pub mod accounts;
pub mod administration;
pub mod app;
pub mod auth;
pub mod backup;
pub mod commands;
pub mod config;
pub mod connections;
pub mod demo;
pub mod doctor;
pub mod federation;
pub mod health;
mod housekeeping;
pub mod http;
pub mod identity;
pub mod mail;
pub mod metrics;
pub mod openapi;
pub mod page;
mod random;
mod server;
pub mod social;
pub mod store;
pub mod telemetry;
pub mod testing;
pub mod vault;

pub use server::{Server, endpoint, maintain};
