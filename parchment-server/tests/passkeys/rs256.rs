//! RS256, which Windows Hello may use and the software authenticator does not know.

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding as _};
use rustls::{
    SignatureScheme,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer},
    sign::SigningKey,
};
use serde_cbor_2::Value as Cbor;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{
    app::TestApp,
    device::{decode, encode},
};

const ID: [u8; 16] = [7; 16];

/// A 2048-bit key that is used nowhere else.
fn rsa_key() -> std::sync::Arc<dyn SigningKey> {
    let text: String = include_str!("../data/rsa-2048-pkcs1.txt").split_whitespace().collect();
    let der = PrivatePkcs1KeyDer::from(Base64::decode_vec(&text).unwrap());
    let provider = ring::default_provider();
    provider
        .key_provider
        .load_private_key(PrivateKeyDer::Pkcs1(der))
        .unwrap()
}

/// The public key as authenticators write it, with so many bytes that belong to no key.
fn cose_key(key: &dyn SigningKey, ballast: usize) -> Vec<u8> {
    // The public key in DER ends with the modulus, and the exponent 65537 after its tag and length.
    let der = key.public_key().unwrap().to_vec();
    let (modulus, exponent) = der.split_at(der.len() - 5);
    assert_eq!(exponent, [2, 3, 1, 0, 1]);
    let modulus = modulus[modulus.len() - 256..].to_vec();
    let mut map: BTreeMap<Cbor, Cbor> = [
        (1, Cbor::Integer(3)),
        (3, Cbor::Integer(-257)),
        (-1, Cbor::Bytes(modulus)),
        (-2, Cbor::Bytes(vec![1, 0, 1])),
    ]
    .map(|(label, value)| (Cbor::Integer(label), value))
    .into();
    if ballast > 0 {
        map.insert(Cbor::Integer(-70_000), Cbor::Bytes(vec![0; ballast]));
    }
    serde_cbor_2::to_vec(&Cbor::Map(map)).unwrap()
}

fn client_data(app: &TestApp, type_: &str, options: &Value) -> Vec<u8> {
    let data = json!({ "type": type_, "challenge": options["challenge"], "origin": app.origin() });
    data.to_string().into_bytes()
}

fn authenticator_data(flags: u8) -> Vec<u8> {
    let mut data = Sha256::digest(b"localhost").to_vec();
    data.push(flags);
    data.extend([0; 4]);
    data
}

/// A new passkey with this key.
fn registration(app: &TestApp, options: &Value, key: Vec<u8>) -> Value {
    let mut data = authenticator_data(0x45);
    // Windows Hello's model.
    data.extend(0x08987058_cadc_4b81_b6e1_30de50dcbe96_u128.to_be_bytes());
    data.extend(16_u16.to_be_bytes());
    data.extend(ID);
    data.extend(key);
    let object: BTreeMap<Cbor, Cbor> = [
        ("fmt", Cbor::Text("none".to_owned())),
        ("attStmt", Cbor::Map(BTreeMap::new())),
        ("authData", Cbor::Bytes(data)),
    ]
    .map(|(name, value)| (Cbor::Text(name.to_owned()), value))
    .into();
    json!({
        "id": encode(&ID),
        "rawId": encode(&ID),
        "type": "public-key",
        "response": {
            "clientDataJSON": encode(&client_data(app, "webauthn.create", options)),
            "attestationObject": encode(&serde_cbor_2::to_vec(&Cbor::Map(object)).unwrap()),
        },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_with_an_rsa_key_is_registered_and_signs_in() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    let key = rsa_key();

    let options = alice.begin_passkey().await;
    let long = registration(&app, &options, cose_key(&*key, 1000));
    alice
        .finish_passkey(&long)
        .await
        .expect_code(401, "passkey_verification_failed");
    let answer = registration(&app, &options, cose_key(&*key, 0));
    let passkey = alice.finish_passkey(&answer).await.expect(200).body;
    assert_eq!(passkey["name"], "Windows Hello");
    assert_eq!(passkey["deviceType"], "singleDevice");

    let options = app.begin().await;
    let (data, client_data) = (authenticator_data(0x05), client_data(&app, "webauthn.get", &options));
    let signed = [data.clone(), Sha256::digest(&client_data).to_vec()].concat();
    let signer = key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]).unwrap();
    let right = json!({
        "id": encode(&ID),
        "rawId": encode(&ID),
        "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "authenticatorData": encode(&data),
            "clientDataJSON": encode(&client_data),
            "signature": encode(&signer.sign(&signed).unwrap()),
        },
    });
    let mut wrong = right.clone();
    let mut signature = decode(&right["response"]["signature"]);
    signature[100] ^= 1;
    wrong["response"]["signature"] = encode(&signature).into();
    app.finish(&wrong).await.expect_code(401, "passkey_verification_failed");
    let signed_in = app.finish(&right).await.expect(201);
    assert_eq!(signed_in.body["user"]["id"], alice.id);
}
