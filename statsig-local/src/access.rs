//! Decides who may send requests. A web page in a browser on this machine can reach a server on
//! loopback. It must not read from the server under a host name of its own (DNS rebinding), and
//! must not change anything from its own origin. A page of an allowed origin may log events.

use std::collections::BTreeSet;
use std::net::IpAddr;

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::limits::SHOWN_CHARS;

/// The paths of events: that of server SDKs, and that of client SDKs.
pub(crate) const EVENT_PATHS: [&str; 2] = ["/v1/log_event", "/v1/rgstr"];

/// How long a browser may remember an answer to a preflight request, in seconds.
const PREFLIGHT_SECONDS: &str = "600";

/// Allows every name.
const ANY: &str = "*";
/// The header in which a browser states the origin of a request.
const FETCH_SITE: &str = "sec-fetch-site";

/// The host names of this server, and the pages that may log events.
#[derive(Debug)]
pub(crate) struct Access {
    /// The address on which the server listens.
    bound: IpAddr,
    /// Allowed names besides those of loopback, in lower case.
    allowed: BTreeSet<String>,
    /// The origins of pages that may log events. They may do nothing else.
    pages: BTreeSet<String>,
}

impl Access {
    pub(crate) fn new(
        bound: IpAddr,
        allowed: impl IntoIterator<Item = String>,
        pages: impl IntoIterator<Item = String>,
    ) -> Self {
        // With or without a port. The client may see another port than the server.
        let name_of = |host: String| match host.parse::<Authority>() {
            Ok(host) => host.host().to_ascii_lowercase(),
            Err(_) => host,
        };
        let allowed = allowed.into_iter().map(name_of);
        Self {
            bound,
            allowed: allowed.collect(),
            pages: pages.into_iter().map(as_sent).collect(),
        }
    }

    /// Accepts a request: `Some` is the allowed origin of the page that sent it. The error is the
    /// reason to refuse it.
    pub(crate) fn accept(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Option<HeaderValue>, String> {
        let hosts: Vec<&str> = headers
            .get_all(header::HOST)
            .iter()
            .map(|host| host.to_str().unwrap_or_default())
            .chain(uri.authority().map(Authority::as_str))
            .collect();
        if let Some(host) = hosts.iter().find(|host| !self.answers_to(host)) {
            return Err(format!(
                "the request is for the host {}, which is not a name of this server; expected a loopback name such as `localhost`, or \
                 a name that `--allow-host` (`allowed_host`) allows",
                shown(host)
            ));
        }
        if let Some(sent) = headers.get(header::ORIGIN) {
            let origin = sent.to_str().unwrap_or_default();
            if self.pages.contains(origin) {
                return match EVENT_PATHS.contains(&uri.path()) {
                    true => Ok(Some(sent.clone())),
                    false => Err(format!(
                        "the request for {} comes from a page of {}, which may only log events",
                        shown(uri.path()),
                        shown(origin)
                    )),
                };
            }
            if !is_own(origin, &hosts) {
                return Err(format!(
                    "the request comes from a page of {}; expected a page of this server's own origin, or of an origin that \
                     `--allow-origin` (`allowed_origin`) allows to log events",
                    shown(origin)
                ));
            }
        }
        match headers.get(FETCH_SITE).map(HeaderValue::as_bytes) {
            None | Some(b"same-origin" | b"none") => Ok(None),
            Some(_) => Err(
                "the request comes from a page of another origin; expected a page of this server's own origin"
                    .to_owned(),
            ),
        }
    }

    /// Accepts names of loopback, the allowed names, and the address where this server listens. If
    /// it listens on all addresses, accepts any address: a page cannot make an address lead to
    /// another host.
    fn answers_to(&self, host: &str) -> bool {
        if self.allowed.contains(ANY) {
            return true;
        }
        let Ok(host) = host.parse::<Authority>() else {
            return false;
        };
        let name = host.host().to_ascii_lowercase();
        let name = name.strip_suffix('.').unwrap_or(&name);
        let address = name.trim_start_matches('[').trim_end_matches(']');
        match address
            .parse::<IpAddr>()
            .map(|address| address.to_canonical())
        {
            Ok(address) => {
                address.is_loopback() || self.bound.is_unspecified() || address == self.bound
            }
            Err(_) => {
                name == "localhost" || name.ends_with(".localhost") || self.allowed.contains(name)
            }
        }
    }
}

/// An origin as browsers send it: no path, in lower case.
fn as_sent(origin: String) -> String {
    let uri = origin.parse::<Uri>().unwrap_or_default();
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) => format!("{scheme}://{authority}").to_ascii_lowercase(),
        _ => origin,
    }
}

/// Whether an origin is one of these hosts, each with its port.
fn is_own(origin: &str, hosts: &[&str]) -> bool {
    let host = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    host.is_some_and(|host| hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
}

/// The part of an external text that may be shown.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(SHOWN_CHARS).collect();
    format!("{start:?}")
}

/// Answers a request of an allowed page. A browser shows an answer to a page only if its headers
/// name the page's origin.
pub(crate) async fn answer_page(origin: HeaderValue, request: Request, next: Next) -> Response {
    let mut answer = if request.method() == Method::OPTIONS {
        preflight(request.headers())
    } else {
        next.run(request).await
    };
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    answer
}

/// Answers a preflight request: browsers send one, because client SDKs set custom headers.
fn preflight(asked: &HeaderMap) -> Response {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS),
    ];
    let mut answer = (StatusCode::NO_CONTENT, allowed).into_response();
    if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        let headers = answer.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(hosts: &Access, headers: &[(&'static str, &str)]) -> Option<String> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        hosts.accept(&Uri::from_static("/"), &headers).err()
    }

    fn bound(address: &str, allowed: &[&str]) -> Access {
        let allowed = allowed.iter().map(|name| (*name).to_owned());
        Access::new(address.parse().unwrap(), allowed, [])
    }

    #[test]
    fn only_names_that_lead_here_whatever_a_stranger_does_are_answered() {
        let loopback = bound("127.0.0.1", &[]);
        let all = bound("0.0.0.0", &["Statsig", "proxy:8765"]);
        let lan = bound("192.168.1.5", &[]);
        let any = bound("127.0.0.1", &["*"]);
        for (host, by_loopback, by_all, by_lan) in [
            ("localhost", true, true, true),
            ("LocalHost:8765", true, true, true),
            ("localhost.:8765", true, true, true),
            ("app.localhost:8765", true, true, true),
            ("127.0.0.1:8765", true, true, true),
            ("127.1.2.3", true, true, true),
            ("[::1]:8765", true, true, true),
            ("[::ffff:127.0.0.1]", true, true, true),
            ("192.168.1.5:8765", false, true, true),
            ("statsig:8765", false, true, false),
            ("proxy:1", false, true, false),
            ("attacker.example", false, false, false),
            ("localhost.attacker.example", false, false, false),
            ("127.0.0.1.attacker.example", false, false, false),
            ("notlocalhost", false, false, false),
            ("localhost@attacker.example", false, false, false),
            ("", false, false, false),
            ("a b", false, false, false),
        ] {
            let is_answered = |hosts| refusal(hosts, &[("host", host)]).is_none();
            assert_eq!(is_answered(&loopback), by_loopback, "{host}");
            assert_eq!(is_answered(&all), by_all, "{host}");
            assert_eq!(is_answered(&lan), by_lan, "{host}");
            assert!(is_answered(&any), "{host}");
        }
        assert_eq!(refusal(&loopback, &[]), None, "HTTP/1.0 needs no host");
    }

    #[test]
    fn every_host_of_a_request_counts() {
        let hosts = bound("127.0.0.1", &[]);
        let mut headers = HeaderMap::new();
        headers.append("host", "localhost".parse().unwrap());
        headers.append("host", "attacker.example".parse().unwrap());
        assert!(hosts.accept(&Uri::from_static("/"), &headers).is_err());
        let uri = Uri::from_static("http://attacker.example/");
        assert!(hosts.accept(&uri, &HeaderMap::new()).is_err());
    }

    #[test]
    fn a_page_of_another_origin_is_refused() {
        let hosts = bound("127.0.0.1", &[]);
        let host = ("host", "localhost:8765");
        for own in [
            ("origin", "http://localhost:8765"),
            ("origin", "https://LOCALHOST:8765"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
        ] {
            assert_eq!(refusal(&hosts, &[host, own]), None, "{own:?}");
        }
        for foreign in [
            ("origin", "http://attacker.example"),
            ("origin", "http://localhost:3000"),
            ("origin", "http://127.0.0.1:8765"),
            ("origin", "null"),
            ("origin", ""),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let refusal = refusal(&hosts, &[host, foreign]);
            let refusal = refusal.unwrap_or_else(|| panic!("{foreign:?}"));
            assert!(refusal.contains("origin"), "{refusal}");
        }
    }

    #[test]
    fn a_text_that_anybody_sent_is_shown_cut_and_escaped() {
        let long = format!("\u{1b}[2J{}", "x".repeat(10_000));
        assert!(shown(&long).len() < 2 * SHOWN_CHARS);
        assert!(!shown(&long).contains('\u{1b}'));
    }

    #[test]
    fn an_origin_may_be_given_as_an_address() {
        let given = ["http://LocalHost:3000/".to_owned(), "null".to_owned()];
        let Access { pages, .. } = Access::new(IpAddr::from([127, 0, 0, 1]), [], given);
        assert!(pages.contains("http://localhost:3000"));
        assert!(pages.contains("null"));
        for other in [
            "http://localhost",
            "https://localhost:3000",
            "http://localhost:3001",
            "",
        ] {
            assert!(!pages.contains(other), "{other}");
        }
    }
}
