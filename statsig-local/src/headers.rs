//! Headers and paths of requests. Everything that is shown masks the SDK key.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use axum::http::HeaderMap;
use serde_json::{Value, json};

/// The header that carries the SDK key.
pub(crate) const KEY_HEADER: &str = "statsig-api-key";

/// The prefix of a server's secret key.
const SECRET: &str = "secret-";

/// Characters of a secret key that may be shown.
const SHOWN_KEY_CHARS: usize = 5;

/// The headers of a request, names in lower case. `Debug` masks the SDK key.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    pub(crate) fn from_http(headers: &HeaderMap) -> Self {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let pairs = headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())));
        Self(pairs.collect())
    }

    /// The first value under a name, in any letter case. Does not mask the SDK key.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    }

    /// All names and values in the order of arrival. Does not mask the SDK key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Total size of names and values.
    pub(crate) fn bytes(&self) -> usize {
        self.iter()
            .map(|(name, value)| name.len() + value.len())
            .sum()
    }

    fn masked(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.iter().map(|(name, value)| match name {
            KEY_HEADER => (name, Cow::Owned(mask(value))),
            _ => (name, Cow::Borrowed(value)),
        })
    }

    pub(crate) fn to_masked_json(&self) -> Value {
        json!(self.masked().collect::<BTreeMap<_, _>>())
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.masked()).finish()
    }
}

/// A path with its SDK key masked: any key in the key's place in the path, a secret key anywhere.
pub(crate) fn masked_path(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((folder, file))
            if folder.ends_with("/download_config_specs") || folder.ends_with("/get_id_lists") =>
        {
            let key = file.strip_suffix(".json").unwrap_or(file);
            let rest = file.get(key.len()..).unwrap_or_default();
            format!("{folder}/{}{rest}", mask(key))
        }
        _ => masked_text(path),
    }
}

/// A text in which every secret key is masked.
pub(crate) fn masked_text(text: &str) -> String {
    let mut parts = text.split(SECRET);
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(part.len());
        let (key, rest) = part.split_at(end);
        masked.push_str(&mask(&format!("{SECRET}{key}")));
        masked.push_str(rest);
    }
    masked
}

/// The part of an SDK key that may be shown: its kind and its beginning.
fn mask(key: &str) -> String {
    match key.strip_prefix(SECRET) {
        Some(secret) => {
            let shown = secret
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .take(SHOWN_KEY_CHARS);
            format!("{SECRET}{}*****", shown.collect::<String>())
        }
        None => "*****".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_masked_in_paths_and_headers() {
        for (path, shown) in [
            (
                "/v2/download_config_specs/secret-abcdefghij.json",
                "/v2/download_config_specs/secret-abcde*****.json",
            ),
            ("/v1/get_id_lists/mykey.json", "/v1/get_id_lists/*****.json"),
            ("/v1/log_event", "/v1/log_event"),
            ("/oops/secret-abcdefghij/x", "/oops/secret-abcde*****/x"),
        ] {
            assert_eq!(masked_path(path), shown);
        }
        let mut http = HeaderMap::new();
        http.insert("STATSIG-API-KEY", "secret-abcdefghij".parse().unwrap());
        http.insert("x-other", "y".parse().unwrap());
        let headers = Headers::from_http(&http);
        assert_eq!(headers.get("Statsig-Api-Key"), Some("secret-abcdefghij"));
        assert_eq!(
            format!("{headers:?}"),
            r#"{"statsig-api-key": "secret-abcde*****", "x-other": "y"}"#
        );
        assert!(!headers.to_masked_json().to_string().contains("fghij"));
    }
}
