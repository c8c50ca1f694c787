//! The response header about overrides.

use http::header::{CACHE_CONTROL, EXPIRES};
use http::{HeaderMap, HeaderName, HeaderValue};
use statsig::overrides::signed::OverrideRefusal;
use statsig::overrides::{OverriddenName, RequestOverrides};
use statsig::{Reason, StatsigUser};

use crate::Flags;

const APPLIED: HeaderName = HeaderName::from_static("statsig-overrides-applied");
const REFUSED: HeaderName = HeaderName::from_static("statsig-overrides-refused");
const UNCACHEABLE: HeaderValue = HeaderValue::from_static("private, no-store");
/// Suffixes of the headers that content delivery networks and nginx prefer to `cache-control`.
const TARGETED: [&str; 4] = [
    "cdn-cache-control",
    "surrogate-control",
    "edge-control",
    "x-accel-expires",
];

/// The limit of the names in a response, in bytes.
const MAX_NAMES_BYTES: usize = 1_000;
/// The limit of one name, in characters.
const MAX_NAME_CHARS: usize = 120;

/// The header of a response to a request with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    name: HeaderName,
    value: HeaderValue,
}

impl Mark {
    /// Names the forced gates and parameters. `flags` are those without the overrides.
    pub(super) fn applied(overrides: &RequestOverrides, flags: &Flags) -> Self {
        let mut names = String::new();
        let mut left_out = 0_usize;
        let mut last = None;
        for name in overrides.names() {
            let mut shown = header_text(&name);
            let entity = (name.kind, name.entity);
            let is_unknown = match last {
                Some((known, is_unknown)) if known == entity => is_unknown,
                _ => is_unknown(&name, flags),
            };
            last = Some((entity, is_unknown));
            if is_unknown {
                shown.push_str(" (unknown)");
            }
            if left_out > 0 || names.len() + shown.len() > MAX_NAMES_BYTES {
                left_out += 1;
                continue;
            }
            if !names.is_empty() {
                names.push_str(", ");
            }
            names.push_str(&shown);
        }
        if left_out > 0 {
            names.push_str(&format!(", and {left_out} more"));
        }
        Self {
            name: APPLIED,
            // The text has only characters that headers can have.
            value: HeaderValue::from_str(&names).unwrap_or_else(|_| HeaderValue::from_static("?")),
        }
    }

    pub(super) fn refused(reason: OverrideRefusal) -> Self {
        Self {
            name: REFUSED,
            value: HeaderValue::from_static(reason.as_str()),
        }
    }

    /// Sets the header, and keeps the response out of caches.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        let mut targeted: Vec<_> = headers.keys().cloned().collect();
        targeted.retain(|name| TARGETED.iter().any(|end| name.as_str().ends_with(end)));
        for name in targeted {
            headers.remove(name);
        }
        headers.remove(EXPIRES);
        headers.insert(CACHE_CONTROL, UNCACHEABLE);
        headers.insert(self.name, self.value);
    }
}

/// A name with only the characters of headers, without commas, which separate names.
fn header_text(name: &OverriddenName<'_>) -> String {
    let is_safe = |c: char| matches!(c, ' '..='~') && c != ',';
    let text = name.to_string();
    let safe = text.chars().map(|c| if is_safe(c) { c } else { '?' });
    safe.take(MAX_NAME_CHARS).collect()
}

/// Whether the entity is not in the specs. It shows a tester that a name is misspelt.
fn is_unknown(name: &OverriddenName<'_>, flags: &Flags) -> bool {
    let nobody = StatsigUser::anonymous();
    let explained = flags.client().explain(&nobody, name.kind, name.entity);
    matches!(
        explained.result.details.reason,
        Reason::Unrecognized(_) | Reason::NoSpecs(_)
    )
}
