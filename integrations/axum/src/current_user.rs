//! The user as an argument of a handler.

use std::convert::Infallible;
use std::ops::Deref;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use statsig::StatsigUser;

use crate::{Flags, MissingFlagsLayer};

/// The user of the request, as an argument of a handler. It needs
/// [`FlagsLayer`](crate::FlagsLayer).
///
/// ```
/// use statsig_axum::CurrentUser;
///
/// async fn greet(user: CurrentUser) -> String {
///     format!("Hello {}", user.user_id().as_deref().unwrap_or("stranger"))
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CurrentUser(pub StatsigUser);

impl Deref for CurrentUser {
    type Target = StatsigUser;

    fn deref(&self) -> &StatsigUser {
        &self.0
    }
}

impl AsRef<StatsigUser> for CurrentUser {
    fn as_ref(&self) -> &StatsigUser {
        self
    }
}

impl<S: Send + Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = MissingFlagsLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingFlagsLayer> {
        let flags = Flags::from_extensions(&parts.extensions)?;
        Ok(Self(flags.user().clone()))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for CurrentUser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        let flags = Flags::from_extensions(&parts.extensions).ok();
        Ok(flags.map(|flags| Self(flags.user().clone())))
    }
}
