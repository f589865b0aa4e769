//! Statement 8: which public keys may be registered.

use super::common::*;

/// The eight points of small order in their canonical encodings.
const SMALL_ORDER: [&str; 8] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];

/// The coordinates of small order on the curve and its twist: 0, 1, p − 1, and the two of order eight.
const SMALL_ORDER_X25519: [&str; 5] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
];

/// p, p + 1, … p + 18: all there is between p = 2^255 − 19 and 2^255, with and without the highest bit.
fn unreduced() -> impl Iterator<Item = [u8; 32]> {
    (0xed..=0xff_u8).flat_map(|lowest| {
        [0x7f, 0xff].map(|highest| {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (lowest, highest);
            bytes
        })
    })
}

fn with_highest_bit(mut bytes: [u8; 32]) -> [u8; 32] {
    bytes[31] |= 0x80;
    bytes
}

async fn refuses_keys(keys: impl Iterator<Item = Value>) -> usize {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    let mut refused = 0;
    for keys in keys {
        alice
            .call(Method::PUT, "/users/me/keys", Some(keys))
            .await
            .expect_code(422, "invalid_key");
        refused += 1;
    }
    let identity = alice.get("/users/me/identity").await.expect(200).body;
    assert!(
        identity["signingKey"].is_null() && identity["encryptionKey"].is_null(),
        "{identity}"
    );
    refused
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_signing_keys_of_small_order_or_in_another_encoding_are_refused() {
    let small = SMALL_ORDER.into_iter().map(from_hex);
    // (0, 1) and (0, -1) with the sign of a zero set.
    let signed_zero = [SMALL_ORDER[0], SMALL_ORDER[1]]
        .into_iter()
        .map(from_hex)
        .map(with_highest_bit);
    let all = small.chain(signed_zero).chain(unreduced());
    let good = encoding::encode(&from_hex(&format!("09{}", "00".repeat(31))));
    let keys = all.map(|key| json!({ "signingKey": encoding::encode(&key), "encryptionKey": good }));
    assert_eq!(refuses_keys(keys).await, 8 + 2 + 2 * 19);
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_encryption_keys_of_small_order_or_in_another_encoding_are_refused() {
    let small = SMALL_ORDER_X25519.into_iter().map(from_hex);
    let masked = SMALL_ORDER_X25519.into_iter().map(from_hex).map(with_highest_bit);
    let all = small.chain(masked).chain(unreduced());
    let good = SigningKey::from_seed(&random()).verifying_key().to_base64();
    let keys = all.map(|key| json!({ "signingKey": good, "encryptionKey": encoding::encode(&key) }));
    assert_eq!(refuses_keys(keys).await, 5 + 5 + 2 * 19);
}
