//! Cases of kind `inbound`: whether a request was signed by the server it names.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use parchment_core::{
    canonical, encoding,
    handle::ServerId,
    keys::VerifyingKey,
    nonce::Nonce,
    pins::{self, MemoryPins, PinStore as _},
    refusal::{Code, Refusal},
    replay::check_transport,
    request::{RequestHead, header},
    time::{Timestamp, UnixMillis},
};

use crate::vector_runner::{
    ed25519,
    reader::{Case, VectorFile},
    verdict::{Finding, Ours, compare},
    world::{A_EXAMPLE_KEY, EVIL_EXAMPLE_KEY, World, wait},
};

/// The case in which a request comes in twice.
const REPLAY_CASE: &str = "inbound/replay-same-nonce";

/// The case that continues from a lie about a server's name.
const VICTIM_CASE: &str = "inbound/victim-locked-out-after-liar";

/// Cases of this name start with pins: those that are there afterwards.
const PINNED_CASES: &str = "inbound/pin-";

/// What upstream answers when it takes a request.
const ACCEPTED: &str = "accepted";

/// Pins by server name.
type Pins = BTreeMap<String, String>;

/// What the receiving server remembers.
#[derive(Default)]
pub(crate) struct Receiver {
    pins: Arc<MemoryPins>,
    seen: HashSet<(ServerId, Nonce)>,
}

impl Receiver {
    pub(crate) fn judge(&mut self, file: &VectorFile, case: &Case<'_>) -> Finding {
        if ![REPLAY_CASE, VICTIM_CASE].contains(&case.name()) {
            *self = Self::default();
        }
        if case.name() == REPLAY_CASE {
            // The case before delivered the same; the folder at hand may lack it. Its verdict was its own.
            let _ = self.receive(file, case);
        }
        let started = self.start(case);
        let before = self.pins_of(file, case);
        let ours = started.and_then(|()| self.receive(file, case));
        if case.name() == VICTIM_CASE {
            return self.judge_victim(file, case, ours);
        }
        let upstream = (case.text("verdict") == ACCEPTED).then_some(());
        // An accepted request leaves the pins that it leaves upstream. A refused one pins nothing
        // (rule 17.10), although upstream pins what it has fetched before it looks at the signature.
        let expected = if ours.is_ok() && upstream.is_some() {
            recorded_pins(case)
        } else {
            before
        };
        compare(upstream, ours).and(compare(Some(expected), Ok(self.pins_of(file, case))))
    }

    /// Upstream pinned the liar's key for its victim. Here nothing was pinned, so the victim gets in
    /// and is pinned with its own key (rule 17.10).
    fn judge_victim(&self, file: &VectorFile, case: &Case<'_>, ours: Ours<()>) -> Finding {
        let own_key = Pins::from([("a.example".to_owned(), A_EXAMPLE_KEY.to_owned())]);
        match (ours, self.pins_of(file, case)) {
            (Ok(()), pins) if pins == own_key => Finding::Stricter(10),
            wrong => Finding::Wrong(format!("the victim should get in, and be pinned: {wrong:?}")),
        }
    }

    /// Loads the pins that the case starts with.
    fn start(&self, case: &Case<'_>) -> Ours<()> {
        if !case.name().starts_with(PINNED_CASES) {
            return Ok(());
        }
        for (server, key) in case.texts("pins_after") {
            let (server, key) = (ServerId::parse(server)?, VerifyingKey::from_base64(key)?);
            wait(self.pins.pin_first(&server, &key, UnixMillis(0))).unwrap();
        }
        Ok(())
    }

    fn receive(&mut self, file: &VectorFile, case: &Case<'_>) -> Ours<()> {
        let own = ServerId::parse(case.text("our_server_id"))?;
        let now = Timestamp::parse(case.text("clock"))?.instant();
        let body = canonical::parse(case.json_input("body_json")?.as_bytes())?;
        let headers = case.texts("headers");
        let head = RequestHead::read(headers.iter().map(|(name, value)| (*name, value.as_bytes())))?;
        if !head.timestamp().is_fresh(now) {
            return Err(Refusal::new(Code::StaleRequest, "stale").into());
        }
        let wrapper = head.wrapper(case.text("method"), case.text("path"), canonical::digest(&body), &own);
        wait(pins::authenticate(&head, &wrapper, &*self.pins, &world(file), now))
            .map_err(|refusal| ed25519::reason_for(refusal, &[&head.signature().to_base64()]))?;
        let is_new = self.seen.insert((head.sender().clone(), head.nonce()));
        check_transport(!is_new)?;
        Ok(())
    }

    /// The pins there are of the servers that the file and the case name.
    fn pins_of(&self, file: &VectorFile, case: &Case<'_>) -> Pins {
        let named = file
            .object("peer_world")
            .into_iter()
            .flat_map(|world| world.keys().map(String::as_str));
        let in_case = case.texts("pins_after").into_iter().map(|(server, _)| server);
        let in_headers = case
            .texts("headers")
            .into_iter()
            .filter(is_server_id)
            .map(|(_, server)| server);
        let servers = named
            .chain(in_case)
            .chain(in_headers)
            .filter_map(|server| ServerId::parse(server).ok());
        servers
            .filter_map(|server| {
                let key = wait(self.pins.pin(&server)).unwrap()?;
                Some((server.to_string(), key.to_base64()))
            })
            .collect()
    }
}

fn is_server_id((name, _): &(&str, &str)) -> bool {
    name.eq_ignore_ascii_case(header::SERVER_ID)
}

fn recorded_pins(case: &Case<'_>) -> Pins {
    case.texts("pins_after")
        .into_iter()
        .map(|(server, key)| (server.to_owned(), key.to_owned()))
        .collect()
}

/// The servers that the file describes: a key where they are honest, and prose where they are not.
pub(crate) fn world(file: &VectorFile) -> World {
    let described = file.object("peer_world").into_iter().flatten();
    let honest = described.filter_map(|(name, key)| Some((name, key.as_str()?)));
    let honest = honest.filter(|(_, key)| encoding::decode_array::<32>(key).is_ok());
    World::default()
        .with_server("a.example", A_EXAMPLE_KEY)
        .with_server("evil.example", EVIL_EXAMPLE_KEY)
        .with_manifest("liar.example", "a.example", EVIL_EXAMPLE_KEY, &[2])
        .with_manifest("future.example", "future.example", A_EXAMPLE_KEY, &[3, 4])
        .with_servers(honest)
}
