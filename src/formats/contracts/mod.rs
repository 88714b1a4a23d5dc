//! Readers of contracts.
