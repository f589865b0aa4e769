//! The inventory under any order of events: with an honest server nobody is ever alarmed and all come to agree; with
//! one that gives something older, whoever has seen the newer notices.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use parchment_client::account::inventory::{Inventory, Judgement, Mark, Place};
use proptest::prelude::*;
use uuid::Uuid;

/// What an honest server holds: for each place the newest record, and the inventory that came last.
#[derive(Default)]
struct Server {
    records: BTreeMap<Place, Mark>,
    inventory: Option<Inventory>,
    copies: BTreeMap<usize, Inventory>,
}

/// What a device is in the middle of; each step is one request.
#[derive(Clone)]
enum Doing {
    Nothing,
    /// Has written or deleted a record that is `ours`, and reads the inventory.
    Changed {
        place: Place,
        ours: Option<Mark>,
    },
    /// Has read or written the inventory, and looks what stands there.
    Looks {
        place: Place,
        ours: Option<Mark>,
    },
    /// Is to write the inventory with this change.
    Lists {
        change: Change,
    },
    /// Has written its copy, and is to write the same as the inventory.
    Writes {
        inventory: Inventory,
        change: Change,
    },
    /// Has announced that it deletes, and looks what it is.
    Announced {
        place: Place,
    },
    /// Is to delete it.
    Deletes {
        place: Place,
        ours: Option<Mark>,
    },
}

#[derive(Clone)]
enum Change {
    Announce {
        place: Place,
        known: Option<Mark>,
        seen: Option<Mark>,
    },
    Settle {
        place: Place,
        known: Option<Mark>,
        seen: Option<Mark>,
        ours: Option<Mark>,
    },
}

struct Device {
    number: usize,
    known: Inventory,
    doing: Doing,
}

impl Device {
    fn read(&mut self, server: &Server) {
        if let Some(given) = &server.inventory {
            self.known = self.known.merge(given);
        }
    }

    fn begin(&mut self, server: &mut Server, place: Place, mark: Mark, deletes: bool) {
        if deletes {
            self.doing = Doing::Announced { place };
        } else {
            server.records.insert(place.clone(), mark);
            self.doing = Doing::Changed {
                place,
                ours: Some(mark),
            };
        }
    }

    /// Is switched off and on again: what it was doing is forgotten, what it knows is not. Says whether it could be: a
    /// device that has listed something ends with looking.
    fn restart(&mut self) -> bool {
        let can = match &self.doing {
            Doing::Changed { .. } | Doing::Announced { .. } => true,
            Doing::Lists { change } => matches!(change, Change::Announce { .. }),
            _ => false,
        };
        if can {
            self.doing = Doing::Nothing;
        }
        can
    }

    /// The next request of what it is doing.
    fn step(&mut self, server: &mut Server) {
        self.doing = match std::mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Nothing => Doing::Nothing,
            Doing::Changed { place, ours } => {
                self.read(server);
                Doing::Looks { place, ours }
            }
            Doing::Looks { place, ours } => {
                let seen = server.records.get(&place).copied();
                let known = self.known.mark(&place);
                let gone = |mark| self.known.judge(&place, mark) == Judgement::Superseded;
                let is_told = seen == ours || ours.is_none_or(gone);
                if known == seen && is_told && !self.known.is_leaving(&place) {
                    return;
                }
                Doing::Lists {
                    change: Change::Settle {
                        place,
                        known,
                        seen,
                        ours,
                    },
                }
            }
            Doing::Lists { change } => {
                self.read(server);
                let mut inventory = self.known.clone();
                match &change {
                    Change::Announce { place, known, seen } => {
                        inventory.settle(place, *known, *seen);
                        inventory.announce(place);
                    }
                    Change::Settle {
                        place,
                        known,
                        seen,
                        ours,
                    } => {
                        inventory.settle(place, *known, *seen);
                        ours.filter(|ours| *seen != Some(*ours))
                            .into_iter()
                            .for_each(|ours| inventory.retire(ours));
                    }
                }
                inventory.follow(self.known.counter());
                server.copies.insert(self.number, inventory.clone());
                Doing::Writes { inventory, change }
            }
            Doing::Writes { inventory, change } => {
                server.inventory = Some(inventory.clone());
                self.known = inventory;
                match change {
                    Change::Announce { place, .. } => Doing::Announced { place },
                    Change::Settle { place, ours, .. } => Doing::Looks { place, ours },
                }
            }
            Doing::Announced { place } => {
                let (known, seen) = (self.known.mark(&place), server.records.get(&place).copied());
                match seen {
                    None if known.is_none() => Doing::Nothing,
                    _ if known == seen && self.known.is_leaving(&place) => Doing::Deletes { place, ours: seen },
                    _ => Doing::Lists {
                        change: Change::Announce { place, known, seen },
                    },
                }
            }
            Doing::Deletes { place, ours } => {
                server.records.remove(&place);
                Doing::Changed { place, ours }
            }
        };
    }

    /// Whether it is in the middle of changing something.
    fn is_about(&self, suspected: &Place) -> bool {
        match &self.doing {
            Doing::Nothing => false,
            Doing::Changed { place, .. }
            | Doing::Looks { place, .. }
            | Doing::Announced { place }
            | Doing::Deletes { place, .. } => place == suspected,
            Doing::Lists { change } | Doing::Writes { change, .. } => match change {
                Change::Announce { place, .. } | Change::Settle { place, .. } => place == suspected,
            },
        }
    }

    /// What a device suspects that reads everything now: inventory first, records after it, copies on suspicion.
    fn alarm(&self, server: &Server) -> Option<Place> {
        let mut known = self.known.clone();
        known = server.inventory.iter().fold(known, |known, given| known.merge(given));
        suspicion(&known, server)?;
        known = server.copies.values().fold(known, |known, copy| known.merge(copy));
        suspicion(&known, server)
    }
}

/// What is older than it should be, or missing.
fn suspicion(known: &Inventory, server: &Server) -> Option<Place> {
    let older = server
        .records
        .iter()
        .find(|(place, mark)| !known.is_leaving(place) && known.judge(place, **mark) == Judgement::Superseded);
    let mut blobs = known.blobs().map(|blob| Place::Blob(blob.to_owned()));
    older
        .map(|(place, _)| place.clone())
        .or_else(|| blobs.find(|place| !server.records.contains_key(place)))
}

fn blob(number: u8) -> Place {
    Place::Blob(format!("blob-{number}"))
}

/// Few enough cases for every day; `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases.unwrap_or(96))
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_devices_do_at_once_nobody_is_alarmed_and_all_come_to_agree(
        events in prop::collection::vec((0_usize..3, 0_u8..3, any::<bool>(), 0_u8..6), 1..80),
    ) {
        let mut server = Server::default();
        let device = |number| Device { number, known: Inventory::new(1), doing: Doing::Nothing };
        let mut devices: Vec<Device> = (0..3).map(device).collect();
        for (index, (number, place, deletes, kind)) in events.iter().enumerate() {
            let device = &mut devices[*number];
            if matches!(device.doing, Doing::Nothing) {
                device.begin(&mut server, blob(*place), Mark::of(&index.to_le_bytes()), *deletes);
            } else if *kind > 0 || !device.restart() {
                device.step(&mut server);
            }
            for device in &devices {
                // Whoever suspects something waits a moment, for a device that is in the middle of it.
                let alarm = device.alarm(&server).filter(|place| !devices.iter().any(|other| other.is_about(place)));
                prop_assert_eq!(alarm, None);
            }
        }
        // Everybody ends what it does, reads all copies, and writes once more.
        for device in &mut devices {
            while !matches!(device.doing, Doing::Nothing) {
                device.step(&mut server);
            }
        }
        for _ in 0..2 {
            for device in &mut devices {
                device.read(&server);
                device.known = server.copies.values().fold(device.known.clone(), |known, copy| known.merge(copy));
                for (place, mark) in &server.records {
                    let known = device.known.mark(place);
                    device.known.settle(place, known, Some(*mark));
                }
                device.known.follow(0);
                server.inventory = Some(device.known.clone());
                server.copies.insert(device.number, device.known.clone());
            }
        }
        for (place, mark) in &server.records {
            prop_assert_eq!(server.inventory.as_ref().unwrap().judge(place, *mark), Judgement::Listed);
        }
        for device in &mut devices {
            device.read(&server);
            prop_assert_eq!(&device.known, server.inventory.as_ref().unwrap());
        }
    }

    #[test]
    fn what_one_device_wrote_over_and_listed_is_noticed_by_every_device_that_knows(
        writes in prop::collection::vec(0_u8..3, 2..40),
        old in any::<prop::sample::Index>(),
    ) {
        let (mut inventory, mut all) = (Inventory::new(1), Vec::new());
        for (index, place) in writes.iter().enumerate() {
            let mark = Mark::of(&index.to_le_bytes());
            inventory.list(&blob(*place), mark);
            inventory.follow(0);
            all.push((blob(*place), mark));
        }
        let (place, mark) = old.get(&all).clone();
        let stands = inventory.mark(&place) == Some(mark);
        let expected = if stands { Judgement::Listed } else { Judgement::Superseded };
        prop_assert_eq!(inventory.judge(&place, mark), expected.clone());
        // It is the same for whoever reads what was sealed, or merges it into what it knew.
        let read = Inventory::read(&inventory.to_text()).unwrap();
        prop_assert_eq!(&read, &inventory);
        let merged = Inventory::new(1).merge(&read);
        prop_assert_eq!(merged.judge(&place, mark), expected);
    }

    #[test]
    fn an_inventory_is_read_as_it_was_written(
        blobs in prop::collection::vec(("[a-z.:_-]{1,64}", any::<[u8; 4]>()), 0..20),
        points in prop::collection::vec((0_u128..4, any::<u128>(), any::<[u8; 4]>(), any::<bool>()), 0..40),
    ) {
        let mut inventory = Inventory::new(7);
        for (blob, bytes) in &blobs {
            inventory.list(&Place::Blob(blob.clone()), Mark::of(bytes));
        }
        for (collection, id, bytes, leaves) in &points {
            let (collection, id) = (Uuid::from_u128(*collection), Uuid::from_u128(*id));
            inventory.list_collection(collection, 3);
            let place = Place::Point { collection, id };
            inventory.list(&place, Mark::of(bytes));
            if *leaves {
                inventory.announce(&place);
            }
        }
        inventory.follow(41);
        prop_assert_eq!(inventory.counter(), 42);
        let read = Inventory::read(&inventory.to_text()).unwrap();
        prop_assert_eq!(&read, &inventory);
        prop_assert_eq!(inventory.merge(&read), inventory);
    }
}

#[test]
fn the_largest_account_that_a_server_takes_fits_into_one_blob() {
    use parchment_core::limits;
    let mut inventory = Inventory::new(1);
    for number in 0..limits::BLOBS_PER_USER {
        inventory.list(&Place::Blob(format!("{number:064}")), Mark::of(&number.to_le_bytes()));
    }
    for number in 0..u128::from(limits::COLLECTIONS_PER_USER) {
        let place = Place::Collection(Uuid::from_u128(number));
        inventory.list_collection(Uuid::from_u128(number), 1);
        inventory.list(&place, Mark::of(&number.to_le_bytes()));
    }
    for number in 0..u128::from(limits::POINTS_PER_USER) {
        let (collection, id) = (Uuid::from_u128(number % 1000), Uuid::from_u128(number));
        inventory.list(
            &Place::Point { collection, id },
            Mark::of(&(number + 5_000_000).to_le_bytes()),
        );
    }
    for number in 0..10_000_u64 {
        inventory.retire(Mark::of(&(number + 9_000_000).to_le_bytes()));
    }
    let length = inventory.to_text().len();
    assert!(length + 30 <= limits::BLOB_BYTES, "{length}");
}

#[test]
fn what_is_no_inventory_is_refused() {
    for text in [
        "",
        "{}",
        "[]",
        "{\"v\":2,\"counter\":1,\"kmVersion\":1,\"blobs\":{},\"collections\":{}}",
    ] {
        assert!(Inventory::read(text).is_err(), "{text}");
    }
}
