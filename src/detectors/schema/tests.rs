//! Changes as wholes.
