//! Release notes and the digest: the same facts as a summary, over a longer range, for people who were not there.
//! Facts come from comparing two end states, words come from authors in quotes, commit subjects come last.

pub mod author;
pub mod base;
pub mod credit;
pub mod digest;
pub mod facts;
pub mod model;
pub mod names;
pub mod released;
pub mod trace;
pub mod units;

pub use model::{Audience, Entry, Ledger, LeftOut, Notes, NotesRange, Section, SectionName, Source};
