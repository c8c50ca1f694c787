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

impl StatsigOptionsBuilder {
    /// The environment tier, such as `production`, `staging` or `development`. A user's own environment beats it; without
    /// either, the project's default applies.
    pub fn environment(mut self, tier: impl Into<SharedStr>) -> Self {
        self.options.environment = Some(tier.into());
        self
    }

    /// Derives no country from IP addresses: conditions on it see only the country that a user carries. Default: false.
    pub fn disable_country_lookup(mut self, disable: bool) -> Self {
        self.options.disable_country_lookup = disable;
        self
    }

    /// Derives countries from IP addresses here. Default: the table that Statsig's other SDKs embed, if the feature `country` is
    /// on; see [`CountryLookup`].
    pub fn country_lookup(mut self, lookup: Arc<dyn CountryLookup>) -> Self {
        self.options.country_lookup = Some(lookup);
        self
    }

    /// Also derives countries from IPv6 addresses, and from IPv4 addresses that are mapped into IPv6 (`::ffff:8.8.8.8`). Statsig's
    /// other SDKs do not do this, so users with such addresses may get other answers there. The compiled-in table has only the mapped
    /// addresses; a [`country_lookup`](Self::country_lookup) may have more. Default: false.
    pub fn ipv6_countries(mut self, derive: bool) -> Self {
        self.options.ipv6_countries = derive;
        self
    }

    /// A custom field that every user has, in evaluation and in events, unless the user has one of the same name.
    pub fn global_custom_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let name = name.into();
        let place = format_args!("the global custom field {name}");
        if let Some(value) = bounded(value.into(), place) {
            Arc::make_mut(&mut self.options.global_custom_fields).insert(name, value);
        }
        self
    }

    /// Asks this adapter for overrides in every evaluation, before those set on the client.
    pub fn override_adapter(mut self, adapter: Arc<dyn OverrideAdapter>) -> Self {
        self.options.override_adapter = Some(adapter);
        self
    }

    /// Keeps users in the groups they once got; see [`PersistentStorage`]. It is called on the caller's thread, within
    /// `get_experiment` and `get_layer`. Default: none.
    pub fn persistent_storage(mut self, storage: Arc<dyn PersistentStorage>) -> Self {
        self.options.persistent_storage = Some(storage);
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
