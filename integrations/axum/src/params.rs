//! A struct of parameters as an argument of a handler.

use std::ops::Deref;

use statsig::{StatsigParams, Typed};

use crate::extractor::extractor;

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
/// `Params(promo): Params<Promo>` yields the [`Typed`] itself.
pub struct Params<P: StatsigParams>(pub Typed<P>);

impl<P: StatsigParams> Deref for Params<P> {
    type Target = Typed<P>;

    fn deref(&self) -> &Typed<P> {
        &self.0
    }
}

/// The clone and the original expose a parameter only once.
impl<P: StatsigParams + Clone> Clone for Params<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P: StatsigParams + std::fmt::Debug> std::fmt::Debug for Params<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Params").field(&self.0).finish()
    }
}

extractor!(Params<P> where P: StatsigParams, flags => Self(flags.get_typed()));
