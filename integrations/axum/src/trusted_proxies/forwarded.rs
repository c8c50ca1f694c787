//! The addresses in the headers that proxies write. Text that is not an address can be any bytes.

use std::net::{IpAddr, SocketAddr};

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The entries of a header, the last one first: `None` for an entry without a readable address.
/// Several headers with the name count as one list.
pub(super) fn addresses_from_right<'a>(
    headers: &'a HeaderMap,
    name: &'a HeaderName,
) -> impl Iterator<Item = Option<IpAddr>> + 'a {
    let read = if *name == FORWARDED {
        standard_list
    } else {
        plain_list
    };
    headers.get_all(name).iter().rev().flat_map(read)
}

type Entries<'a> = Box<dyn Iterator<Item = Option<IpAddr>> + 'a>;

/// `X-Forwarded-For: 192.0.2.1, 198.51.100.7`
fn plain_list(value: &HeaderValue) -> Entries<'_> {
    let entries = value.as_bytes().rsplit(|byte| *byte == b',');
    Box::new(entries.map(address))
}

/// `Forwarded: for=192.0.2.1;proto=https, for="[2001:db8::1]:4711"`
fn standard_list(value: &HeaderValue) -> Entries<'_> {
    match split(value.as_bytes(), b',') {
        Some(list) => Box::new(list.into_iter().rev().map(forwarded_for)),
        None => Box::new(std::iter::once(None)),
    }
}

/// The address in one element of `Forwarded`.
fn forwarded_for(element: &[u8]) -> Option<IpAddr> {
    let pairs = split(element, b';')?;
    let node = pairs.into_iter().find_map(|pair| {
        let mut sides = pair.splitn(2, |byte| *byte == b'=');
        let name = sides.next()?.trim_ascii();
        sides.next().filter(|_| name.eq_ignore_ascii_case(b"for"))
    });
    let node = node?.trim_ascii();
    let unquoted = node
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""));
    address(unquoted.unwrap_or(node))
}

/// The parts of a text between separators outside of quotes. `None` if a quote is not closed: the
/// client of a proxy could hide the entry of the proxy in it.
fn split(text: &[u8], separator: u8) -> Option<Vec<&[u8]>> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let parts = text.split(|byte| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match byte {
            b'"' if !was_escaped => is_quoted = !is_quoted,
            b'\\' if is_quoted && !was_escaped => is_escaped = true,
            _ => {}
        }
        *byte == separator && !is_quoted
    });
    let parts = parts.collect();
    (!is_quoted).then_some(parts)
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || Some(text.parse::<SocketAddr>().ok()?.ip());
    let address: Option<IpAddr> = text.parse().ok().or_else(with_port).or_else(in_brackets);
    address.map(|address| address.to_canonical())
}
