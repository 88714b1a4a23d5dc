//! Readers of manifests.
