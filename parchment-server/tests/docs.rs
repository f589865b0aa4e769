//! The page on which the interface is read and tried: what it is served with, and that it works in a browser.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "docs/page.rs"]
mod page;
#[path = "docs/served.rs"]
mod served;
