//! Delivery to GitHub: the event in, one comment, labels, release draft and job summary out. The only user of
//! octocrab and tokio, and the only async code; texts arrive finished, through closures that are told their limit.

pub mod api;
pub mod change;
pub mod check;
pub mod comment;
mod error;
pub mod event;
pub mod labels;
pub mod pulls;
pub mod release;
pub mod runner;

pub use api::{Api, Patience, Session, block_on};
pub use comment::{Letter, Marker, Refusal, Upsert};
pub use error::Error;
pub use event::{Access, CommitId, Event, Nothing, PullRequest, ReadOnly, Target, WorkflowRun};
pub use runner::{Hosted, Run, Runner, Token};
