//! Empty for now; see `PLAN.md`.
