//! What evaluation knows beside specs and users.

use std::sync::Arc;

use serde_json::Value;

use super::{StatsigOptions, StatsigOptionsBuilder};
use statsig_core::country::Countries;

use crate::country::{CountryLookup, countries};
use crate::overrides::OverrideAdapter;
use crate::storage::PersistentStorage;
use crate::text::SharedStr;
use crate::value::depth::bounded;

option_setters! {
    /// Sets the environment tier, such as `production`, `staging` or `development`. A user's own
    /// environment takes precedence. Default: the project's default environment.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().environment("staging").build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn environment(tier: impl Into<SharedStr>) => environment = Some(tier.into());

    /// Disables the lookup of countries from IP addresses. Conditions on the country then read only
    /// the country that a user carries. Default: false.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().disable_country_lookup(true).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn disable_country_lookup(disable: bool) => disable_country_lookup = disable;

    /// Sets the lookup from IP addresses to countries. Default: with the feature `country`, the
    /// table that Statsig's other SDKs embed; without it, none. See [`CountryLookup`].
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use std::net::IpAddr;
    /// use std::sync::Arc;
    /// use statsig::country::{CountryCode, CountryLookup};
    ///
    /// #[derive(Debug)]
    /// struct AlwaysSwiss;
    ///
    /// impl CountryLookup for AlwaysSwiss {
    ///     fn country_of(&self, _: IpAddr) -> Option<CountryCode> {
    ///         CountryCode::new("CH")
    ///     }
    /// }
    ///
    /// let options = StatsigOptions::builder().country_lookup(Arc::new(AlwaysSwiss)).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn country_lookup(lookup: Arc<dyn CountryLookup>) => country_lookup = Some(lookup);

    /// Also looks up the countries of IPv6 addresses, and of IPv4 addresses that are mapped into
    /// IPv6 (`::ffff:8.8.8.8`). Default: false.
    ///
    /// Statsig's other SDKs do not do this, so users with such addresses may get other answers
    /// there. The compiled-in table has only the mapped addresses; a
    /// [`country_lookup`](Self::country_lookup) may have more.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder().ipv6_countries(true).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn ipv6_countries(derive: bool) => ipv6_countries = derive;

    /// Sets an adapter that every evaluation asks for overrides. Its overrides take precedence over
    /// those set on the client. Default: none.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use std::sync::Arc;
    /// use statsig::StatsigUser;
    /// use statsig::overrides::OverrideAdapter;
    ///
    /// #[derive(Debug)]
    /// struct EverythingOn;
    ///
    /// impl OverrideAdapter for EverythingOn {
    ///     fn gate(&self, _: &StatsigUser, _: &str) -> Option<bool> {
    ///         Some(true)
    ///     }
    /// }
    ///
    /// let options = StatsigOptions::builder().override_adapter(Arc::new(EverythingOn)).build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn override_adapter(adapter: Arc<dyn OverrideAdapter>) => override_adapter = Some(adapter);

    /// Sets the storage that keeps users in the groups that they were first assigned to; see
    /// [`PersistentStorage`]. Default: none.
    ///
    /// The client calls it on the caller's thread, within `get_experiment` and `get_layer`.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// use std::sync::Arc;
    /// use statsig::storage::InMemoryPersistentStorage;
    /// let options = StatsigOptions::builder()
    ///     .persistent_storage(Arc::new(InMemoryPersistentStorage::new()))
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn persistent_storage(storage: Arc<dyn PersistentStorage>) =>
        persistent_storage = Some(storage);
}

impl StatsigOptionsBuilder {
    /// Adds a custom field that every user has, in evaluations and in events. A user's own field of
    /// the same name takes precedence. Default: none.
    ///
    /// ```
    /// # use statsig::StatsigOptions;
    /// let options = StatsigOptions::builder()
    ///     .global_custom_field("region", "eu-central-1")
    ///     .build()?;
    /// # Ok::<(), statsig::OptionsError>(())
    /// ```
    pub fn global_custom_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let name = name.into();
        let place = format_args!("the global custom field {name}");
        if let Some(value) = bounded(value.into(), place) {
            Arc::make_mut(&mut self.options.global_custom_fields).insert(name, value);
        }
        self
    }
}

impl StatsigOptions {
    /// How snapshots look up the country of an IP address.
    pub(crate) fn countries(&self) -> Countries {
        if self.disable_country_lookup {
            return Countries::disabled();
        }
        let countries = countries(self.country_lookup.clone());
        if self.ipv6_countries {
            countries.with_ipv6()
        } else {
            countries
        }
    }
}
