//! Keys of providers and passwords in addresses, wherever a fact quotes them, give way to `…` before anything is said.

use serde_json::Value;

use crate::finding::{Facts, Finding};
use crate::formats::settings::secrets;

/// Takes them out of every text of every finding. Readers hide what they know to be secret; this holds for the texts
/// that none of them looks at: words on screen, start values, addresses of packages and routes.
pub(super) fn hide(findings: &mut [Finding]) {
    for finding in findings {
        let Ok(mut facts) = serde_json::to_value(&finding.facts) else { continue };
        if hidden(&mut facts)
            && let Ok(facts) = serde_json::from_value::<Facts>(facts)
        {
            finding.facts = facts;
        }
    }
}

/// Whether a text below was changed. Facts are as deep as their types.
fn hidden(value: &mut Value) -> bool {
    match value {
        Value::String(text) => match secrets::without_keys(text) {
            std::borrow::Cow::Owned(without) => {
                *text = without;
                true
            }
            std::borrow::Cow::Borrowed(_) => false,
        },
        Value::Array(items) => items.iter_mut().filter_map(|item| hidden(item).then_some(())).count() > 0,
        Value::Object(entries) => {
            entries.values_mut().filter_map(|item| hidden(item).then_some(())).count() > 0
        }
        _ => false,
    }
}
