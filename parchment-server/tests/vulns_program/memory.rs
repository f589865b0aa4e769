//! Statement 52: what memory holds of secrets.

use std::{fs, path::Path};

use parchment_core::{keys::SigningKey, request::ServerIdentity};
use parchment_server::{auth::sessions::Token, config::Seed};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Compiles only for types that are wiped.
fn is_wiped<T: ZeroizeOnDrop>() {}

#[test]
fn s52_what_holds_a_seed_a_key_or_a_token_is_wiped_when_dropped() {
    is_wiped::<SigningKey>();
    is_wiped::<ServerIdentity>();
    is_wiped::<Seed>();
    is_wiped::<Token>();
    // Seeds and codes travel in these.
    is_wiped::<Zeroizing<[u8; 32]>>();
    is_wiped::<Zeroizing<String>>();
}

#[test]
fn s52_the_unit_writes_memory_to_no_disk() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/deploy/parchment-server.service");
    let unit = fs::read_to_string(path).unwrap();
    let (_, service) = unit.split_once("\n[Service]\n").unwrap();
    let (service, _) = service.split_once("\n[").unwrap();
    let value = |name: &str| {
        let values: Vec<_> = service
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .collect();
        assert_eq!(values.len(), 1, "{name}");
        values[0]
    };
    assert_eq!(value("LimitCORE"), "0");
    assert_eq!(value("MemorySwapMax"), "0");
    // Neither another user nor another process of the same one reads it, and it reads no other.
    assert_eq!(
        (value("User"), value("NoNewPrivileges"), value("CapabilityBoundingSet")),
        ("parchment", "yes", "")
    );
    assert_eq!((value("UMask"), value("StateDirectoryMode")), ("0077", "0700"));
}
