//! Readers of settings.
