//! Statement 36: passkeys are used on pages of the client and nowhere else.

use super::common::*;

/// A server for pages of these origins, with one passkey of alice's.
async fn server(own: &str, client: Option<&str>) -> (TestApp, Device, Value) {
    let app = TestApp::start_with(|settings| {
        settings.public_origin = Origin::parse(own).unwrap();
        settings.client_origin = client.map(|client| Origin::parse(client).unwrap());
        settings.rate_limits = parchment_server::config::Switch::Off;
    })
    .await;
    let device = Device::default();
    let alice = app.sign_in(ALICE).await;
    let options = alice.begin_passkey().await;
    let mut made = device.create(client.unwrap_or(own), &options).await.unwrap();
    withhold(&mut made);
    alice.finish_passkey(&made).await.expect(200);
    drop(alice);
    (app, device, options)
}

async fn from(app: &TestApp, device: &Device, origin: &str) -> Answer {
    let mut claim = device.claim(app, &app.begin().await);
    claim.client_data["origin"] = origin.into();
    app.finish(&device.assert(&claim)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn s36_an_origin_that_looks_like_the_clients_is_another() {
    let (app, device, options) = server("https://example.com", None).await;
    assert_eq!(options["rp"]["id"], "example.com");
    for origin in [
        "https://evil-example.com",
        "https://evilexample.com",
        "https://example.com.evil.example",
        "https://evil.example/example.com",
        "https://example.com@evil.example",
        "https://sub.example.com",
        "https://com",
        "http://example.com",
        "https://example.com:8443",
        "https://example.com.",
        "wss://example.com",
        "null",
        "",
    ] {
        from(&app, &device, origin).await.expect_code(FAILED.0, FAILED.1);
    }
    from(&app, &device, "https://example.com").await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn s36_a_passkey_of_another_host_is_refused_though_the_page_is_right() {
    let (app, device, _) = server("https://example.com", None).await;
    for rp_id in ["evil-example.com", "com", "sub.example.com", "EXAMPLE.com", ""] {
        let mut claim = device.claim(&app, &app.begin().await);
        claim.rp_id = rp_id.to_owned();
        app.finish(&device.assert(&claim)).await.expect_code(FAILED.0, FAILED.1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s36_the_servers_own_pages_count_where_its_host_is_the_clients_or_below() {
    let (client, below) = ("https://example.com", "https://home.example.com");
    let (app, device, options) = server(below, Some(client)).await;
    assert_eq!(options["rp"]["id"], "example.com");
    for origin in [client, below] {
        from(&app, &device, origin).await.expect(201);
    }
    from(&app, &device, "https://other.example.com")
        .await
        .expect_code(FAILED.0, FAILED.1);

    for beside in ["https://evil-example.com", "https://home.example"] {
        let (app, device, _) = server(beside, Some(client)).await;
        from(&app, &device, client).await.expect(201);
        from(&app, &device, beside).await.expect_code(FAILED.0, FAILED.1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s36_a_page_in_a_frame_of_another_is_refused() {
    let (app, device, _) = server("https://example.com", None).await;
    let mut claim = device.claim(&app, &app.begin().await);
    claim.client_data["crossOrigin"] = true.into();
    app.finish(&device.assert(&claim)).await.expect_code(FAILED.0, FAILED.1);
    claim.client_data.as_object_mut().unwrap().remove("crossOrigin");
    app.finish(&device.assert(&claim)).await.expect(201);
}
