//! The immutable state for callers: one generation of specs, with all inputs of evaluation except
//! the user.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::compile::compile;
use super::compiled::CompiledSpecs;
use super::id_list::IdLists;
use super::lenient::as_text;
use super::order::ordering_time;
use super::parse::parse;
use super::settings::Settings;
use crate::country::Countries;
use crate::error::SpecsError;
use crate::request_overrides::RequestOverrides;
use crate::results::{EvaluationDetails, Reason, SpecsSource, SpecsStatus};
use crate::text::SharedStr;

/// One generation of the inputs of evaluation.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Increases with every published snapshot of a client.
    pub generation: u64,
    /// The source of the specs.
    pub source: SpecsSource,
    /// The public part of the source's address.
    pub source_api: Option<SharedStr>,
    /// The time when the client applied these specs, in epoch milliseconds. `None` before the first
    /// specs.
    pub received_at: Option<u64>,
    /// The compiled specs.
    pub specs: Arc<CompiledSpecs>,
    /// The ID lists.
    pub id_lists: Arc<IdLists>,
    /// The service's settings for the SDK.
    pub settings: Arc<Settings>,
    /// The environment tier of the options, else the default environment of the specs.
    pub tier: Option<Value>,
    tier_option: Option<SharedStr>,
    /// Custom fields of all users.
    pub global_custom_fields: Arc<BTreeMap<String, Value>>,
    /// The country lookup for IP addresses.
    pub countries: Countries,
    /// The overrides of the one request that reads this snapshot.
    pub request_overrides: Option<Arc<RequestOverrides>>,
}

/// The result of loading a payload.
#[derive(Debug)]
pub enum Loaded {
    /// New specs, compiled.
    New(Box<CompiledSpecs>),
    /// `has_updates: false`, or the same checksum. The specs in use stay, and loading succeeded.
    Unchanged,
    /// Specs that are older than the specs in use. The specs in use stay.
    Older {
        /// The time of the loaded specs.
        found: u64,
    },
}

impl Snapshot {
    /// The first generation: no specs, source `Uninitialized`.
    pub fn uninitialized(
        tier: Option<SharedStr>,
        global_custom_fields: Arc<BTreeMap<String, Value>>,
        countries: Countries,
    ) -> Self {
        Self {
            generation: 0,
            source: SpecsSource::Uninitialized,
            source_api: None,
            received_at: None,
            specs: Arc::default(),
            id_lists: Arc::default(),
            settings: Arc::default(),
            tier: tier.as_deref().map(Value::from),
            tier_option: tier,
            global_custom_fields,
            countries,
            request_overrides: None,
        }
    }

    /// Parses a payload, decides whether it replaces the current specs, and compiles it. Unchanged
    /// parts are taken over. The current specs do not change.
    ///
    /// Older specs, and specs with the current checksum, are ignored. Specs with an equal time and
    /// another checksum are new. If the current time is far ahead of the clock, no specs are older.
    pub fn load(&self, payload: &[u8], now_ms: u64) -> Result<Loaded, SpecsError> {
        let (text, mut rest) = (as_text(payload), Vec::new());
        let Some(payload) = parse(text.as_bytes(), &self.specs.origins, &mut rest)? else {
            return Ok(Loaded::Unchanged);
        };
        let current = self.specs.checksum.as_deref();
        if current.is_some() && current == payload.checksum.as_deref() {
            return Ok(Loaded::Unchanged);
        }
        if self.ordering_time(now_ms) > payload.time {
            return Ok(Loaded::Older {
                found: payload.time,
            });
        }
        Ok(Loaded::New(Box::new(compile(&payload, &self.specs))))
    }

    /// The time of these specs for comparisons. 0 without specs, or if the time is far ahead of the
    /// clock.
    #[must_use]
    pub fn ordering_time(&self, now_ms: u64) -> u64 {
        ordering_time(self.specs.time, now_ms)
    }

    /// The next generation with other specs.
    pub fn with_specs(
        &self,
        specs: CompiledSpecs,
        source: SpecsSource,
        source_api: Option<SharedStr>,
        received_at: u64,
    ) -> Self {
        let tier = self
            .tier_option
            .as_ref()
            .or(specs.default_environment.as_ref());
        Self {
            generation: self.generation + 1,
            source,
            source_api,
            received_at: Some(received_at),
            settings: Arc::new(self.settings.merged(&specs.sdk_configs, &specs.diagnostics)),
            tier: tier.map(|tier| Value::from(tier.as_str())),
            specs: Arc::new(specs),
            ..self.clone()
        }
    }

    /// The next generation with the same specs from another source (`Loading`, `NoValues`).
    #[must_use]
    pub fn with_source(&self, source: SpecsSource) -> Self {
        Self {
            generation: self.generation + 1,
            source,
            ..self.clone()
        }
    }

    /// The next generation with the same specs and other ID lists.
    #[must_use]
    pub fn with_id_lists(&self, id_lists: Arc<IdLists>) -> Self {
        Self {
            generation: self.generation + 1,
            id_lists,
            ..self.clone()
        }
    }

    /// The same generation for one request with overrides.
    #[must_use]
    pub fn with_request_overrides(&self, overrides: RequestOverrides) -> Self {
        Self {
            request_overrides: Some(Arc::new(overrides)),
            ..self.clone()
        }
    }

    /// The state of these specs.
    #[must_use]
    pub fn status(&self) -> SpecsStatus {
        SpecsStatus {
            source: self.source.clone(),
            source_api: self.source_api.clone(),
            lcut: self.specs.time,
            received_at: self.received_at,
        }
    }

    /// The details of an evaluation with these specs.
    #[must_use]
    #[inline]
    pub fn details(&self, reason: Reason) -> EvaluationDetails {
        EvaluationDetails {
            reason,
            lcut: Some(self.specs.time),
            received_at: self.received_at,
            version: None,
        }
    }

    /// The details of a lookup without an evaluation.
    #[must_use]
    #[inline]
    pub fn details_of_name(&self, is_known: bool) -> EvaluationDetails {
        let source = self.source.clone();
        if !self.has_specs() {
            return EvaluationDetails::without_specs(Reason::NoSpecs(source));
        }
        self.details(if is_known {
            Reason::Recognized {
                source,
                id_list: None,
            }
        } else {
            Reason::Unrecognized(source)
        })
    }

    /// The environment tier as text.
    pub fn tier_text(&self) -> Option<&str> {
        self.tier.as_ref().and_then(Value::as_str)
    }

    /// Whether there are specs to evaluate.
    #[must_use]
    pub fn has_specs(&self) -> bool {
        !matches!(
            self.source,
            SpecsSource::Uninitialized | SpecsSource::NoValues
        )
    }
}
