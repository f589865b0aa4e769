//! The typed client of the Parchment HTTP interface and the user's side of its cryptography.
//!
//! Nothing is built yet; `PLAN.md` beside the manifest says what comes.
