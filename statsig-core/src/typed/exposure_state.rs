//! The state of a loaded struct that later exposures need.

use std::fmt;
use std::sync::Arc;

use super::bit_set::{AtomicBitSet, BitSet};
use super::schema::{ExposePolicy, Schema};
use super::served::{ServedParams, find};

/// The pending exposures of one loaded struct. Each happens once, and clones share the state.
#[doc(hidden)]
#[derive(Clone)]
pub struct ExposureState(Arc<Inner<dyn ServedParams>>);

/// One allocation for the whole state. This is why the source is stored inline and not behind its
/// own pointer.
struct Inner<S: ?Sized> {
    schema: &'static Schema,
    served: BitSet,
    /// The exposures at an access or a read. An entity with one exposure appears once, at its first
    /// served parameter.
    pending: AtomicBitSet,
    /// The exposures that wait for an explicit request.
    on_request: AtomicBitSet,
    source: S,
}

impl ExposureState {
    pub(crate) fn new<S: ServedParams + 'static>(
        schema: &'static Schema,
        served: BitSet,
        source: S,
    ) -> Self {
        let (pending, on_request) = if schema.is_mixed() {
            sorted_out(schema, &served)
        } else {
            let bits = if schema.is_exposed_as_a_whole() {
                AtomicBitSet::one(&served)
            } else {
                AtomicBitSet::each(&served)
            };
            match schema.expose {
                ExposePolicy::Manual => (AtomicBitSet::default(), bits),
                _ => (bits, AtomicBitSet::default()),
            }
        };
        Self(Arc::new(Inner {
            schema,
            served,
            pending,
            on_request,
            source,
        }))
    }

    /// The accessors of views call it before they return the parameter.
    #[inline]
    pub fn on_read(&self, index: usize) {
        if !self.0.pending.is_empty() {
            self.expose(index, false);
        }
    }

    /// Like `on_read`, for a flattened struct whose parameters have these indices.
    pub fn on_read_all(&self, indices: std::ops::Range<usize>) {
        for index in indices {
            self.on_read(index);
        }
    }

    /// Logs the exposures that do not wait for a read.
    #[inline]
    pub(crate) fn on_load(&self) {
        let schema = self.0.schema;
        if schema.is_mixed() {
            for (index, param) in schema.params.iter().enumerate() {
                if schema.policy_of(param) == ExposePolicy::Load {
                    self.on_read(index);
                }
            }
        } else if schema.expose == ExposePolicy::Load {
            self.expose_pending();
        }
    }

    /// Exposes a parameter that was served and not exposed before. Returns whether it did. Only
    /// `manual` includes parameters that wait for a request.
    pub(crate) fn expose(&self, index: usize, manual: bool) -> bool {
        let exposures = &*self.0;
        if !exposures.served.contains(index) {
            return false;
        }
        let place = place_of(exposures.schema, &exposures.served, index);
        let taken = exposures.pending.take(place) || (manual && exposures.on_request.take(place));
        if taken {
            exposures.log(index, manual);
        }
        taken
    }

    /// Exposes all parameters that were served and not exposed before, except those that wait for a
    /// request.
    #[inline]
    pub(crate) fn expose_pending(&self) {
        if !self.0.pending.is_empty() {
            self.take_pending();
        }
    }

    #[cold]
    fn take_pending(&self) {
        self.0.pending.take_all(|index| self.0.log(index, false));
    }

    /// Exposes all parameters that were served and not exposed before, including those that wait
    /// for a request.
    pub(crate) fn expose_on_request(&self) {
        let log = |index| self.0.log(index, true);
        self.0.pending.take_all(log);
        self.0.on_request.take_all(log);
    }

    pub(crate) fn is_served(&self, index: usize) -> bool {
        self.0.served.contains(index)
    }

    pub(crate) fn source(&self) -> &dyn ServedParams {
        &self.0.source
    }
}

/// Sorts the exposures if fields have their own sources or policies: those at reads, and those on
/// request. An entity with one exposure waits for a request only if all its fields do.
fn sorted_out(schema: &Schema, served: &BitSet) -> (AtomicBitSet, AtomicBitSet) {
    let len = schema.params.len();
    let (mut pending, mut on_request) = (BitSet::with_len(len), BitSet::with_len(len));
    for (index, param) in schema.params.iter().enumerate() {
        if served.contains(index) {
            let place = place_of(schema, served, index);
            if schema.policy_of(param) == ExposePolicy::Manual {
                on_request.insert(place);
            } else {
                pending.insert(place);
            }
        }
    }
    on_request.remove_all(&pending);
    (
        AtomicBitSet::each(&pending),
        AtomicBitSet::each(&on_request),
    )
}

/// The index that represents a served parameter. For an entity with one exposure, this is its first
/// served parameter.
fn place_of(schema: &Schema, served: &BitSet, index: usize) -> usize {
    let source_at = |index: usize| schema.source_of(schema.params.get(index)?);
    match source_at(index) {
        Some(source) if source.is_exposed_as_a_whole() => (0..index)
            .find(|&other| served.contains(other) && source_at(other) == Some(source))
            .unwrap_or(index),
        _ => index,
    }
}

impl Inner<dyn ServedParams> {
    fn log(&self, index: usize, manual: bool) {
        let Some(param) = self.schema.params.get(index) else {
            return;
        };
        // Without aliases, a served parameter has its only name.
        let name = if param.aliases.is_empty() {
            Some(param.name)
        } else {
            find(&self.source, param).map(|(name, _)| name)
        };
        if let Some(name) = name {
            self.source.expose(param, name, manual);
        }
    }
}

impl fmt::Debug for ExposureState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExposureState")
            .field("struct_name", &self.0.schema.struct_name)
            .field("pending", &self.0.pending)
            .finish_non_exhaustive()
    }
}
