//! Reads a change and says in plain words what it means. Data flows one way:
//!
//! ```text
//! plainly.toml ─ config ──► Config
//! repository ─── git ─────► ChangeSet, Snapshot (before, after), History, Words
//!                 services ► Catalog
//!                 formats ─► inventories
//!                 detectors ► findings            facts, no prose   ┐ pure, synchronous,
//!                 summary ─► Summary              levels, order     ┘ cannot fail
//!                 render ──► text                 handlebars, escaping, budgets
//!                 deliver ─► terminal, file, job summary, pull request comment
//! ```

pub mod change;
pub mod config;
pub mod detectors;
pub mod finding;
pub mod formats;
pub mod github;
pub mod history;
pub mod services;
