//! A person in front of the page.

use std::{env, fs, path::Path};

use serde_json::{Value, json};

use crate::support::{app::TestApp, browser::Browser};

/// A browser on the page of a server.
pub struct Visitor<'a> {
    pub browser: Browser,
    pub app: &'a TestApp,
}

impl<'a> Visitor<'a> {
    /// Opens the page; none where there is no browser and none is required.
    pub async fn open(app: &'a TestApp) -> Option<Self> {
        let this = Self {
            browser: Browser::start().await?,
            app,
        };
        this.browser.open(&format!("{}/", app.settings.public_origin)).await;
        Some(this)
    }

    pub async fn sees(&self, selector: &str) {
        let shown = format!("document.querySelector({})?.checkVisibility()", json!(selector));
        self.browser.wait_for(&shown).await;
    }

    pub async fn sees_no(&self, selector: &str) {
        let hidden = format!("!document.querySelector({})?.checkVisibility()", json!(selector));
        self.browser.wait_for(&hidden).await;
    }

    pub async fn reads(&self, selector: &str, text: &str) {
        let expression = format!(
            "document.querySelector({})?.innerText.includes({})",
            json!(selector),
            json!(text)
        );
        self.browser.wait_for(&expression).await;
    }

    pub async fn click(&self, selector: &str) {
        self.sees(selector).await;
        self.browser.click(selector).await;
    }

    pub async fn types(&self, selector: &str, text: &str) {
        self.sees(selector).await;
        self.browser.enter(selector, text).await;
    }

    /// Signs in with a code from the mail.
    pub async fn signs_in(&self, email: &str) {
        self.types("#email", email).await;
        self.click("#ask button").await;
        self.reads("#notice", "a code is on its way").await;
        let code = self.app.code_for(email).await;
        self.types("#code", &code).await;
        self.click("#redeem button[type=submit]").await;
        self.sees("#signed-in").await;
    }

    /// The page as it is now, kept as a picture of the documentation when that is asked for.
    pub async fn picture(&self, name: &str) {
        if env::var_os("PARCHMENT_SCREENSHOTS").is_some() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/images").join(name);
            fs::write(path, self.browser.screenshot().await).unwrap();
        }
    }

    /// A request from the page's own origin with its cookie; gives status and body.
    pub async fn posts(&self, path: &str, body: &Value) -> (u64, Value) {
        let script = format!(
            "return fetch({}, {{ method: 'POST', headers: {{ 'content-type': 'application/json' }}, \
             body: JSON.stringify({body}) }}).then(async (answer) => [answer.status, await answer.json()]);",
            json!(path)
        );
        let answer = self.browser.run(&script).await;
        (answer[0].as_u64().unwrap(), answer[1].clone())
    }

    /// Nothing was complained about, forbidden, or asked of anybody else.
    pub async fn was_left_in_peace(&self) {
        let complaints = self.browser.log("browser").await;
        // The browser itself logs answers that are refusals; they are not the page's.
        let complaints: Vec<_> = complaints
            .iter()
            .filter(|entry| {
                !entry["message"]
                    .as_str()
                    .unwrap_or_default()
                    .contains("Failed to load resource")
            })
            .collect();
        assert!(complaints.is_empty(), "{complaints:#?}");
        assert_eq!(self.browser.run("return window.forbidden;").await, json!([]));
        let own = format!("{}/", self.app.settings.public_origin);
        let requested = self.browser.requested().await;
        let elsewhere: Vec<_> = requested
            .iter()
            .filter(|url| !url.starts_with(&own) && !url.starts_with("data:"))
            .collect();
        assert!(elsewhere.is_empty(), "{elsewhere:#?}");
    }
}
