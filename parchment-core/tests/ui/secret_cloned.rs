//! A seed is not copied about.

use parchment_core::derive::MasterSeed;

fn copy(seed: &MasterSeed) -> MasterSeed {
    seed.clone()
}

fn main() {}
