//! Randomness from the operating system.

/// `N` unpredictable bytes.
///
/// # Panics
///
/// When the operating system has no randomness: nothing safe can be done then.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system provides randomness");
    bytes
}

/// A new id: a UUID of version 7, so that ids of one table sort by age.
pub(crate) fn id() -> uuid::Uuid {
    uuid::Uuid::now_v7()
}

/// A nonce for a request to another server.
pub(crate) fn nonce() -> parchment_core::nonce::Nonce {
    parchment_core::nonce::Nonce::from_bytes(bytes())
}
