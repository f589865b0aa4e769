//! Every method of the client, against real servers: what one takes and gives is what the other gives and takes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;
use parchment_client::{Client, operations::OPERATIONS};
use parchment_core::{
    api::{
        Email, Patch,
        accounts::{PreferencesRequest, ProfileRequest, UnitSystem},
        administration::{
            ChangeRoleRequest, ChangeUserRequest, CreateRoleRequest, CreateUserRequest, RolePermissionsRequest,
        },
        blobs::BlobRequest,
        collections::{CollectionRequest, NewPointRequest, PointRequest},
        device_transfer::{TransferRequest, TransferUpload},
        friends::{Direction, FriendStatus},
        identity::{FlushItem, FlushRequest, ResetConfirmation},
        passkeys::{PasskeyAssertion, PasskeyRegistration},
        rotation::{Dropped, RotatedBlob, RotationRequest},
        wrapped_keys::SlotRequest,
    },
    canonical::Object,
    derive::{CollectionId, KeyVersion, MasterSeed},
    envelope::{Kind, UserMessage},
    handle::{Handle, ServerId},
    keys::EphemeralSecret,
    nonce::Nonce,
    prf::PrfOutput,
    request::ServerIdentity,
    seal::{self, CollectionMetadata, EncryptedPoint, PersonalBlob, SealNonce},
    slot::{Slot, SlotPlace},
    time::{Clock as _, Timestamp},
    transfer::{Invitation, SessionId},
};
use parchment_server::app::SystemClock;
use serde_json::Value;
use support::{
    app::random,
    device::{Device, withhold},
    front::Front,
    person::{Person, keys},
};

#[tokio::test(flavor = "multi_thread")]
async fn every_method_works_against_a_real_server() {
    let (home, other) = (Front::start().await, Front::start().await);
    published(&home).await;
    // The first to sign in runs the server.
    let operator = home.sign_in("operator@mail.example").await;
    account(&home, &operator).await;
    administration(&operator).await;
    let (alice, bob) = (Person::on(&home, "alice").await, Person::on(&other, "bob").await);
    passkeys_and_slots(&home, &alice).await;
    blobs(&alice).await;
    collections(&alice).await;
    devices(&alice).await;
    friends(&alice, &bob).await;
    rotation(&alice).await;
    reset(alice, &bob).await;
    sessions(&home).await;

    let (seen, strange) = home.seen();
    let all: BTreeSet<_> = OPERATIONS.iter().map(|operation| operation.id).collect();
    assert_eq!(seen, all);
    assert!(strange.is_empty(), "{strange:?}");
}

async fn published(home: &Front) {
    let client = home.client();
    assert_eq!(client.health().live().await.unwrap().status, "ok");
    assert_eq!(client.health().ready().await.unwrap().status, "ok");
    let manifest = client.well_known().manifest().await.unwrap();
    assert_eq!(format!("http://{}", manifest.server_id), home.origin);
    let nobody = client.well_known().user("nobody").await.unwrap_err();
    assert_eq!(nobody.status(), Some(404));

    // A server that nobody can ask is not believed.
    let stranger = ServerIdentity::new(ServerId::parse("localhost:9").unwrap(), &random());
    let (from, to) = ("mallory@localhost:9", format!("alice@{}", manifest.server_id));
    let now = Timestamp::from_instant(SystemClock.now());
    let message = UserMessage::new(
        Kind::FriendInvite,
        Handle::parse(from).unwrap(),
        Handle::parse(&to).unwrap(),
        Nonce::from_bytes(random()),
        now.clone(),
        Object::new(),
    );
    let message = message.unwrap().sign(&MasterSeed::from_bytes(&random()).signing_key());
    let peer = ServerId::parse(&manifest.server_id).unwrap();
    let request = stranger.inbox_request(&peer, &message, Nonce::from_bytes(random()), now);
    let refused = client.federation().deliver(&request).await.unwrap_err();
    assert_eq!(refused.code(), Some("peer_unreachable"), "{refused}");
}

async fn account(home: &Front, operator: &Client) {
    let current = operator.sessions().current().await.unwrap().unwrap();
    assert_eq!(current.user.email, "operator@mail.example");
    assert!(home.client().sessions().current().await.unwrap().is_none());
    let may = operator.sessions().permissions().await.unwrap();
    assert!(may.roles.contains(&"admin".to_owned()));

    let name = ProfileRequest {
        first_name: Patch::Set("Olga".to_owned()),
        ..ProfileRequest::default()
    };
    operator.profile().change(&name).await.unwrap();
    let first = operator.profile().complete_onboarding().await.unwrap();
    assert_eq!(operator.profile().complete_onboarding().await.unwrap(), first);
    assert_eq!(
        operator.preferences().get().await.unwrap().unit_system,
        UnitSystem::Metric
    );
    let change = PreferencesRequest {
        language: Some("de".to_owned()),
        unit_system: None,
    };
    assert_eq!(operator.preferences().change(&change).await.unwrap().language, "de");
}

async fn administration(operator: &Client) {
    let permissions = operator.permissions().list().await.unwrap();
    assert_eq!(
        operator.permissions().get(&permissions[0].id).await.unwrap().id,
        permissions[0].id
    );

    let role = CreateRoleRequest {
        id: Some("librarian".to_owned()),
        name: "Librarian".to_owned(),
        description: None,
        permissions: None,
    };
    operator.roles().create(&role).await.unwrap();
    let change = ChangeRoleRequest {
        description: Patch::Set("keeps the books".to_owned()),
        ..ChangeRoleRequest::default()
    };
    let changed = operator.roles().change("librarian", &change).await.unwrap();
    assert_eq!(changed.description.as_deref(), Some("keeps the books"));
    let permits = RolePermissionsRequest {
        permissions: vec!["library:read".to_owned()],
    };
    operator.roles().set_permissions("librarian", &permits).await.unwrap();
    assert_eq!(operator.roles().get("librarian").await.unwrap().permissions.len(), 1);
    assert!(
        operator
            .roles()
            .list()
            .await
            .unwrap()
            .iter()
            .any(|role| role.id == "librarian")
    );

    let mut made = BTreeSet::from(["operator@mail.example".to_owned()]);
    for number in 0..120 {
        let email = format!("reader{number}@mail.example");
        let user = CreateUserRequest {
            first_name: "A".to_owned(),
            last_name: "Reader".to_owned(),
            email: Email::read(&email).unwrap(),
            picture: None,
            role: None,
            roles: None,
        };
        operator.users().create(&user).await.unwrap();
        made.insert(email);
    }
    // More than one page has.
    let all: Vec<_> = operator.users().all().try_collect().await.unwrap();
    assert_eq!(all.len(), made.len());
    assert_eq!(all.iter().map(|user| user.email.clone()).collect::<BTreeSet<_>>(), made);
    assert_eq!(operator.users().list(Some(2), Some(100)).await.unwrap().data.len(), 21);
    assert_eq!(operator.users().list(None, None).await.unwrap().data.len(), 25);

    let id = &all[1].id;
    let change = ChangeUserRequest {
        roles: Some(vec!["librarian".to_owned()]),
        ..ChangeUserRequest::default()
    };
    operator.users().change(id, &change).await.unwrap();
    assert_eq!(operator.users().get(id).await.unwrap().roles[0].id, "librarian");
    operator.users().remove(id).await.unwrap();
    assert_eq!(operator.users().get(id).await.unwrap_err().code(), Some("not_found"));
    operator.roles().remove("librarian").await.unwrap();
}

/// An answer of the browser, without the PRF output that stays with the client.
fn answer<T: serde::de::DeserializeOwned>(mut answer: Value) -> (T, Option<Vec<u8>>) {
    let prf = withhold(&mut answer);
    (serde_json::from_value(answer).unwrap(), prf)
}

async fn passkeys_and_slots(home: &Front, alice: &Person) {
    let (client, device) = (&alice.client, Device::default());
    let user_id = client.sessions().current().await.unwrap().unwrap().user.id;

    let options = client.passkeys().registration_options().await.unwrap();
    let made = device
        .create(&home.origin, &serde_json::to_value(&options).unwrap())
        .await
        .unwrap();
    let (registration, _) = answer::<PasskeyRegistration>(made);
    let passkey = client.passkeys().register(&registration).await.unwrap();
    assert_eq!(client.passkeys().list().await.unwrap(), std::slice::from_ref(&passkey));

    let options = client.passkeys().prf_enroll_options(&passkey.id).await.unwrap();
    let got = device
        .get(&home.origin, &serde_json::to_value(&options).unwrap())
        .await
        .unwrap();
    let (_, output) = answer::<PasskeyAssertion>(got);
    let key = PrfOutput::from_bytes(&output.unwrap()).wrap_key().unwrap();
    let place = SlotPlace {
        user_id: &user_id,
        credential_id: &passkey.id,
    };
    let slot = Slot::wrap(&alice.seed, &key, place, SealNonce::from_bytes(random())).unwrap();
    let request = SlotRequest {
        credential_id: slot.credential_id.clone(),
        wrapped_km: slot.wrapped_km.clone(),
        wrap_algo: Some(slot.wrap_algo.clone()),
        slot_signature: slot.slot_signature.clone(),
    };
    client.slots().put(&request).await.unwrap();
    client.slots().note_use(&passkey.id).await.unwrap();
    let kept = client.slots().list().await.unwrap();
    assert_eq!((kept.len(), &kept[0].wrapped_km), (1, &slot.wrapped_km));
    assert!(kept[0].last_used_at.is_some());
    let options = client.passkeys().prf_assert_options().await.unwrap();
    assert_eq!(options.allow_credentials.unwrap()[0].id, passkey.id);

    let signing_in = home.client();
    let options = signing_in.sign_in().passkey_options().await.unwrap();
    let got = device
        .get(&home.origin, &serde_json::to_value(&options).unwrap())
        .await
        .unwrap();
    let (assertion, _) = answer::<PasskeyAssertion>(got);
    let session = signing_in.sign_in().with_passkey(&assertion).await.unwrap();
    assert_eq!(session.user.id, user_id);

    client.slots().delete(&passkey.id).await.unwrap();
    client.passkeys().delete(&passkey.id).await.unwrap();
    assert!(client.passkeys().list().await.unwrap().is_empty());
}

/// A blob, sealed under the key of a seed.
fn sealed(seed: &MasterSeed, user_id: &str, blob_type: &str, text: &str) -> String {
    let record = PersonalBlob { user_id, blob_type };
    let nonce = SealNonce::from_bytes(random());
    seal::seal(&record, &seed.personal_key(), text.as_bytes(), nonce)
        .unwrap()
        .to_base64()
}

async fn blobs(alice: &Person) {
    let (client, blob_type) = (&alice.client, "search-history");
    assert!(client.blobs().get(blob_type).await.unwrap().is_none());
    let blob = BlobRequest {
        encrypted_blob: sealed(&alice.seed, "alice", blob_type, "[]"),
        nonce: None,
        km_version: Some(1),
    };
    client.blobs().put(blob_type, &blob).await.unwrap();
    let kept = client.blobs().get(blob_type).await.unwrap().unwrap();
    assert_eq!((kept.encrypted_blob, kept.km_version), (blob.encrypted_blob.clone(), 1));
    assert_eq!(client.blobs().list().await.unwrap()[0].blob_type, blob_type);
    client.blobs().delete(blob_type).await.unwrap();
    assert!(client.blobs().list().await.unwrap().is_empty());
    client.blobs().put(blob_type, &blob).await.unwrap();
    client.blobs().put("theme", &blob).await.unwrap();
}

async fn collections(alice: &Person) {
    let client = &alice.client;
    let made = client
        .collections()
        .create(&CollectionRequest::default())
        .await
        .unwrap();
    let id = CollectionId::existing(&made.id);
    let key = alice.seed.collection_key(&id, KeyVersion::FIRST);
    let record = CollectionMetadata { user_id: &made.user_id };
    let metadata = seal::seal(&record, &key, b"{}", SealNonce::from_bytes(random())).unwrap();
    let request = CollectionRequest {
        metadata_encrypted: Some(metadata.to_base64()),
    };
    let changed = client.collections().change(&made.id, &request).await.unwrap();
    assert_eq!(changed.metadata_encrypted, request.metadata_encrypted);
    assert_eq!(client.collections().get(&made.id).await.unwrap(), changed);
    assert_eq!(client.collections().list().await.unwrap(), [changed]);

    let point_id = "018f4f5e-7a3b-7c11-9d52-2f6d4c0a9b1e";
    let record = EncryptedPoint {
        user_id: &made.user_id,
        point_id,
    };
    let point = seal::seal(&record, &key, b"{}", SealNonce::from_bytes(random()))
        .unwrap()
        .to_base64();
    let new = NewPointRequest {
        id: Some(point_id.to_owned()),
        encrypted_data: point.clone(),
    };
    let points = client.points(&made.id);
    assert_eq!(points.create(&new).await.unwrap().id, point_id);
    assert_eq!(points.create(&new).await.unwrap_err().code(), Some("point_exists"));
    points
        .change(point_id, &PointRequest { encrypted_data: point })
        .await
        .unwrap();
    assert_eq!(points.list().await.unwrap().len(), 1);
    points.delete(point_id).await.unwrap();
    assert!(points.list().await.unwrap().is_empty());
    client.collections().delete(&made.id).await.unwrap();
    assert_eq!(
        client.collections().get(&made.id).await.unwrap_err().status(),
        Some(404)
    );
}

async fn devices(alice: &Person) {
    let client = &alice.client;
    let secret = client.device_secrets().get("laptop-0001").await.unwrap();
    assert_eq!(client.device_secrets().get("laptop-0001").await.unwrap(), secret);
    client.device_secrets().rotate().await.unwrap();
    assert_ne!(client.device_secrets().get("laptop-0001").await.unwrap(), secret);

    let once = EphemeralSecret::from_bytes(&random());
    let request = TransferRequest {
        receiver_ephemeral_pub: once.ephemeral_key().to_base64(),
    };
    let transfer = client.transfers().begin(&request).await.unwrap();
    let early = client.transfers().fetch(&transfer.session_id).await.unwrap_err();
    assert!(early.status() == Some(425) && early.is_retriable(), "{early}");
    let invitation = Invitation::new(SessionId::parse(&transfer.session_id).unwrap(), once.ephemeral_key());
    let (mine, nonce) = (EphemeralSecret::from_bytes(&random()), SealNonce::from_bytes(random()));
    let payload = invitation.answer(&alice.seed, mine, nonce).unwrap().payload;
    let upload = TransferUpload {
        sender_ephemeral_pub: payload.sender().to_base64(),
        sealed_seed: payload.sealed_seed().to_base64(),
        sender_signature: payload.signature().to_base64(),
    };
    client.transfers().upload(&transfer.session_id, &upload).await.unwrap();
    let fetched = client.transfers().fetch(&transfer.session_id).await.unwrap();
    assert_eq!(fetched.sealed_seed, upload.sealed_seed);
    let transfer = client.transfers().begin(&request).await.unwrap();
    client.transfers().cancel(&transfer.session_id).await.unwrap();
}

async fn friends(alice: &Person, bob: &Person) {
    let (ours, theirs) = (alice.client.invitations(), bob.client.invitations());
    assert!(
        alice
            .client
            .identity()
            .check_alias("free_alias")
            .await
            .unwrap()
            .available
    );
    assert_eq!(
        alice.client.identity().get().await.unwrap().handle.unwrap(),
        alice.handle.as_str()
    );
    let found = alice.client.friends().resolve(bob.handle.as_str()).await.unwrap();
    assert_eq!(found.signing_key, keys(&bob.seed).signing_key);

    // Taken back, rejected, accepted.
    let made = ours.send(&alice.invitation(&bob.handle)).await.unwrap();
    assert!(
        ours.cancel(&made.id, &alice.revocation(&bob.handle))
            .await
            .unwrap()
            .delivered
    );
    theirs.send(&bob.invitation(&alice.handle)).await.unwrap();
    let waiting = ours.list(Some(Direction::Incoming)).await.unwrap();
    let rejection = alice.sign(Kind::FriendReject, &bob.handle);
    assert!(ours.reject(&waiting[0].id, &rejection).await.unwrap().delivered);
    assert!(theirs.list(None).await.unwrap().is_empty());
    theirs.send(&bob.invitation(&alice.handle)).await.unwrap();
    let waiting = ours.list(Some(Direction::Incoming)).await.unwrap();
    ours.accept(&waiting[0].id, &alice.sign(Kind::FriendAccept, &bob.handle))
        .await
        .unwrap();
    let friends = alice.client.friends().list().await.unwrap();
    assert_eq!((friends.len(), friends[0].status), (1, FriendStatus::Accepted));
    assert!(alice.client.friends().sync_keys().await.unwrap()[0].error.is_none());

    let ended = alice
        .client
        .friends()
        .end(bob.handle.as_str(), &alice.revocation(&bob.handle))
        .await;
    assert!(ended.unwrap().delivered);
    assert!(bob.client.friends().list().await.unwrap().is_empty());
}

async fn rotation(alice: &Person) {
    let client = &alice.client;
    assert_eq!(client.rotation().version().await.unwrap(), 1);
    let seed = MasterSeed::from_bytes(&random());
    let public = keys(&seed);
    let mut commit = RotationRequest {
        expected_current: 1.0,
        signing_key: public.signing_key,
        encryption_key: public.encryption_key,
        blobs: None,
        collections: None,
        points: None,
        slots: None,
        drop: None,
    };
    let refused = client.rotation().commit(&commit).await.unwrap_err();
    assert_eq!(refused.code(), Some("rotation_incomplete"));
    let missing = refused.refused().unwrap().missing.as_ref().unwrap();
    assert_eq!(missing.blobs, ["search-history", "theme"]);
    commit.blobs = Some(vec![RotatedBlob {
        blob_type: "search-history".to_owned(),
        encrypted_blob: sealed(&seed, "alice", "search-history", "[]"),
    }]);
    commit.drop = Some(Dropped {
        blobs: Some(vec!["theme".to_owned()]),
        ..Dropped::default()
    });
    assert_eq!(client.rotation().commit(&commit).await.unwrap(), 2);
    let again = client.rotation().commit(&commit).await.unwrap_err();
    assert_eq!(again.code(), Some("rotation_conflict"));
}

async fn reset(alice: Person, bob: &Person) {
    let alice = Person {
        seed: MasterSeed::from_bytes(&random()),
        ..alice
    };
    let client = &alice.client;
    client.identity().set_keys(&keys(&alice.seed)).await.unwrap();
    client.invitations().send(&alice.invitation(&bob.handle)).await.unwrap();
    client
        .identity()
        .reset(ResetConfirmation::EraseAllMyData)
        .await
        .unwrap();
    let pending = client.revocations().pending().await.unwrap();
    assert_eq!(pending[0].peer_handle, bob.handle.as_str());
    client.identity().set_keys(&keys(&alice.seed)).await.unwrap();
    let envelope = alice.revocation(&bob.handle);
    let item = FlushItem {
        peer_handle: bob.handle.to_string(),
        signature: envelope.revoke_signature.unwrap(),
        nonce: envelope.revoke_nonce.unwrap(),
        timestamp: envelope.revoke_timestamp.unwrap(),
        message_version: None,
    };
    let flushed = client
        .revocations()
        .flush(&FlushRequest { items: vec![item] })
        .await
        .unwrap();
    assert!(flushed[0].delivered, "{flushed:?}");
    let gone = client.revocations().drop(bob.handle.as_str()).await.unwrap_err();
    assert_eq!(gone.code(), Some("not_found"));
}

async fn sessions(home: &Front) {
    let mut devices = Vec::new();
    for _ in 0..3 {
        devices.push(home.sign_in("carol@mail.example").await);
    }
    let [laptop, phone, tablet] = &*devices else {
        panic!("three")
    };
    let listed = laptop.sessions().list().await.unwrap();
    assert_eq!(
        listed.iter().map(|one| one.current).collect::<Vec<_>>(),
        [false, false, true]
    );
    laptop.sessions().end(&listed[0].id).await.unwrap();
    assert!(tablet.sessions().current().await.unwrap().is_none());
    laptop.sessions().end_others("laptop-0001").await.unwrap();
    assert!(phone.sessions().current().await.unwrap().is_none());
    laptop.sessions().end_all().await.unwrap();
    assert_eq!(laptop.sessions().list().await.unwrap_err().code(), Some("signed_out"));
    laptop.sessions().sign_out().await.unwrap();
}
