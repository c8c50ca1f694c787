//! The origins of URLs, and which of them may see the SDK key. Pure.

use std::fmt;

/// Statsig's own. Options may name others.
const STATSIG: [&str; 3] = [
    "https://api.statsigcdn.com",
    "https://statsigapi.net",
    "https://prodregistryv2.org",
];

/// Scheme, host and port of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: &'static str,
    host: String,
    port: u16,
}

impl Origin {
    /// `None` for whatever is no plain `http` or `https` URL.
    ///
    /// It is strict on purpose: HTTP libraries repair URLs (they drop tabs, read `\` as `/`), and a URL that they read
    /// otherwise than this function must have no origin here.
    pub(crate) fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let known = [("http", 80), ("https", 443)];
        let (scheme, default_port) =
            (known.into_iter()).find(|(known, _)| scheme.eq_ignore_ascii_case(known))?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let is_repaired = |c: char| c == '\\' || c.is_whitespace() || c.is_control();
        if authority.contains(is_repaired) {
            return None;
        }
        let place = (authority.rsplit_once('@')).map_or(authority, |(_, place)| place);
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (place, None),
        };
        let port = match port {
            None | Some("") => default_port,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok()?
            }
            Some(_) => return None,
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
        let is_host = !host.is_empty() && host.bytes().all(is_plain);
        is_host.then(|| Self {
            scheme,
            host: host.to_ascii_lowercase(),
            port,
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.scheme, self.host, self.port)
    }
}

/// The origins that may see the SDK key: Statsig's own, and those that options name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyOrigins(Vec<Origin>);

impl KeyOrigins {
    /// Statsig's own.
    pub(crate) fn statsigs() -> Self {
        Self(STATSIG.into_iter().filter_map(Origin::of).collect())
    }

    /// Adds the origin of a URL that options name.
    pub(crate) fn add(&mut self, url: &str) {
        if let Some(origin) = Origin::of(url)
            && !self.0.contains(&origin)
        {
            self.0.push(origin);
        }
    }

    /// Whether a request to this URL may carry the key.
    pub(crate) fn admit(&self, url: &str) -> bool {
        Origin::of(url).is_some_and(|origin| self.0.contains(&origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let cases = [
            ("https://h.example/a?b#c", Some("https://h.example:443")),
            ("HTTP://H.example", Some("http://h.example:80")),
            ("http://u:p@h:8080/x", Some("http://h:8080")),
            ("http://[::1]:9/x", Some("http://[::1]:9")),
            ("http://[::1]", Some("http://[::1]:80")),
            ("https://h:?x", Some("https://h:443")),
            ("https://h@other/x", Some("https://other:443")),
            ("ftp://h", None),
            ("https:h", None),
            ("https:///h", None),
            (" https://h", None),
            ("https://h\\@other", None),
            ("https://h\t.other", None),
            ("https://h%2eother", None),
            ("https://h:99999", None),
            ("https://h:+1", None),
            ("nonsense", None),
            ("", None),
        ];
        for (url, expected) in cases {
            let origin = Origin::of(url).map(|origin| origin.to_string());
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
