//! All integration tests, in one program: one link step.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod act;
mod architecture;
mod cases;
mod cli;
mod digest;
mod git;
mod github;
mod hook;
mod notes;
mod repo;
mod services;
mod units;
mod words;
