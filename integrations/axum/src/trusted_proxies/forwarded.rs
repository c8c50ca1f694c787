//! The addresses in the headers that proxies write.

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
    match value.to_str() {
        Ok(list) => Box::new(list.rsplit(',').map(address)),
        Err(_) => Box::new(std::iter::once(None)),
    }
}

/// `Forwarded: for=192.0.2.1;proto=https, for="[2001:db8::1]:4711"`
fn standard_list(value: &HeaderValue) -> Entries<'_> {
    let list = value.to_str().ok().and_then(|list| split(list, ','));
    match list {
        Some(list) => Box::new(list.into_iter().rev().map(forwarded_for)),
        None => Box::new(std::iter::once(None)),
    }
}

/// The address in one element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = split(element, ';')?;
    let node = pairs.into_iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value)
    });
    let node = node?.trim();
    let unquoted = node
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    address(unquoted.unwrap_or(node))
}

/// The parts of a text between separators outside of quotes. `None` if a quote is not closed: the
/// client of a proxy could hide the entry of the proxy in it.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let parts = text.split(|c| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match c {
            '"' if !was_escaped => is_quoted = !is_quoted,
            '\\' if is_quoted && !was_escaped => is_escaped = true,
            _ => {}
        }
        c == separator && !is_quoted
    });
    let parts = parts.collect();
    (!is_quoted).then_some(parts)
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || Some(text.parse::<SocketAddr>().ok()?.ip());
    let address: Option<IpAddr> = text.parse().ok().or_else(with_port).or_else(in_brackets);
    address.map(|address| address.to_canonical())
}
