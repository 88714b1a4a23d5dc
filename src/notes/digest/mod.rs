//! The week.
