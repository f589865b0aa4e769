//! The network in front of a real server, which loses what a test tells it to lose.

use std::sync::{Arc, Mutex};

use parchment_core::handle::Origin;
use parchment_server::config::{Settings, Switch};

use super::{
    app::{TestApp, answer, http_client},
    wire::{self, Heard, Said},
};

/// What becomes of a message to the inbox behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrives, and so does the answer.
    Arrives,
    /// It is lost on its way.
    Lost,
    /// It arrives, and the answer is lost.
    AnswerLost,
}

/// A server that others reach through a network.
pub struct Front {
    fate: Arc<Mutex<Fate>>,
}

impl Front {
    /// Starts a server that is reached through a network of its own.
    pub async fn before_a_server() -> (Self, TestApp) {
        let (fate, behind) = (Arc::new(Mutex::new(Fate::Arrives)), Arc::new(Mutex::new(String::new())));
        let (network, target) = (fate.clone(), behind.clone());
        let port = wire::listen(move |request| {
            let (fate, target) = (*network.lock().unwrap(), target.lock().unwrap().clone());
            pass(request, fate, target)
        })
        .await;
        let app = TestApp::start_with(|settings: &mut Settings| {
            settings.public_origin = Origin::parse(&format!("http://localhost:{port}")).unwrap();
            settings.allow_loopback_peers = true;
            settings.rate_limits = Switch::Off;
        })
        .await;
        *behind.lock().unwrap() = app.url("");
        (Self { fate }, app)
    }

    /// From now on this becomes of messages.
    pub fn set(&self, fate: Fate) {
        *self.fate.lock().unwrap() = fate;
    }
}

async fn pass(request: Heard, fate: Fate, target: String) -> Said {
    let is_message = request.method == "POST";
    if is_message && fate == Fate::Lost {
        return None;
    }
    let mut onward = http_client().request(request.method.parse().unwrap(), format!("{target}{}", request.path));
    for (name, value) in request
        .headers
        .iter()
        .filter(|(name, _)| name != "host" && name != "content-length")
    {
        onward = onward.header(name, value);
    }
    let said = answer(onward.body(request.body)).await;
    let is_heard = !is_message || fate == Fate::Arrives;
    is_heard.then_some((said.status, said.text))
}
