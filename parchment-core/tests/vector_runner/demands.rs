//! Where doing as upstream does is not enough.
//!
//! The verdict rule alone would be content with no strictness at all. These cases of section 17 are
//! therefore held to it by name, whenever they are there; kinds of case whose strict verdict can be
//! worked out from the case itself (base64, Ed25519, timestamps) are held to it by their own modules.

use super::verdict::Finding;

const STRICTER: [(&str, &[&str]); 12] = [
    (
        "ciphertext-envelope.json",
        &[
            "aad/lone-surrogates",
            "open/body-made-with-aes-128-gcm",
            "text/leading-bom-is-lost",
            "text/two-boms",
            "text/lone-surrogate-becomes-fffd",
            "text/open-invalid-utf8",
            "text/open-overlong",
            "text/open-surrogate-utf8",
            "text/open-max+1",
            "text/base64-padding-removed",
            "text/base64-spaces",
            "legacy/nonce-length-8",
            "legacy/nonce-length-16",
            "legacy/nonce-length-32",
        ],
    ),
    ("crypto-envelope-inspect.json", &["no-padding"]),
    ("device-transfer.json", &["seal/31-byte-seed-seals-but-does-not-open"]),
    ("ecies-friend-share.json", &["seal-to-low-order/not-low-order-2^255-1"]),
    (
        "envelope-v1-legacy.json",
        &[
            "proto-key",
            "unicode-keys",
            "numbers",
            "wire/plain",
            "wire/message_type-used-as-type",
            "wire/message_type-wins-over-type",
            "wire/nonce-not-bound",
            "wire/message_version-not-bound",
            "wire/payload-merged",
            "wire/payload-null",
            "wire/payload-overrides-to",
            "wire/payload-overrides-type",
            "wire/payload-overrides-everything",
        ],
    ),
    (
        "envelope-v2-sign.json",
        &[
            "payload-unicode",
            "payload-proto-key",
            "payload-numbers",
            "payload-null",
            "version-2.5",
            "message-version-float",
            "timestamp-rfc2822",
            "wire/extra-top-level-field",
            "wire/payload-null",
            "wire/message_version-null",
            "wire/payload-proto-only",
            "signature/no-padding",
        ],
    ),
    (
        "inbox-http.json",
        &[
            "v1-ok",
            "v1-payload-ok",
            "proto-member",
            "proto-member-in-payload",
            "duplicate-member",
            "bom",
            "sequence/relayed-by-a-third-server",
            "sequence/delivered-then-replayed-by-third-server",
            "sequence/all-zero-user-key-and-signature",
        ],
    ),
    (
        "key-hierarchy.json",
        &[
            "A/collection/abc/v-1",
            "A/collection/abc/v1.5",
            "A/collection/Zx81QpLmN0aBcDeFgHiJkLmN/v0",
            "import-recovery-key/inner-newline",
            "import-recovery-key/no-padding",
        ],
    ),
    ("prf.json", &["unwrap/plaintext-with-newline"]),
    (
        "safety-number.json",
        &["length-not-checked-31", "length-not-checked-empty", "no-padding"],
    ),
    ("seed-wrap.json", &["wrap/31-byte-seed-not-read-back"]),
    (
        "server-wrapper.json",
        &[
            "body-unicode",
            "nonce-with-quote",
            "odd-nonce",
            "inbound/body-proto-added",
            "inbound/protocol-version/2abc",
            "inbound/protocol-version/+2",
            "inbound/protocol-version/2.9",
            "inbound/protocol-version/2e1",
            "inbound/victim-locked-out-after-liar",
            "server-id/https://a.example/",
        ],
    ),
];

/// The finding of a case, which is wrong if the case demands strictness and got none.
pub(crate) fn hold(file: &str, case: &str, finding: Finding) -> Finding {
    let is_demanded = STRICTER
        .iter()
        .any(|(demanding, cases)| *demanding == file && cases.contains(&case));
    match finding {
        Finding::AsUpstream if is_demanded => {
            Finding::Wrong("done as upstream does, where section 17 demands a refusal".to_owned())
        }
        finding => finding,
    }
}
