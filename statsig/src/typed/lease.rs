//! What a loaded struct keeps in order to expose its parameters later.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::marks::{Marks, PendingMarks};
use super::schema::{ParamSchema, Schema};
use super::source::{ParamSource, ParamsMeta};

/// The right to expose the parameters of one loaded struct, each once. Clones share what was exposed.
#[doc(hidden)]
#[derive(Clone)]
pub struct ExposureLease(Arc<Lease<dyn ParamSource>>);

/// One allocation for everything, which is why the source sits in here and not behind a pointer of its own.
struct Lease<S: ?Sized> {
    schema: &'static Schema,
    served: Marks,
    pending: PendingMarks,
    source: S,
}

impl ExposureLease {
    pub(crate) fn new<S: ParamSource + 'static>(
        schema: &'static Schema,
        served: Marks,
        source: S,
    ) -> Self {
        let pending = if schema.is_exposed_as_a_whole() {
            PendingMarks::one(&served)
        } else {
            PendingMarks::each(&served)
        };
        Self(Arc::new(Lease {
            schema,
            served,
            pending,
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

    /// Exposes a parameter if it was served and not exposed before; true if it did.
    pub(crate) fn expose(&self, index: usize, manual: bool) -> bool {
        let lease = &*self.0;
        let mut taken = false;
        if lease.schema.is_exposed_as_a_whole() {
            if lease.served.contains(index) {
                lease.pending.take_all(|_| taken = true);
            }
        } else {
            taken = lease.pending.take(index);
        }
        if taken {
            lease.log(index, manual);
        }
        taken
    }

    /// Exposes every parameter that was served and not exposed before.
    #[inline]
    pub(crate) fn expose_all(&self, manual: bool) {
        if !self.0.pending.is_empty() {
            self.expose_pending(manual);
        }
    }

    #[cold]
    fn expose_pending(&self, manual: bool) {
        let lease = &*self.0;
        lease.pending.take_all(|index| lease.log(index, manual));
    }

    pub(crate) fn is_served(&self, index: usize) -> bool {
        self.0.served.contains(index)
    }

    pub(crate) fn source(&self) -> &dyn ParamSource {
        &self.0.source
    }

    pub(crate) fn meta(&self) -> ParamsMeta {
        self.0.source.meta()
    }
}

impl Lease<dyn ParamSource> {
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
            self.source.expose(name, manual);
        }
    }
}

impl fmt::Debug for ExposureLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExposureLease")
            .field("struct_name", &self.0.schema.struct_name)
            .field("pending", &self.0.pending)
            .finish_non_exhaustive()
    }
}

/// The first of a parameter's names that is served, and its value.
#[inline]
pub(crate) fn find<'a>(
    source: &'a dyn ParamSource,
    param: &ParamSchema,
) -> Option<(&'static str, &'a Value)> {
    if let Some(value) = source.value(param.name) {
        return Some((param.name, value));
    }
    let mut aliases = param.aliases.iter();
    aliases.find_map(|&alias| Some((alias, source.value(alias)?)))
}
