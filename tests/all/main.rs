//! All integration tests, in one program: one link step.

mod git;
mod repo;
