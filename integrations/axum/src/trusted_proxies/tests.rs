#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::net::IpAddr;

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{MAX_ENTRIES, TrustedProxies};

const XFF: &str = "x-forwarded-for";

fn headers(name: &str, lines: &[impl AsRef<[u8]>]) -> HeaderMap {
    let name: HeaderName = name.parse().unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(
            name.clone(),
            HeaderValue::from_bytes(line.as_ref()).unwrap(),
        );
    }
    headers
}

/// The client's address, as text.
fn client(proxies: &TrustedProxies, peer: Option<&str>, headers: &HeaderMap) -> Option<String> {
    let peer = peer.map(|peer| peer.parse::<IpAddr>().unwrap());
    let found = proxies.client(peer, headers);
    found.map(|address| address.to_string())
}

#[test]
fn what_a_client_invents_left_of_the_trusted_entries_does_not_count() {
    let invented = headers(XFF, &["1.1.1.1, 203.0.113.7"]);
    let longer = headers(XFF, &["9.9.9.9, 1.1.1.1", "203.0.113.7,198.51.100.2"]);
    let (one, two) = (TrustedProxies::hops(1), TrustedProxies::hops(2));
    assert_eq!(client(&one, None, &invented).unwrap(), "203.0.113.7");
    assert_eq!(client(&two, None, &longer).unwrap(), "203.0.113.7");

    let networks = TrustedProxies::networks(["10.0.0.0/8", "198.51.100.2"]).unwrap();
    let found = client(&networks, Some("10.1.2.3"), &longer);
    assert_eq!(found.unwrap(), "203.0.113.7");
}

#[test]
fn a_request_that_passed_too_few_proxies_has_no_address() {
    let one = headers(XFF, &["1.1.1.1"]);
    assert_eq!(client(&TrustedProxies::hops(2), None, &one), None);
    let none = HeaderMap::new();
    assert_eq!(
        client(&TrustedProxies::hops(1), Some("10.0.0.1"), &none),
        None
    );
}

#[test]
fn a_peer_outside_of_the_networks_is_the_client() {
    let networks = TrustedProxies::networks(["10.0.0.0/8"]).unwrap();
    let invented = headers(XFF, &["1.1.1.1"]);
    let found = client(&networks, Some("203.0.113.9"), &invented);
    assert_eq!(found.unwrap(), "203.0.113.9");
    // Nobody knows who wrote the header.
    assert_eq!(client(&networks, None, &invented), None);
}

#[test]
fn no_trusted_proxy_means_the_peer() {
    let invented = headers(XFF, &["1.1.1.1"]);
    let none = TrustedProxies::hops(0);
    assert_eq!(
        client(&none, Some("203.0.113.9"), &invented).unwrap(),
        "203.0.113.9"
    );
    assert_eq!(client(&none, None, &invented), None);
}

#[test]
fn addresses_are_read_in_every_usual_form() {
    let one = TrustedProxies::hops(1);
    for (entry, address) in [
        ("192.0.2.1", Some("192.0.2.1")),
        (" 192.0.2.1:4711 ", Some("192.0.2.1")),
        ("2001:db8::1", Some("2001:db8::1")),
        ("[2001:db8::1]", Some("2001:db8::1")),
        ("[2001:db8::1]:4711", Some("2001:db8::1")),
        ("::ffff:192.0.2.1", Some("192.0.2.1")),
        ("1.1.1.1,", None),
        ("1.1.1.1, unknown", None),
        ("1.1.1.1, 192.0.2", None),
        ("é", None),
        ("", None),
    ] {
        let found = client(&one, None, &headers(XFF, &[entry]));
        assert_eq!(found.as_deref(), address, "{entry}");
    }
}

#[test]
fn the_standard_header_is_read_with_its_quotes() {
    let one = TrustedProxies::hops(1).header(FORWARDED);
    for (line, address) in [
        ("for=192.0.2.1", Some("192.0.2.1")),
        (
            "for=1.1.1.1, For=\"[2001:db8::1]:4711\";proto=https",
            Some("2001:db8::1"),
        ),
        (
            "for=1.1.1.1, by=10.0.0.1 ; for=192.0.2.1",
            Some("192.0.2.1"),
        ),
        ("for=1.1.1.1;host=\"a,for=2.2.2.2\"", Some("1.1.1.1")),
        ("for=1.1.1.1, for=unknown", None),
        ("for=1.1.1.1, for=_hidden", None),
        ("for=1.1.1.1, by=10.0.0.1", None),
        // A client opens a quote to hide the entry of the proxy.
        ("for=1.1.1.1;host=\", for=203.0.113.7", None),
        ("for=1.1.1.1;host=\"\\\", for=\"203.0.113.7\"", None),
    ] {
        let found = client(&one, None, &headers("forwarded", &[line]));
        assert_eq!(found.as_deref(), address, "{line}");
    }
    // The other header does not count.
    assert_eq!(client(&one, None, &headers(XFF, &["1.1.1.1"])), None);
}

#[test]
fn bytes_that_are_no_text_hide_only_the_entry_that_they_stand_in() {
    let one = TrustedProxies::hops(1);
    let two = TrustedProxies::hops(2);
    let plain = headers(XFF, &[b"\xff\xfe, 203.0.113.7".as_slice()]);
    assert_eq!(client(&one, None, &plain).unwrap(), "203.0.113.7");
    assert_eq!(client(&two, None, &plain), None);
    let networks = TrustedProxies::networks(["10.0.0.0/8"]).unwrap();
    let found = client(&networks, Some("10.1.2.3"), &plain);
    assert_eq!(found.unwrap(), "203.0.113.7");

    let (one, two) = (one.header(FORWARDED), two.header(FORWARDED));
    let line = b"for=\xe9, host=\"\xe9\";for=203.0.113.7".as_slice();
    let standard = headers("forwarded", &[line]);
    assert_eq!(client(&one, None, &standard).unwrap(), "203.0.113.7");
    assert_eq!(client(&two, None, &standard), None);
}

#[test]
fn a_header_of_thousands_of_entries_is_read_up_to_the_limit() {
    let networks = TrustedProxies::networks(["10.0.0.0/8"]).unwrap();
    let list = format!("1.1.1.1{}", ", 10.0.0.1".repeat(5_000));
    let found = client(&networks, Some("10.0.0.2"), &headers(XFF, &[&list]));
    assert_eq!(found.unwrap(), "10.0.0.1");
    let many = TrustedProxies::hops(MAX_ENTRIES + 1);
    assert_eq!(client(&many, None, &headers(XFF, &[&list])), None);
}

#[test]
fn networks_contain_their_addresses_only() {
    for (network, inside, outside) in [
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
        ("192.0.2.128/25", "192.0.2.129", "192.0.2.127"),
        ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
        ("0.0.0.0/0", "255.255.255.255", "2001:db8::1"),
    ] {
        let networks = TrustedProxies::networks([network]).unwrap();
        let headers = headers(XFF, &["203.0.113.7"]);
        let found = |peer| client(&networks, Some(peer), &headers);
        assert_eq!(found(inside).unwrap(), "203.0.113.7", "{network}");
        assert_eq!(found(outside).unwrap(), outside, "{network}");
    }
    let all = TrustedProxies::networks(["::/0"]).unwrap();
    assert_eq!(
        client(&all, Some("2001:db8::1"), &HeaderMap::new()).unwrap(),
        "2001:db8::1"
    );
}

#[test]
fn a_text_that_is_not_a_network_is_an_error_that_shows_it() {
    for text in [
        "",
        "10.0.0.0/33",
        "::/129",
        "10.0.0/8",
        "10.0.0.0/",
        "10.0.0.0/-1",
        "a\nb",
    ] {
        let error = TrustedProxies::networks([text]).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with(&format!("found `{}`", text.escape_debug()))
        );
    }
}
