//! The origins of URLs, and the origins that may receive the SDK key. Pure.

use url::Origin;

use super::address;

/// Statsig's origins. Options may add others.
const STATSIG: [&str; 3] = [
    "https://api.statsigcdn.com",
    "https://statsigapi.net",
    "https://prodregistryv2.org",
];

/// Scheme, host and port of an `http` or `https` URL.
pub(crate) fn origin_of(url: &str) -> Option<Origin> {
    Some(address::parse_http(url)?.origin())
}

/// The origins that may receive the SDK key: Statsig's and those in the options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyOrigins(Vec<Origin>);

impl KeyOrigins {
    /// Statsig's origins alone.
    pub(crate) fn statsigs() -> Self {
        Self(STATSIG.into_iter().filter_map(origin_of).collect())
    }

    /// Adds the origin of a URL from the options.
    pub(crate) fn add(&mut self, url: &str) {
        if let Some(origin) = origin_of(url)
            && !self.0.contains(&origin)
        {
            self.0.push(origin);
        }
    }

    /// Whether a request to this URL may carry the key.
    pub(crate) fn admit(&self, url: &str) -> bool {
        origin_of(url).is_some_and(|origin| self.0.contains(&origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let cases = [
            ("https://h.example/a?b#c", Some("https://h.example")),
            ("HTTP://H.example", Some("http://h.example")),
            ("http://u:p@h:8080/x", Some("http://h:8080")),
            ("http://[::1]:9/x", Some("http://[::1]:9")),
            ("http://[::1]", Some("http://[::1]")),
            ("https://h:?x", Some("https://h")),
            ("https://h@other/x", Some("https://other")),
            ("ftp://h", None),
            ("https:h", None),
            ("https:///h", None),
            (" https://h", None),
            ("https://h\\@other", None),
            ("https://h\t.other", None),
            // Decoded, as in the HTTP client.
            ("https://h%2eother", Some("https://h.other")),
            ("http://127.1:9", Some("http://127.0.0.1:9")),
            ("https://h:99999", None),
            ("https://h:+1", None),
            ("nonsense", None),
            ("", None),
        ];
        for (url, expected) in cases {
            let origin = origin_of(url).map(|origin| origin.ascii_serialization());
            assert_eq!(origin.as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn the_key_goes_to_statsig_and_to_what_options_name() {
        let mut origins = KeyOrigins::statsigs();
        origins.add("http://proxy:8000/v1/get_id_lists?x=1");
        for url in [
            "https://api.statsigcdn.com/v1/download_id_list_file/1",
            "https://API.statsigcdn.com:443/x",
            "http://proxy:8000/other",
        ] {
            assert!(origins.admit(url), "{url}");
        }
        for url in [
            "http://api.statsigcdn.com/x",
            "https://api.statsigcdn.com:444/x",
            "https://api.statsigcdn.com.example/x",
            "https://api.statsigcdn.com@example/x",
            "https://example/https://api.statsigcdn.com/",
            "https://api.statsigcdn.com\\.example/",
            "http://proxy/other",
            "https://proxy:8000/other",
        ] {
            assert!(!origins.admit(url), "{url}");
        }
    }
}
