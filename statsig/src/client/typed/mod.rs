//! Typed parameters: structs filled from layers, experiments, configs and parameter stores.

mod entity;
mod source;
mod store;

use source::Opened;

use super::{Statsig, TypedEvaluationOptions};
use crate::typed::{ParamsError, StatsigParams, Typed, load, try_load};
use crate::user::StatsigUser;

impl Statsig {
    /// A struct of parameters for a user, with defaults for parameters that are not served. It
    /// never fails and never waits.
    ///
    /// Loading exposes nothing. The first access through the returned [`Typed`] exposes every
    /// *served* parameter once, and no defaults. An attribute of the derive `StatsigParams` sets
    /// other policies. A value that does not fit its field falls back to the default, with one
    /// warning for each distinct problem and generation of specs.
    ///
    /// ```
    /// use statsig::{StatsigParams, StatsigUser};
    ///
    /// #[derive(Debug, StatsigParams)]
    /// #[statsig(layer = "a_layer")]
    /// struct Promo {
    ///     #[statsig(default = "Welcome to Statsig!")]
    ///     title: String,
    ///     #[statsig(default = 0.1)]
    ///     discount: f64,
    /// }
    ///
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let promo = statsig.get_typed::<Promo>(StatsigUser::with_user_id("a-user"));
    /// assert_eq!(promo.title, "Hello");
    /// assert_eq!(promo.discount, 0.1);
    /// ```
    #[must_use]
    pub fn get_typed<P: StatsigParams>(&self, user: impl AsRef<StatsigUser>) -> Typed<P> {
        self.get_typed_with_options(user, &TypedEvaluationOptions::default())
    }

    /// Like [`get_typed`](Self::get_typed), but reports problems instead of serving defaults.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// use statsig::StatsigParams;
    ///
    /// #[derive(Debug, StatsigParams)]
    /// #[statsig(layer = "a_layer")]
    /// struct Promo {
    ///     #[statsig(default = "Welcome")]
    ///     title: String,
    /// }
    ///
    /// let promo = statsig.try_get_typed::<Promo>(&user)?;
    /// assert_eq!(promo.title, "Hello");
    /// # Ok::<(), statsig::typed::ParamsError>(())
    /// ```
    ///
    /// # Errors
    /// When the specs do not know the source, the user lacks the ID that the struct asks for, or a
    /// served value does not fit its field. The error lists all problems, and nothing is exposed.
    pub fn try_get_typed<P: StatsigParams>(
        &self,
        user: impl AsRef<StatsigUser>,
    ) -> Result<Typed<P>, ParamsError> {
        self.try_get_typed_with_options(user, &TypedEvaluationOptions::default())
    }

    /// Like [`get_typed`](Self::get_typed), with options: serves the values that are
    /// [stored for the user](crate::storage::PersistentStorage).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use statsig::storage::{InMemoryPersistentStorage, PersistentStorage};
    /// use statsig::{Statsig, StatsigOptions, StatsigParams, StatsigUser, TypedEvaluationOptions};
    ///
    /// #[derive(Debug, StatsigParams)]
    /// #[statsig(experiment = "an_experiment")]
    /// struct Checkout {
    ///     #[statsig(default = "blue")]
    ///     color: String,
    /// }
    ///
    /// let storage = Arc::new(InMemoryPersistentStorage::new());
    /// let options = StatsigOptions::builder().persistent_storage(storage.clone()).build()?;
    /// let statsig = Statsig::new("secret-key", options);
    ///
    /// let user = StatsigUser::with_user_id("a-user");
    /// let stored = storage.get_values_for_user(&user, "userID");
    /// let options = TypedEvaluationOptions::new().user_persisted_values(stored);
    /// let checkout = statsig.get_typed_with_options::<Checkout>(&user, &options);
    /// # assert_eq!(checkout.color, "blue");
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    #[must_use]
    pub fn get_typed_with_options<P: StatsigParams>(
        &self,
        user: impl AsRef<StatsigUser>,
        options: &TypedEvaluationOptions,
    ) -> Typed<P> {
        let specs = self.specs();
        let opened = Opened::new(self.view(&specs), user.as_ref(), P::SCHEMA, options);
        load(opened, |problems| {
            let log = &self.inner.shared.telemetry.mismatches;
            // The time identifies the specs. New ID lists are a new generation of the same specs.
            log.report(specs.specs.time, P::SCHEMA.on_mismatch, problems);
        })
    }

    /// Like [`try_get_typed`](Self::try_get_typed), with options.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// use statsig::TypedEvaluationOptions;
    /// use statsig::StatsigParams;
    ///
    /// #[derive(Debug, StatsigParams)]
    /// #[statsig(layer = "a_layer")]
    /// struct Promo {
    ///     #[statsig(default = "Welcome")]
    ///     title: String,
    /// }
    ///
    /// let options = TypedEvaluationOptions::new();
    /// let promo = statsig.try_get_typed_with_options::<Promo>(&user, &options)?;
    /// # Ok::<(), statsig::typed::ParamsError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`try_get_typed`](Self::try_get_typed).
    pub fn try_get_typed_with_options<P: StatsigParams>(
        &self,
        user: impl AsRef<StatsigUser>,
        options: &TypedEvaluationOptions,
    ) -> Result<Typed<P>, ParamsError> {
        let specs = self.specs();
        let view = self.view(&specs);
        try_load(Opened::new(view, user.as_ref(), P::SCHEMA, options))
    }

    /// The number of served values that did not fit a field of a typed struct so far, repeats
    /// included.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// assert_eq!(statsig.typed_mismatches(), 0);
    /// ```
    #[must_use]
    pub fn typed_mismatches(&self) -> u64 {
        self.inner.shared.telemetry.mismatches.total()
    }
}
