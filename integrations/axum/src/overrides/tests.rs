use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};
use statsig::StatsigUser;
use statsig::overrides::RequestOverrides;
use statsig::overrides::signed::OverrideRefusal;
use statsig::testing::OfflineClient;

use super::counts::Counts;
use super::response::Mark;
use super::token;
use crate::Flags;

fn headers(pairs: &[(&'static str, &[u8])]) -> HeaderMap {
    let pairs = pairs.iter().map(|(name, value)| {
        let value = HeaderValue::from_bytes(value).unwrap();
        (http::HeaderName::from_static(name), value)
    });
    pairs.collect()
}

#[test]
fn a_header_wins_over_a_cookie() {
    let cookie: (&str, &[u8]) = ("cookie", b"theme=dark; statsig-overrides=from-cookie");
    let header: (&str, &[u8]) = ("statsig-overrides", b" from-header ");
    assert_eq!(token(&headers(&[cookie, header])).unwrap(), "from-header");
    assert_eq!(token(&headers(&[cookie])).unwrap(), "from-cookie");
    for other in ["x=1", "statsig-overrides2=a", "a=statsig-overrides"] {
        assert_eq!(token(&headers(&[("cookie", other.as_bytes())])), None);
    }
    let bytes = headers(&[("statsig-overrides", b"\xff\xfe")]);
    assert!(token(&bytes).is_some());
}

/// The header with names, for a service without specs.
fn applied(overrides: &RequestOverrides) -> String {
    let flags = Flags::new(OfflineClient::without_specs(None), StatsigUser::anonymous());
    let mut headers = HeaderMap::new();
    Mark::applied(overrides, &flags).write(&mut headers);
    let value = headers.get("statsig-overrides-applied").unwrap();
    value.to_str().unwrap().to_owned()
}

#[test]
fn names_lose_what_headers_cannot_have() {
    let overrides = RequestOverrides::new()
        .gate("a\r\nset-cookie: b=c", true)
        .gate("ä,b\u{0}", true)
        .layer("my layer", "title", "a secret value");
    assert_eq!(
        applied(&overrides),
        "gate:a??set-cookie: b=c (unknown), gate:??b? (unknown), layer:my layer.title (unknown)"
    );
}

#[test]
fn the_header_with_names_is_bounded() {
    let many = (0..500).fold(RequestOverrides::new(), |overrides, number| {
        overrides.gate(format!("gate-{number:03}"), true)
    });
    let shown = applied(&many);
    assert!(shown.len() <= 1_050, "{}", shown.len());
    assert!(shown.ends_with(" more"), "{shown}");
    let long = applied(&RequestOverrides::new().gate("x".repeat(100_000), true));
    assert!(long.len() <= 200, "{long}");
}

#[test]
fn a_marked_response_stays_out_of_every_cache() {
    for mark in [
        Mark::refused(OverrideRefusal::Forged),
        Mark::refused(OverrideRefusal::NotAuthorized),
    ] {
        let mut headers = headers(&[
            ("cache-control", b"public, max-age=60"),
            ("cdn-cache-control", b"max-age=60"),
            ("cloudflare-cdn-cache-control", b"max-age=60"),
            ("surrogate-control", b"max-age=60"),
            ("edge-control", b"cache-maxage=60s"),
            ("x-accel-expires", b"60"),
            ("expires", b"Thu, 01 Dec 2094 16:00:00 GMT"),
            ("content-type", b"text/plain"),
            ("statsig-overrides-refused", b"by the application"),
        ]);
        mark.write(&mut headers);
        assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "private, no-store");
        assert_eq!(headers.len(), 3, "{headers:?}");
        assert_eq!(
            headers.get_all("statsig-overrides-refused").iter().count(),
            1
        );
    }
}

#[test]
fn every_reason_has_its_own_count() {
    let counts = Counts::default();
    for (times, reason) in OverrideRefusal::ALL.into_iter().enumerate() {
        for _ in 0..times {
            counts.add_refused(reason);
        }
    }
    counts.add_applied();
    let read = counts.read();
    for (times, reason) in OverrideRefusal::ALL.into_iter().enumerate() {
        assert_eq!(read.refused(reason), times as u64, "{reason}");
    }
    assert_eq!((read.applied(), read.all_refused()), (1, 15));
}
