//! The headers of requests and responses.

use std::borrow::Cow;
use std::fmt::{self, Debug};

/// The header that carries the SDK key.
pub(crate) const KEY_HEADER: &str = "statsig-api-key";
const MASK: &str = "*****";

/// The headers of a [`Request`](crate::transport::Request) or a
/// [`Response`](crate::transport::Response), in order. A name may occur several times. Names ignore
/// case.
///
/// `Debug` masks the SDK key.
///
/// ```
/// use statsig::transport::Headers;
///
/// let mut headers = Headers::new();
/// headers.add("content-type", "application/json");
/// assert_eq!(headers.get("Content-Type"), Some("application/json"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(Cow<'static, str>, String)>);

impl Headers {
    /// No headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a header. Headers of the same name stay.
    pub fn add(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// The value of the first header with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut headers = self.iter();
        let (_, value) = headers.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

impl<N: Into<Cow<'static, str>>, V: Into<String>> Extend<(N, V)> for Headers {
    fn extend<T: IntoIterator<Item = (N, V)>>(&mut self, headers: T) {
        for (name, value) in headers {
            self.add(name, value);
        }
    }
}

impl<N: Into<Cow<'static, str>>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<T: IntoIterator<Item = (N, V)>>(headers: T) -> Self {
        let mut all = Self::new();
        all.extend(headers);
        all
    }
}

impl Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.iter().map(|(name, value)| {
            let is_key = name.eq_ignore_ascii_case(KEY_HEADER);
            (name, if is_key { MASK } else { value })
        });
        f.debug_map().entries(shown).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_be_known_at_run_time_only() {
        let name = format!("x-{}", 1);
        let headers: Headers = [(name, "a"), ("X-1".to_owned(), "b")].into_iter().collect();
        assert_eq!(headers.get("X-1"), Some("a"));
        assert_eq!(headers.get("x-2"), None);
        assert_eq!(headers.iter().count(), 2);
    }

    #[test]
    fn debug_masks_the_key() {
        let mut headers = Headers::new();
        headers.add("Statsig-API-Key", "secret-abc");
        headers.add("x-request-service", "shop");
        let shown = format!("{headers:?}");
        assert!(!shown.contains("abc") && shown.contains("shop"), "{shown}");
    }
}
