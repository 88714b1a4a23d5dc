//! How findings about stored data become sentences: one a table for each kind of step.

use crate::detectors::Line;
use crate::finding::Finding;

/// Groups the findings into sentences-to-be.
pub fn lines(findings: &[&Finding]) -> Vec<Line> {
    let _ = findings;
    Vec::new()
}
