//! Real git.
