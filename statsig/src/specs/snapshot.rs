//! The immutable state that callers read: one generation of specs with everything that evaluation needs besides a user.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::error::SpecsError;
use crate::events::sampling::SamplingConfig;
use crate::results::SpecsSource;
use crate::text::SharedStr;

/// stub
#[derive(Debug, Default)]
pub(crate) struct CompiledSpecs {
    /// The specs' own time (`lcut`), epoch milliseconds; 0 when nothing was ever loaded.
    pub(crate) time: u64,
    pub(crate) checksum: Option<SharedStr>,
}

/// stub
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) generation: u64,
    pub(crate) source: SpecsSource,
    pub(crate) source_api: Option<SharedStr>,
    /// Epoch milliseconds when these specs were applied; `None` before the first.
    pub(crate) received_at: Option<u64>,
    pub(crate) specs: Arc<CompiledSpecs>,
    /// From the options, else the specs' default environment.
    pub(crate) tier: Option<SharedStr>,
    pub(crate) global_custom_fields: Arc<BTreeMap<String, Value>>,
    pub(crate) sampling: SamplingConfig,
    /// How long an exposure suppresses its repeats.
    pub(crate) dedupe_ttl_ms: u64,
}

/// What came of a payload.
#[derive(Debug)]
pub(crate) enum Loaded {
    /// New specs, compiled.
    New(Box<CompiledSpecs>),
    /// `has_updates: false`, an older payload, or the same checksum: nothing to do, and a success.
    Unchanged,
}

impl Snapshot {
    /// Parses, checks against the current specs and compiles. Never touches the current ones.
    pub(crate) fn load(&self, payload: &[u8]) -> Result<Loaded, SpecsError> {
        let specs: Value =
            serde_json::from_slice(payload).map_err(|error| SpecsError::Malformed {
                problem: error.to_string(),
            })?;
        if specs["has_updates"] == Value::Bool(false) {
            return Ok(Loaded::Unchanged);
        }
        let time = specs["time"]
            .as_u64()
            .ok_or_else(|| SpecsError::Malformed {
                problem: "missing field `time`".to_owned(),
            })?;
        let checksum = specs["checksum"].as_str().map(SharedStr::from);
        if time < self.specs.time || (checksum.is_some() && checksum == self.specs.checksum) {
            return Ok(Loaded::Unchanged);
        }
        Ok(Loaded::New(Box::new(CompiledSpecs { time, checksum })))
    }

    /// The next generation with other specs.
    pub(crate) fn with_specs(
        &self,
        specs: CompiledSpecs,
        source: SpecsSource,
        source_api: Option<SharedStr>,
        received_at: u64,
    ) -> Self {
                Self {
            generation: self.generation + 1,
            source,
            source_api,
            received_at: Some(received_at),
            specs: Arc::new(specs),
            tier: None,
            global_custom_fields: self.global_custom_fields.clone(),
            sampling: self.sampling,
            dedupe_ttl_ms: self.dedupe_ttl_ms,
        }
    }

    /// The next generation with the same specs from another source (`Loading`, `NoValues`).
    pub(crate) fn with_source(&self, source: SpecsSource) -> Self {
        Self {
            generation: self.generation + 1,
            source,
            source_api: self.source_api.clone(),
            received_at: self.received_at,
            specs: self.specs.clone(),
            tier: None,
            global_custom_fields: self.global_custom_fields.clone(),
            sampling: self.sampling,
            dedupe_ttl_ms: self.dedupe_ttl_ms,
        }
    }

    /// The first generation: no specs, source `Uninitialized`.
    pub(crate) fn uninitialized(
        tier: Option<SharedStr>,
        global_custom_fields: Arc<BTreeMap<String, Value>>,
    ) -> Self {
        Self {
            generation: 0,
            source: SpecsSource::Uninitialized,
            source_api: None,
            received_at: None,
            specs: Arc::default(),
            tier,
            global_custom_fields,
            sampling: SamplingConfig::default(),
            dedupe_ttl_ms: 60_000,
        }
    }
}
