//! Overrides for testers: signed tokens force gates and parameters for one request.

mod counts;
mod future;
mod response;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use http::request::Parts;
use statsig::overrides::RequestOverrides;
use statsig::overrides::signed::{OverrideKey, OverrideRefusal, OverrideVerifier};

use self::counts::Counts;
pub use self::counts::OverrideCounts;
pub use self::future::FlagsFuture;
pub(crate) use self::response::Mark;
use crate::Flags;
use crate::request_user::cookie_bytes;

/// The header and the cookie with the token.
const NAME: &str = "statsig-overrides";

/// Whether a request may have overrides.
type Authorize = dyn Fn(&Parts) -> bool + Send + Sync;

/// Lets testers force gates and parameters for their own requests, by signed tokens. Off unless you
/// give it to [`FlagsLayer::qa_overrides`](crate::FlagsLayer::qa_overrides).
///
/// ```
/// use statsig::overrides::signed::OverrideKey;
/// use statsig_axum::{Flags, FlagsLayer, QaOverrides};
/// # let statsig = statsig::testing::OfflineClient::without_specs(None);
/// # let secret = "9hTq1sW0bN3kD7xV5yR2cF8mJ4gL6pZa";
///
/// /// Put into the extensions by an authentication layer.
/// #[derive(Clone)]
/// struct Account { is_employee: bool }
///
/// let overrides = QaOverrides::new([OverrideKey::new(secret)?], "checkout/staging")
///     .authorize(|parts| {
///         parts.extensions.get::<Account>().is_some_and(|account| account.is_employee)
///     });
/// let layer = FlagsLayer::new(&statsig).qa_overrides(overrides);
/// # Ok::<(), statsig::overrides::signed::OverrideKeyError>(())
/// ```
///
/// A tester sends the token in the header `statsig-overrides`, or else in the cookie of that name:
///
/// ```sh
/// export STATSIG_OVERRIDES_KEY=… # the secret of the service
/// token=$(statsig-local sign --audience checkout/staging --expires 1h --gate new_page=true)
/// curl -i -H "statsig-overrides: $token" https://staging.example.com/checkout
/// ```
///
/// [`Flags`], [`Params`](crate::Params) and [`RequireGate`](crate::RequireGate) then read the
/// forced values, in the handler and in all tasks that it spawns. Overridden reads log no exposure;
/// all others log as usual: see [`PinnedStatsig::with_overrides`][sdk]. Other requests, even of the
/// same user, are not affected.
///
/// # The response
///
/// | header | content |
/// |---|---|
/// | `statsig-overrides-applied` | the forced names, such as `gate:new_page, layer:promo.title` |
/// | `statsig-overrides-refused` | why the token was ignored: see [`OverrideRefusal::as_str`] |
/// | `cache-control` | `private, no-store` |
///
/// In `statsig-overrides-applied`, `(unknown)` follows a name that is not in the specs.
///
/// A response to a request without a token has none of these. The headers never contain values. The
/// service handles a request with a refused token like a request without one.
///
/// # What an attacker can do
///
/// * **Everybody who has the key can force everything** that the service reads from Statsig: kill
///   switches, prices, beta pages. Treat it like a password. Use one key for each environment, and
///   no key in production unless you need it there.
/// * **Everybody who has a token can use it until it expires**, even somebody who finds it in a log
///   or a link. It is not bound to a user or a client. Keep the times short.
///   [`authorize`](Self::authorize) limits tokens to requests that you trust, such as those of
///   logged-in employees or of your network. It is the only guard against a copied token, so set it
///   wherever strangers can send requests. To end all tokens at once, remove their key.
/// * **A token is signed, not encrypted.** Its holder can read the names and values in it.
/// * **Nobody without a key can force anything.** Forged, changed, expired and foreign tokens are
///   ignored. Signatures are compared in constant time, and nothing reads the claims of a
///   token before its signature is verified. A token is at most 4,000 bytes long, so it costs
///   little to verify one.
/// * **A service never accepts the tokens of another audience**, so a token for staging does not
///   work in production, even if both have the same key.
/// * **The response tells its receiver which names were forced.** It does so only for valid tokens.
/// * A flag is no access control, with and without overrides: do not protect data by a gate alone.
///
/// # Caches
///
/// No cache stores a response with overrides: `cache-control` is replaced, and the headers that are
/// meant for content delivery networks only are removed. A shared cache can still answer a tester
/// with a stored response for everybody. Let it pass requests with the header or the cookie
/// `statsig-overrides`. The layer does not add `Vary` to other responses, because some networks do
/// not cache responses that have it.
///
/// # Counts
///
/// [`counts`](Self::counts) says how many requests had overrides, and how many tokens were refused
/// and why. The layer also logs a warning about refused tokens, at most once a minute. Neither
/// contains a token.
///
/// [sdk]: statsig::PinnedStatsig::with_overrides
#[derive(Clone)]
#[must_use = "overrides have no effect until a layer has them"]
pub struct QaOverrides {
    verifier: OverrideVerifier,
    authorize: Option<Arc<Authorize>>,
    counts: Arc<Counts>,
}

impl QaOverrides {
    /// Accepts tokens that one of these keys signed for this audience. To change the key while
    /// old tokens are in use, accept both keys.
    ///
    /// The audience is a text that the service and the makers of its tokens agree on, such as the
    /// name of the service with its environment.
    pub fn new(keys: impl IntoIterator<Item = OverrideKey>, audience: impl Into<String>) -> Self {
        Self {
            verifier: OverrideVerifier::new(keys, audience),
            authorize: None,
            counts: Arc::default(),
        }
    }

    /// Accepts tokens only of requests for which this function returns true. Default: of all
    /// requests.
    ///
    /// The layer calls it only for valid tokens. The [`Flags`] in the extensions do not have the
    /// overrides yet, so a token cannot authorize itself:
    ///
    /// ```
    /// # use statsig_axum::{Flags, QaOverrides};
    /// # let overrides = QaOverrides::new([], "checkout/staging");
    /// let overrides = overrides.authorize(|parts| {
    ///     Flags::from_extensions(&parts.extensions)
    ///         .is_ok_and(|flags| flags.check_gate("may_use_qa_overrides"))
    /// });
    /// ```
    pub fn authorize(mut self, authorize: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.authorize = Some(Arc::new(authorize));
        self
    }

    /// The number of requests with overrides and of refused tokens so far. Clones share it.
    ///
    /// ```
    /// # use statsig_axum::QaOverrides;
    /// use statsig::overrides::signed::OverrideRefusal;
    ///
    /// let overrides = QaOverrides::new([], "checkout/staging");
    /// let for_metrics = overrides.clone();
    /// // After the layer has the overrides:
    /// assert_eq!(for_metrics.counts().applied(), 0);
    /// assert_eq!(for_metrics.counts().refused(OverrideRefusal::Forged), 0);
    /// ```
    #[must_use]
    pub fn counts(&self) -> OverrideCounts {
        self.counts.read()
    }

    /// Applies the token of a request, if it has one, to the flags in its extensions. Returns the
    /// marks for the response.
    pub(crate) fn apply(&self, parts: &mut Parts) -> Option<Mark> {
        let token = token(&parts.headers)?;
        let flags = parts.extensions.get::<Flags>()?.clone();
        match self.accepted(&token, &flags, parts) {
            Ok(overrides) => {
                self.counts.add_applied();
                let mark = Mark::applied(&overrides, &flags);
                parts.extensions.insert(flags.with_overrides(overrides));
                Some(mark)
            }
            Err(refusal) => {
                self.counts.add_refused(refusal);
                self.counts.warn(refusal, flags.client().now_ms());
                Some(Mark::refused(refusal))
            }
        }
    }

    fn accepted(
        &self,
        token: &str,
        flags: &Flags,
        parts: &Parts,
    ) -> Result<RequestOverrides, OverrideRefusal> {
        let overrides = flags.client().verify_overrides(token, &self.verifier)?;
        match &self.authorize {
            Some(authorize) if !authorize(parts) => Err(OverrideRefusal::NotAuthorized),
            _ => Ok(overrides),
        }
    }
}

impl fmt::Debug for QaOverrides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QaOverrides")
            .field("verifier", &self.verifier)
            .field("counts", &self.counts.read())
            .finish_non_exhaustive()
    }
}

/// The token in the header, else in the cookie. A value that is not UTF-8 becomes a text that
/// counts as malformed.
fn token(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let bytes = match headers.get(NAME) {
        Some(value) => value.as_bytes(),
        None => cookie_bytes(headers, NAME)?,
    };
    Some(String::from_utf8_lossy(bytes.trim_ascii()))
}
