//! The numbered statements of the security page that need a running server, and what federation may cost.
//!
//! Every peer is a real listener on loopback that counts what it is asked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

#[path = "vulns_federation"]
mod vulns {
    mod agreement;
    mod amplification;
    mod bounds;
    mod costs;
    mod coverage;
    mod fetches;
    mod growth;
    mod identities;
    mod kept;
    mod malformed;
    mod origin;
    mod pins;
    mod replay;
    mod signing;
    mod world;
}
