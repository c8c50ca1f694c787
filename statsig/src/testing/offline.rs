//! A client that evaluates and records, without actors, runtime or network.

use crate::client::Statsig;
use crate::error::SpecsError;
use crate::hash::id_list_lookup;
use crate::options::StatsigOptions;
use crate::results::SpecsSource;
use crate::specs::id_list::IdLists;
use crate::specs::snapshot::Loaded;
use crate::text::SharedStr;

/// A client with fixed specs for synchronous tests: no actors, no runtime, no network.
///
/// Derefs to [`Statsig`]. Events stay in its queue, which holds a few thousand.
///
/// ```
/// use statsig::StatsigUser;
/// use statsig::testing::OfflineClient;
///
/// let specs = r#"{"has_updates": true, "time": 1, "feature_gates": {}, "dynamic_configs": {},
///                 "layer_configs": {}, "condition_map": {}, "experiment_to_layer": {}}"#;
/// let statsig = OfflineClient::new(specs, None)?;
/// let gate = statsig.get_feature_gate(&StatsigUser::with_user_id("a-user"), "unknown");
/// assert_eq!(gate.details.reason, "Bootstrap:Unrecognized");
/// # Ok::<(), statsig::SpecsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct OfflineClient {
    statsig: Statsig,
}

impl OfflineClient {
    /// A client with these specs (the JSON that the specs endpoint would return), source `Bootstrap`.
    ///
    /// # Errors
    /// When the specs are not valid; the error says where.
    pub fn new(
        specs: &str,
        options: impl Into<Option<StatsigOptions>>,
    ) -> Result<Self, SpecsError> {
        let client = Self {
            statsig: Statsig::new("secret-offline", options),
        };
        client.set_specs(specs)?;
        Ok(client)
    }

    /// Replaces the specs.
    ///
    /// # Errors
    /// When the specs are not valid; the current ones stay.
    pub fn set_specs(&self, specs: &str) -> Result<(), SpecsError> {
        let shared = self.statsig.shared_state();
        let current = shared.snapshot.load();
        if let Loaded::New(specs) = current.load(specs.as_bytes())? {
            let received_at = shared.clock.now_ms();
            let next = current.with_specs(*specs, SpecsSource::Bootstrap, None, received_at);
            shared.publish(next);
        }
        Ok(())
    }

    /// Replaces the ID lists: names, and the unit IDs in each.
    pub fn set_id_lists<N, I>(&self, lists: impl IntoIterator<Item = (N, I)>)
    where
        N: Into<SharedStr>,
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.set_id_list_lookups(
            lists
                .into_iter()
                .map(|(name, ids)| (name, ids.into_iter().map(|id| id_list_lookup(id.as_ref())))),
        );
    }

    /// Replaces the ID lists: names, and the lookups (the first eight characters of base64 SHA-256) of the unit IDs in each.
    pub fn set_id_list_lookups<N, L>(&self, lists: impl IntoIterator<Item = (N, L)>)
    where
        N: Into<SharedStr>,
        L: IntoIterator<Item = [u8; 8]>,
    {
        let shared = self.statsig.shared_state();
        let next = shared
            .snapshot
            .load()
            .with_id_lists(IdLists::from_lookups(lists));
        shared.publish(next);
    }
}

impl std::ops::Deref for OfflineClient {
    type Target = Statsig;

    fn deref(&self) -> &Statsig {
        &self.statsig
    }
}
