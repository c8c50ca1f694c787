//! What a loaded struct keeps in order to expose its parameters later.

use std::fmt;
use std::sync::Arc;

use super::bit_set::{AtomicBitSet, BitSet};
use super::schema::{ExposePolicy, Schema};
use super::served::{ServedParams, find};

/// The right to expose the parameters of one loaded struct, each once. Clones share what was
/// exposed.
#[doc(hidden)]
#[derive(Clone)]
pub struct ExposureState(Arc<Inner<dyn ServedParams>>);

/// One allocation for everything, which is why the source sits in here and not behind a pointer of
/// its own.
struct Inner<S: ?Sized> {
    schema: &'static Schema,
    served: BitSet,
    /// What an access or a read exposes. An entity that is exposed as a whole is here once, under
    /// its first served parameter.
    pending: AtomicBitSet,
    /// The same for what is exposed on request only.
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

    /// Called by the accessors of views, before they return the parameter.
    #[inline]
    pub fn on_read(&self, index: usize) {
        if !self.0.pending.is_empty() {
            self.expose(index, false);
        }
    }

    /// The same for a flattened struct, whose parameters have these indices.
    pub fn on_read_all(&self, indices: std::ops::Range<usize>) {
        for index in indices {
            self.on_read(index);
        }
    }

    /// Exposes what does not wait for a read.
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

    /// Exposes a parameter if it was served and not exposed before; true if it did. Without a
    /// request, not one that waits for it.
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

    /// Exposes every parameter that was served and not exposed before, except those that wait for a
    /// request.
    #[inline]
    pub(crate) fn expose_pending(&self) {
        if !self.0.pending.is_empty() {
            self.take_pending();
        }
    }

    #[cold]
    fn take_pending(&self) {
        let exposures = &*self.0;
        exposures
            .pending
            .take_all(|index| exposures.log(index, false));
    }

    /// Exposes, on request, every parameter that was served and not exposed before.
    pub(crate) fn expose_on_request(&self) {
        let exposures = &*self.0;
        exposures
            .pending
            .take_all(|index| exposures.log(index, true));
        exposures
            .on_request
            .take_all(|index| exposures.log(index, true));
    }

    pub(crate) fn is_served(&self, index: usize) -> bool {
        self.0.served.contains(index)
    }

    pub(crate) fn source(&self) -> &dyn ServedParams {
        &self.0.source
    }
}

/// Where fields have sources or policies of their own: what is exposed by reading, and what on
/// request. An entity that is exposed as a whole waits for a request only if all its fields do.
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

/// The index that stands for a served parameter: of an entity that is exposed as a whole, the first
/// served one.
fn place_of(schema: &Schema, served: &BitSet, index: usize) -> usize {
    let source_at = |index: usize| schema.source_of(schema.params.get(index)?);
    match source_at(index) {
        Some(source) if source.kind.is_exposed_as_a_whole() => (0..index)
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
        // What was served came under its only name, unless there are aliases.
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
