//! The user as an argument of a handler.

use std::ops::Deref;

use statsig::StatsigUser;

use crate::extractor::extractor;

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

extractor!(CurrentUser, flags => Self(flags.user().clone()));
