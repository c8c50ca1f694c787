//! A handle that reads with one generation of specs, for a request and all of its tasks.

use std::ops::Deref;
use std::sync::Arc;

use super::Statsig;
use crate::overrides::RequestOverrides;
use crate::shared::Published;

/// A client whose specs do not change: every read uses the specs of the moment at which it was
/// [pinned](Statsig::pin).
///
/// It derefs to [`Statsig`], so it has all of its methods, and `&pinned` can be passed where a
/// `&Statsig` is expected. Everything that reads specs uses the pinned ones: reads, manual
/// exposures, [`explain`](Statsig::explain), the lists of names, the checks of schemas and client
/// initialize responses. Events, overrides, subscriptions and the state are those of the client.
/// Local overrides are not part of the specs: they apply at once. A pinned handle can have
/// [overrides of its own](Self::with_overrides).
///
/// Pin at the beginning of a request, clone the handle into the tasks that the request spawns, and
/// drop it at the end: it keeps its specs in memory and never sees later ones. A clone of the
/// `Statsig` that it derefs to stays pinned, too; [`client`](Self::client) returns a handle that is
/// not pinned.
///
/// ```
/// # use statsig::{Event, Statsig, StatsigUser};
/// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
/// /// Works with a client and with a pinned one.
/// fn title(statsig: &Statsig, user: &StatsigUser) -> String {
///     statsig.get_layer(user, "a_layer").get_string("title", "Welcome")
/// }
///
/// let pinned = statsig.pin();
/// let user = StatsigUser::with_user_id("a-user");
/// let (for_task, user_of_task) = (pinned.clone(), user.clone());
/// let task = std::thread::spawn(move || for_task.check_gate(&user_of_task, "a_gate"));
/// // Both agree, even if the service sends other specs in between.
/// assert_eq!(pinned.check_gate(&user, "a_gate"), task.join().unwrap());
/// assert_eq!(title(&pinned, &user), title(&statsig, &user));
/// pinned.log_event(&user, Event::new("greeted"));
/// ```
#[derive(Clone)]
pub struct PinnedStatsig {
    pinned: Statsig,
    client: Statsig,
}

impl Statsig {
    /// A handle that reads with the specs of this moment, now and later. See [`PinnedStatsig`].
    ///
    /// Before [`initialize`](Self::initialize) there are no specs to pin: the handle serves
    /// fallbacks, also later. Pinning a pinned client keeps its specs and its overrides.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// let pinned = statsig.pin();
    /// assert!(pinned.check_gate(&user, "a_gate"));
    /// ```
    #[must_use]
    pub fn pin(&self) -> PinnedStatsig {
        PinnedStatsig {
            pinned: Self {
                inner: Arc::clone(&self.inner),
                pinned: Some(Arc::clone(&self.specs())),
            },
            client: Self::from_inner(Arc::clone(&self.inner)),
        }
    }
}

impl PinnedStatsig {
    /// The same specs with overrides: forced values that only this handle and its clones read. The
    /// client and all other pinned handles are not affected. Replaces earlier overrides.
    ///
    /// All reads see them: gates, configs, experiments, layers, parameter stores, typed structs,
    /// [`explain`](Statsig::explain), and client initialize responses that
    /// [include overrides](crate::client_init::ClientInitResponseOptions::include_local_overrides)
    /// (except parameters of stores). They win over local overrides and stored assignments.
    /// They apply to names that the application reads, and to the targets of parameter stores. A
    /// gate that another gate refers to, and an experiment that a layer delegates to, are evaluated
    /// without them.
    ///
    /// An overridden read has the reason `RequestOverride:Recognized` and the rule `override`, and
    /// **logs no exposure**, not even by `log_exposure()`. All other reads log as usual. In a layer
    /// or a parameter store, this holds for each parameter. A config or experiment is exposed as a
    /// whole: if a parameter is overridden, the user did not get what the exposure would say, so
    /// none is logged. Overridden reads are evaluated each time, without the cache.
    ///
    /// ```
    /// use statsig::overrides::RequestOverrides;
    ///
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// let overrides = RequestOverrides::new()
    ///     .gate("a_gate", false)
    ///     .layer("a_layer", "title", "Hi");
    /// let for_tester = statsig.pin().with_overrides(overrides);
    /// assert!(!for_tester.check_gate(&user, "a_gate"));
    /// assert_eq!(for_tester.get_layer(&user, "a_layer").get_string("title", "Welcome"), "Hi");
    /// assert_eq!(statsig.event_stats().pending, 0);
    ///
    /// assert!(statsig.check_gate(&user, "a_gate"));
    /// ```
    #[must_use]
    pub fn with_overrides(&self, overrides: RequestOverrides) -> Self {
        let pinned = Published::with_request_overrides(&self.pinned.specs(), overrides);
        Self {
            pinned: Statsig {
                inner: Arc::clone(&self.pinned.inner),
                pinned: Some(pinned),
            },
            client: self.client.clone(),
        }
    }

    /// The overrides of this handle, if there are any.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// use statsig::overrides::RequestOverrides;
    ///
    /// let pinned = statsig.pin();
    /// assert!(pinned.overrides().is_none());
    /// let overrides = RequestOverrides::new().gate("a_gate", false);
    /// assert_eq!(pinned.with_overrides(overrides.clone()).overrides(), Some(&overrides));
    /// ```
    #[must_use]
    pub fn overrides(&self) -> Option<&RequestOverrides> {
        let pinned = self.pinned.pinned.as_ref()?;
        pinned.request_overrides.as_deref()
    }

    /// The client that was pinned. It reads with the current specs.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// let pinned = statsig.pin();
    /// let background = pinned.client().clone(); // a long task should see later specs
    /// assert!(background.check_gate(&user, "a_gate"));
    /// ```
    #[must_use]
    pub fn client(&self) -> &Statsig {
        &self.client
    }
}

impl Deref for PinnedStatsig {
    type Target = Statsig;

    #[inline]
    fn deref(&self) -> &Statsig {
        &self.pinned
    }
}

impl AsRef<Statsig> for PinnedStatsig {
    fn as_ref(&self) -> &Statsig {
        self
    }
}

impl AsRef<Self> for Statsig {
    fn as_ref(&self) -> &Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::OfflineClient;

    #[test]
    fn replaced_overrides_do_not_stay_in_memory() {
        let client = OfflineClient::without_specs(None);
        let first = client.pin().with_overrides(RequestOverrides::new());
        let replaced = Arc::downgrade(first.pinned.pinned.as_ref().unwrap());
        let second = first.with_overrides(RequestOverrides::new().gate("a_gate", true));
        drop(first);
        assert!(replaced.upgrade().is_none());
        assert!(second.overrides().is_some());
    }
}
