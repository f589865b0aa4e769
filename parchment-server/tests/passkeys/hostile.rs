use parchment_server::store::entities::{passkeys, sessions};
use serde_json::{Value, json};

use crate::support::{
    app::{TestApp, random},
    device::{Device, decode, encode, withhold},
    rows,
};

const ALICE: &str = "alice@mail.example";

/// Bytes that readers of CBOR have stumbled over.
fn bombs() -> Vec<Vec<u8>> {
    let nested = |byte: u8, depth: usize| vec![byte; depth];
    let announced = |head: u8| [vec![head], u64::MAX.to_be_bytes().to_vec()].concat();
    vec![
        vec![],
        vec![0xff],
        nested(0x81, 40_000),
        nested(0xa1, 40_000),
        nested(0x9f, 40_000),
        nested(0xc0, 40_000),
        nested(0xd9, 40_000),
        nested(0x5f, 40_000),
        announced(0x5b),
        announced(0x7b),
        announced(0x9b),
        announced(0xbb),
        announced(0xdb),
        [b"\xa3cfmtdnonegattStmt\xa0hauthData".to_vec(), announced(0x5b)].concat(),
        b"\xa3cfmtdnonegattStmt\xa0hauthData\x40".to_vec(),
        random::<512>().to_vec(),
    ]
}

/// One answer with each of its bytes' fields spoilt in turn.
fn spoilt(answer: &Value, members: &[&str]) -> Vec<Value> {
    let mut all = Vec::new();
    for member in members {
        let right = decode(&answer["response"][*member]);
        let mut bytes = bombs();
        bytes.extend((0..right.len()).step_by(7).map(|length| right[..length].to_vec()));
        bytes.extend((0..right.len()).step_by(5).map(|place| {
            let mut changed = right.clone();
            changed[place] ^= 1 << (place % 8);
            changed
        }));
        for bytes in bytes {
            let mut spoilt = answer.clone();
            spoilt["response"][*member] = encode(&bytes).into();
            all.push(spoilt);
        }
        for other in [
            json!("not base64url!"),
            json!("A"),
            json!("A".repeat(70_000)),
            json!(7),
            json!(null),
            json!([]),
        ] {
            let mut spoilt = answer.clone();
            spoilt["response"][*member] = other;
            all.push(spoilt);
        }
    }
    for member in ["id", "rawId", "type", "response"] {
        for other in [json!(""), json!("AA"), json!(null), json!({}), json!("A".repeat(2000))] {
            let mut spoilt = answer.clone();
            spoilt[member] = other;
            all.push(spoilt);
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_whatever_is_in_it_does_more_than_be_refused() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let device = Device::default();
    let mut made = device
        .create(&app.origin(), &alice.begin_passkey().await)
        .await
        .unwrap();
    withhold(&mut made);
    for wrong in spoilt(&made, &["clientDataJSON", "attestationObject"]) {
        let refused = alice.finish_passkey(&wrong).await;
        // Nothing signs an attestation of kind `none`: a changed AAGUID or counter is a passkey like any other.
        if refused.status == 200 {
            rows::change(&app, "DELETE FROM passkeys").await;
            made = device
                .cloned()
                .create(&app.origin(), &without_exclusions(alice.begin_passkey().await))
                .await
                .unwrap();
            withhold(&mut made);
            continue;
        }
        assert!([401, 422].contains(&refused.status), "{}: {wrong}", refused.text);
    }
    assert_eq!(rows::count::<passkeys::Entity>(&app).await, 0);

    let device = Device::default();
    alice.register(&device).await;
    let mut got = device.get(&app.origin(), &app.begin().await).await.unwrap();
    withhold(&mut got);
    for wrong in spoilt(&got, &["clientDataJSON", "authenticatorData", "signature"]) {
        let refused = app.finish(&wrong).await;
        assert!([401, 422].contains(&refused.status), "{}: {wrong}", refused.text);
    }
    assert_eq!(rows::count::<sessions::Entity>(&app).await, 1);
    app.finish(&got).await.expect(201);
}

fn without_exclusions(mut options: Value) -> Value {
    options["excludeCredentials"] = json!([]);
    options
}
