//! The ready-made mapping from a request to its user.

mod cookies;
mod locale;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderName;
use http::header::{ACCEPT_LANGUAGE, USER_AGENT};
use http::request::Parts;
use statsig::{StatsigUser, StatsigUserBuilder};

use self::cookies::cookie;
pub(crate) use self::cookies::cookie_bytes;
use self::locale::locale;
use self::text::{cut_text, id_text};
use crate::TrustedProxies;

/// The type of ID that client SDKs of Statsig use before a login.
const STABLE_ID: &str = "stableID";

type FromParts<T> = Arc<dyn Fn(&Parts) -> Option<T> + Send + Sync>;
type Change = Arc<dyn Fn(&Parts, StatsigUserBuilder) -> StatsigUserBuilder + Send + Sync>;

/// Makes the user of a request from what requests usually carry.
///
/// ```
/// use statsig_axum::{FlagsLayer, RequestUser, TrustedProxies};
/// # let statsig = statsig::testing::OfflineClient::without_specs(None);
///
/// /// Put into the extensions by an authentication layer.
/// #[derive(Clone)]
/// struct Account { id: String, plan: String }
///
/// let mapping = RequestUser::new()
///     .id_extension(|account: &Account| account.id.clone())
///     .id_cookie("uid")
///     .stable_id_cookie("stable_id")
///     .trusted_proxies(TrustedProxies::hops(1))
///     .with(|parts, user| match parts.extensions.get::<Account>() {
///         Some(account) => user.custom("plan", account.plan.as_str()),
///         None => user,
///     });
/// let layer = FlagsLayer::new(&statsig).user_from(mapping);
/// ```
///
/// | field | comes from |
/// |---|---|
/// | user ID | [extension](Self::id_extension), else [header](Self::id_header), else [cookie] |
/// | custom ID `stableID` | a [cookie](Self::stable_id_cookie) |
/// | IP address | [peer](Self::peer), or what [trusted proxies](Self::trusted_proxies) say |
/// | user agent | `User-Agent` |
/// | locale | the preferred language of `Accept-Language`: `de-CH` becomes `de_CH` |
/// | anything else | your function: [`with`](Self::with) |
///
/// The SDK derives the country from the IP address, and browser and operating system from the user
/// agent.
///
/// A request without an ID gets a user without an ID, so that Statsig counts no invented users.
/// Percentages and experiments by user ID treat all such users as the same user, so bucket
/// anonymous visitors by `stableID`.
///
/// # What clients of the service control
///
/// Anyone can send any header and any cookie. So a user ID from a header is safe only if a proxy of
/// yours sets that header and removes it from outside requests, and a flag is no access control.
/// The mapping ignores IDs that are longer than 1,000 bytes, not UTF-8, or have control characters:
/// cut or cleaned, an ID could be that of another user. It removes control characters from the user
/// agent, and cuts it at 1,000 bytes. It does not decode `%40` and the like in cookies.
///
/// [cookie]: Self::id_cookie
#[derive(Clone, Default)]
#[must_use = "a mapping has an effect when a layer uses it"]
pub struct RequestUser {
    id_extension: Option<FromParts<String>>,
    id_header: Option<HeaderName>,
    id_cookie: Option<Box<str>>,
    stable_id_cookie: Option<Box<str>>,
    peer: Option<FromParts<IpAddr>>,
    proxies: Option<TrustedProxies>,
    change: Option<Change>,
}

impl RequestUser {
    /// Takes user agent and locale. Everything else is added by the other methods.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the user ID from an extension of the request that an authentication layer sets. The
    /// function returns a `String`, or an `Option<String>` if the extension may contain no user.
    ///
    /// ```
    /// # use statsig_axum::RequestUser;
    /// #[derive(Clone)]
    /// struct Session { user_id: Option<String> }
    ///
    /// let mapping = RequestUser::new().id_extension(|session: &Session| session.user_id.clone());
    /// ```
    pub fn id_extension<T, I>(mut self, id: impl Fn(&T) -> I + Send + Sync + 'static) -> Self
    where
        T: Send + Sync + 'static,
        I: Into<Option<String>>,
    {
        self.id_extension = Some(Arc::new(move |parts| {
            let id: Option<String> = id(parts.extensions.get::<T>()?).into();
            id.filter(|id| !id.is_empty())
        }));
        self
    }

    /// Takes the user ID from a header, if no extension has one. If the name is not that
    /// of a header, this logs an error, and no user gets an ID from a header.
    pub fn id_header(mut self, name: impl AsRef<str>) -> Self {
        let name = name.as_ref();
        self.id_header = HeaderName::from_bytes(name.as_bytes()).ok();
        if self.id_header.is_none() {
            tracing::error!(
                target: crate::TARGET,
                "expected the name of a header for user IDs, found {name:?}; no user gets an ID from a header"
            );
        }
        self
    }

    /// Takes the user ID from a cookie, if neither an extension nor a header has one.
    pub fn id_cookie(mut self, name: impl Into<String>) -> Self {
        self.id_cookie = Some(name.into().into_boxed_str());
        self
    }

    /// Takes the custom ID `stableID` from a cookie: an ID of the device, for experiments on
    /// visitors that have not logged in. Your pages set the cookie; this crate sets none.
    pub fn stable_id_cookie(mut self, name: impl Into<String>) -> Self {
        self.stable_id_cookie = Some(name.into().into_boxed_str());
        self
    }

    /// Takes the address of the peer, the other end of the connection, from an extension. In axum,
    /// [`into_make_service_with_connect_info`][info] sets `ConnectInfo<SocketAddr>`.
    ///
    /// Without [`trusted_proxies`](Self::trusted_proxies), the peer is the client.
    ///
    /// ```
    /// use std::net::SocketAddr;
    /// use axum::extract::ConnectInfo;
    /// # use statsig_axum::RequestUser;
    ///
    /// let mapping = RequestUser::new().peer(|info: &ConnectInfo<SocketAddr>| info.0.ip());
    /// ```
    ///
    /// [info]: https://docs.rs/axum/0.8/axum/extract/struct.ConnectInfo.html
    pub fn peer<T>(mut self, address: impl Fn(&T) -> IpAddr + Send + Sync + 'static) -> Self
    where
        T: Send + Sync + 'static,
    {
        self.peer = Some(Arc::new(move |parts| {
            parts.extensions.get::<T>().map(&address)
        }));
        self
    }

    /// Takes the address of the client from a header that trusted proxies write. See
    /// [`TrustedProxies`].
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = Some(proxies);
        self
    }

    /// Adds fields to the user, or changes them.
    ///
    /// ```
    /// # use statsig_axum::RequestUser;
    /// let mapping = RequestUser::new().with(|parts, user| {
    ///     user.custom("host", parts.uri.host().unwrap_or_default())
    /// });
    /// ```
    pub fn with(
        mut self,
        change: impl Fn(&Parts, StatsigUserBuilder) -> StatsigUserBuilder + Send + Sync + 'static,
    ) -> Self {
        self.change = Some(Arc::new(change));
        self
    }

    /// The user of a request.
    ///
    /// ```
    /// # use statsig_axum::RequestUser;
    /// let request = http::Request::builder().header("x-user-id", "ann").body(())?;
    /// let (parts, ()) = request.into_parts();
    /// let user = RequestUser::new().id_header("x-user-id").user(&parts);
    /// assert_eq!(user.user_id().as_deref(), Some("ann"));
    /// # Ok::<(), http::Error>(())
    /// ```
    #[must_use]
    pub fn user(&self, parts: &Parts) -> StatsigUser {
        let mut user = StatsigUserBuilder::default();
        if let Some(id) = self.id(parts) {
            user = user.user_id(id);
        }
        let stable_id = self.stable_id_cookie.as_ref();
        if let Some(id) = stable_id.and_then(|name| cookie(&parts.headers, name)) {
            user = user.custom_id(STABLE_ID, id);
        }
        if let Some(address) = self.address(parts) {
            user = user.ip(address.to_string());
        }
        if let Some(agent) = parts.headers.get(USER_AGENT).and_then(cut_text) {
            user = user.user_agent(agent);
        }
        if let Some(locale) = parts.headers.get(ACCEPT_LANGUAGE).and_then(locale) {
            user = user.locale(locale);
        }
        if let Some(change) = &self.change {
            user = change(parts, user);
        }
        user.build()
    }

    fn id(&self, parts: &Parts) -> Option<String> {
        let from_extension = || self.id_extension.as_ref()?(parts);
        let from_header = || id_text(parts.headers.get(self.id_header.as_ref()?)?.as_bytes());
        let from_cookie = || cookie(&parts.headers, self.id_cookie.as_ref()?);
        from_extension().or_else(from_header).or_else(from_cookie)
    }

    fn address(&self, parts: &Parts) -> Option<IpAddr> {
        let peer = self.peer.as_ref().and_then(|peer| peer(parts));
        match &self.proxies {
            Some(proxies) => proxies.client(peer, &parts.headers),
            None => peer.map(|peer| peer.to_canonical()),
        }
    }
}

impl fmt::Debug for RequestUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestUser")
            .field("id_header", &self.id_header)
            .field("id_cookie", &self.id_cookie)
            .field("stable_id_cookie", &self.stable_id_cookie)
            .field("trusted_proxies", &self.proxies)
            .finish_non_exhaustive()
    }
}
