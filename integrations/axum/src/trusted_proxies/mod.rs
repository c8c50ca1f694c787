//! The address of the client of the service, behind proxies.

mod forwarded;
mod network;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use http::{HeaderMap, HeaderName};

use self::forwarded::addresses_from_right;
pub use self::network::InvalidNetwork;
use self::network::Network;

/// The header that most proxies write.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// The most entries of the header that count, from the right. A client can send thousands.
const MAX_ENTRIES: usize = 32;

/// The proxies in front of the service that you trust to report the client's address.
///
/// Each proxy appends the address of its own client to `X-Forwarded-For`. The client of the first
/// proxy can send this header, too, so everything left of the entries of your proxies may be
/// invented. Therefore the header is read from the right, and only as far as trusted proxies wrote
/// it. If that leads to no address, the user has none.
///
/// ```
/// use statsig_axum::{RequestUser, TrustedProxies};
///
/// // The service is reachable through one load balancer only.
/// let mapping = RequestUser::new().trusted_proxies(TrustedProxies::hops(1));
///
/// // Proxies have addresses in these networks. `peer` says whether the connection comes from one.
/// # use axum::extract::ConnectInfo;
/// # use std::net::SocketAddr;
/// let mapping = RequestUser::new()
///     .peer(|info: &ConnectInfo<SocketAddr>| info.0.ip())
///     .trusted_proxies(TrustedProxies::networks(["10.0.0.0/8", "fd00::/8"])?);
/// # Ok::<(), statsig_axum::InvalidNetwork>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "trusted proxies have an effect when a mapping uses them"]
pub struct TrustedProxies {
    trusted: Trusted,
    header: HeaderName,
}

#[derive(Debug, Clone)]
enum Trusted {
    /// The number of proxies.
    Hops(usize),
    Networks(Vec<Network>),
}

impl TrustedProxies {
    /// Trusts this number of proxies, whatever their addresses: the client is the entry with this
    /// number from the right. The limit is 32.
    ///
    /// Use it only if each request passes all of them. Anyone who can reach the service without
    /// passing them can invent an address. 0 trusts no proxy: the client is the
    /// [peer](crate::RequestUser::peer).
    pub fn hops(proxies: usize) -> Self {
        Self::new(Trusted::Hops(proxies))
    }

    /// Trusts proxies with addresses in these networks, such as `10.0.0.0/8`, `fd00::/8` or
    /// `192.0.2.7`: the client is the first address from the right that is not in any of them.
    ///
    /// The search begins with the [peer](crate::RequestUser::peer). If the peer is unknown, there
    /// is no address. If all addresses are in the networks, the client is the leftmost of the last
    /// 32.
    ///
    /// # Errors
    /// When a text is not a network.
    pub fn networks<N: AsRef<str>>(
        networks: impl IntoIterator<Item = N>,
    ) -> Result<Self, InvalidNetwork> {
        let networks = networks.into_iter();
        let networks: Result<_, _> = networks.map(|it| Network::new(it.as_ref())).collect();
        Ok(Self::new(Trusted::Networks(networks?)))
    }

    /// Reads another header than `X-Forwarded-For`: one that your proxies write, and that replaces
    /// or extends what their clients send.
    ///
    /// [`FORWARDED`](http::header::FORWARDED) is read as in RFC 7239. Any other header is a list of
    /// addresses, such as `CF-Connecting-IP` or `X-Real-IP` with a single one.
    ///
    /// ```
    /// use http::{HeaderName, header::FORWARDED};
    /// use statsig_axum::TrustedProxies;
    ///
    /// let standard = TrustedProxies::hops(1).header(FORWARDED);
    /// let cdn = TrustedProxies::hops(1).header(HeaderName::from_static("cf-connecting-ip"));
    /// ```
    pub fn header(mut self, name: HeaderName) -> Self {
        self.header = name;
        self
    }

    fn new(trusted: Trusted) -> Self {
        Self {
            trusted,
            header: X_FORWARDED_FOR,
        }
    }

    /// The address of the client.
    pub(crate) fn client(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = peer.map(|peer| peer.to_canonical());
        let mut entries = addresses_from_right(headers, &self.header).take(MAX_ENTRIES);
        match &self.trusted {
            Trusted::Hops(0) => peer,
            Trusted::Hops(proxies) => entries.nth(proxies - 1).flatten(),
            Trusted::Networks(networks) => {
                let mut address = peer?;
                while networks.iter().any(|network| network.contains(address)) {
                    match entries.next() {
                        // A trusted proxy wrote something that is not an address.
                        Some(None) => return None,
                        Some(Some(next)) => address = next,
                        None => break,
                    }
                }
                Some(address)
            }
        }
    }
}
