#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::net::{IpAddr, Ipv4Addr};

use http::request::Parts;
use http::{HeaderValue, Request};
use statsig::StatsigUser;

use super::text::MAX_TEXT_BYTES;
use crate::{RequestUser, TrustedProxies};

/// The head of a request with these headers.
fn parts<'a>(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Parts {
    let mut request = Request::builder();
    for (name, value) in headers {
        request = request.header(name, HeaderValue::from_bytes(value).unwrap());
    }
    request.body(()).unwrap().into_parts().0
}

fn user(mapping: RequestUser, header: &str, value: &[u8]) -> StatsigUser {
    mapping.user(&parts([(header, value)]))
}

fn id_of(mapping: RequestUser, header: &str, value: &[u8]) -> Option<String> {
    let user = user(mapping, header, value);
    user.user_id().map(|id| id.into_owned())
}

#[derive(Clone)]
struct Session(Option<&'static str>);

/// Takes the ID from everything.
fn everything() -> RequestUser {
    RequestUser::new()
        .id_extension(|session: &Session| session.0.map(str::to_owned))
        .id_header("X-User-ID")
        .id_cookie("uid")
}

#[test]
fn an_extension_wins_over_a_header_and_a_header_over_a_cookie() {
    let id = |session: Option<Session>, headers: &[(&str, &[u8])]| {
        let mut parts = parts(headers.iter().copied());
        if let Some(session) = session {
            parts.extensions.insert(session);
        }
        let user = everything().user(&parts);
        user.user_id().map(|id| id.into_owned())
    };
    let header: (&str, &[u8]) = ("x-user-id", b"from-header");
    let cookie: (&str, &[u8]) = ("cookie", b"uid=from-cookie");
    let ann = Session(Some("from-session"));
    assert_eq!(id(Some(ann), &[header, cookie]).unwrap(), "from-session");
    for nobody in [None, Some(Session(None)), Some(Session(Some("")))] {
        let found = id(nobody.clone(), &[header, cookie]);
        assert_eq!(found.unwrap(), "from-header");
        assert_eq!(id(nobody, &[cookie]).unwrap(), "from-cookie");
    }
    assert_eq!(id(None, &[]), None);
}

#[test]
fn a_source_that_the_mapping_does_not_name_gives_no_id() {
    assert_eq!(id_of(RequestUser::new(), "x-user-id", b"ann"), None);
    assert_eq!(id_of(RequestUser::new(), "cookie", b"uid=ann"), None);
}

#[test]
fn an_id_with_control_characters_is_not_that_of_another_user() {
    let id = |value: &[u8]| id_of(everything(), "x-user-id", value);
    assert_eq!(id(b" \tann\t ").as_deref(), Some("ann"));
    // A tab is the only ASCII control character that `http` lets through; U+0085 arrives as UTF-8.
    for other in ["an\tn", "ann\u{85}", "\u{85}ann", "\t", ""] {
        assert_eq!(id(other.as_bytes()), None, "{other:?}");
    }
    assert_eq!(id("ann\u{a0}".as_bytes()).as_deref(), Some("ann\u{a0}"));
    assert_eq!(id_of(everything(), "cookie", b"uid=a\tnn"), None);
}

#[test]
fn control_characters_are_removed_from_the_user_agent() {
    let user = user(RequestUser::new(), "user-agent", b"Mozilla\t/5.0\xC2\x85");
    assert_eq!(user.user_agent().as_deref(), Some("Mozilla/5.0"));
}

#[test]
fn an_id_that_is_too_long_or_no_text_is_ignored_instead_of_cut() {
    let mapping = || everything().stable_id_cookie("stable");
    let longest = "i".repeat(MAX_TEXT_BYTES);
    let longer = format!("{longest}i");
    let id = |value: &[u8]| id_of(mapping(), "x-user-id", value);
    assert_eq!(id(longest.as_bytes()), Some(longest.clone()));
    assert_eq!(id(longer.as_bytes()), None);
    assert_eq!(id(b"\xFF\xFE"), None);
    let cookies = format!("uid={longer}; stable={longer}");
    let user = user(mapping(), "cookie", cookies.as_bytes());
    assert_eq!(user, StatsigUser::anonymous());
}

#[test]
fn a_user_agent_is_cut_at_its_limit_between_two_characters() {
    let agent = "é".repeat(MAX_TEXT_BYTES);
    let user = user(
        RequestUser::new(),
        "user-agent",
        format!("x{agent}").as_bytes(),
    );
    let found = user.user_agent().unwrap();
    assert_eq!(found.len(), MAX_TEXT_BYTES - 1);
    assert!(found.starts_with("xé"));
}

#[test]
fn cookies_are_found_by_their_whole_name() {
    let mapping = || RequestUser::new().id_cookie("uid").stable_id_cookie("sid");
    for (cookies, id) in [
        ("uid=ann", Some("ann")),
        ("theme=dark; uid=ann; uid=bob", Some("ann")),
        ("xuid=eve; uid2=eve;uid=\"ann\"", Some("ann")),
        ("uid=a=b", Some("a=b")),
        ("uid=", None),
        ("uid", None),
        ("=; ;;", None),
        ("UID=ann", None),
    ] {
        let found = id_of(mapping(), "cookie", cookies.as_bytes());
        assert_eq!(found.as_deref(), id, "{cookies}");
    }
    // HTTP/2 clients send several headers.
    let user = mapping().user(&parts([
        ("cookie", b"theme=dark".as_slice()),
        ("cookie", b"sid=device-1"),
    ]));
    assert_eq!(user.custom_id("stableID").as_deref(), Some("device-1"));
    assert_eq!(user.user_id(), None);
}

#[test]
fn the_locale_is_the_preferred_language_as_statsig_writes_it() {
    for (header, locale) in [
        ("de-CH", Some("de_CH")),
        ("de-CH, de;q=0.9, en;q=0.8, *;q=0.5", Some("de_CH")),
        ("en;q=0.5,fr;q=0.7", Some("fr")),
        ("en;q=0, fr;q=0.1", Some("fr")),
        ("*", None),
        ("", None),
        ("en;q=NaN", None),
        ("en;q=x, fr;q=0.2", Some("fr")),
        ("<script>, en", Some("en")),
        ("a-language-tag-that-is-longer-than-every-real-one", None),
    ] {
        let user = user(RequestUser::new(), "accept-language", header.as_bytes());
        assert_eq!(user.locale().as_deref(), locale, "{header}");
    }
}

#[test]
fn without_trusted_proxies_the_address_is_that_of_the_peer() {
    #[derive(Clone)]
    struct Peer(IpAddr);

    let peer = Peer(IpAddr::V6(Ipv4Addr::new(192, 0, 2, 7).to_ipv6_mapped()));
    let mut parts = parts([("x-forwarded-for", b"203.0.113.1".as_slice())]);
    assert_eq!(RequestUser::new().user(&parts).ip(), None);
    let mapping = RequestUser::new().peer(|peer: &Peer| peer.0);
    assert_eq!(mapping.user(&parts).ip(), None);

    parts.extensions.insert(peer);
    assert_eq!(mapping.user(&parts).ip().as_deref(), Some("192.0.2.7"));
    let mapping = mapping.trusted_proxies(TrustedProxies::hops(1));
    assert_eq!(mapping.user(&parts).ip().as_deref(), Some("203.0.113.1"));
}

#[test]
fn the_application_adds_fields() {
    let mapping = everything().with(|parts, user| user.custom("path", parts.uri.path()));
    let user = user(mapping, "x-user-id", b"ann");
    assert_eq!(user.custom("path").unwrap(), "/");
    assert_eq!(user.user_id().as_deref(), Some("ann"));
}

#[test]
fn a_name_that_no_header_can_have_gives_no_id() {
    assert_eq!(
        id_of(RequestUser::new().id_header("user id"), "x-user-id", b"ann"),
        None
    );
}
