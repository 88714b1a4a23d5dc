//! Keys of providers and passwords in addresses, wherever a fact quotes them, give way to `…` before anything is said.

use std::borrow::Cow;

use serde_json::Value;

use crate::finding::{Facts, Finding};
use crate::formats::settings::secrets;

/// Takes them out of every text of every finding. Readers hide what they know to be secret; this holds for the texts
/// that none of them looks at: words on screen, start values, addresses of packages and routes.
pub(super) fn hide(findings: &mut [Finding]) {
    for finding in findings {
        let Ok(mut facts) = serde_json::to_value(&finding.facts) else { continue };
        let mut found = false;
        hide_below(&mut facts, &mut found);
        if found && let Ok(facts) = serde_json::from_value::<Facts>(facts) {
            finding.facts = facts;
        }
    }
}

/// Hides them in all texts below, and notes whether there was one. Facts are as deep as their types.
fn hide_below(value: &mut Value, found: &mut bool) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(without) = secrets::without_keys(text) {
                *text = without;
                *found = true;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide_below(item, found)),
        Value::Object(entries) => entries.values_mut().for_each(|item| hide_below(item, found)),
        _ => {}
    }
}
