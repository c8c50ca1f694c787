//! A struct of parameters as an argument of a handler.

use std::convert::Infallible;
use std::ops::Deref;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use statsig::{StatsigParams, Typed};

use crate::{Flags, MissingFlagsLayer};

/// A struct of parameters for the user of the request, as an argument of a handler. It needs
/// [`FlagsLayer`](crate::FlagsLayer).
///
/// Extracting it logs nothing. The first read exposes the served parameters, as with
/// [`Statsig::get_typed`](statsig::Statsig::get_typed). It never fails: a parameter that is not
/// served, or does not fit, has the default of its field.
///
/// ```
/// use statsig::StatsigParams;
/// use statsig_axum::Params;
///
/// #[derive(Debug, StatsigParams)]
/// #[statsig(layer = "user_promo_experiments")]
/// struct Promo {
///     #[statsig(default = "Welcome")]
///     title: String,
/// }
///
/// async fn index(promo: Params<Promo>) -> String {
///     promo.title.clone() // logs the exposure
/// }
/// ```
///
/// `Params(promo): Params<Promo>` yields the [`Typed`] itself. A clone and its original expose a
/// parameter only once.
#[derive(Debug, Clone)]
pub struct Params<P: StatsigParams>(pub Typed<P>);

impl<P: StatsigParams> Deref for Params<P> {
    type Target = Typed<P>;

    fn deref(&self) -> &Typed<P> {
        &self.0
    }
}

impl<P: StatsigParams, S: Send + Sync> FromRequestParts<S> for Params<P> {
    type Rejection = MissingFlagsLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingFlagsLayer> {
        let flags = Flags::from_extensions(&parts.extensions)?;
        Ok(Self(flags.get_typed()))
    }
}

impl<P: StatsigParams, S: Send + Sync> OptionalFromRequestParts<S> for Params<P> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        let flags = Flags::from_extensions(&parts.extensions).ok();
        Ok(flags.map(|flags| Self(flags.get_typed())))
    }
}
