//! `Typed`: a loaded struct that logs its exposures.

use std::fmt;
use std::ops::Deref;

use serde::{Serialize, Serializer};

use super::bit_set::BitSet;
use super::exposure_state::ExposureState;
use super::params::StatsigParams;
use super::schema::{ExposePolicy, ParamSchema};
use super::served::{Detached, FieldMeta, ParamOrigin, ParamsMeta, find};

/// A loaded struct of parameters.
///
/// It derefs to the struct, so code reads fields as `promo.title`. Loading exposes nothing. The
/// first access exposes all served parameters, once for this value and all its clones. A value that
/// fell back to its default is never exposed. An attribute selects another [policy](ExposePolicy).
/// With `expose = "read"`, code reads fields as `promo.title()`.
///
/// `Debug`, `PartialEq`, `Serialize` and [`peek`](Self::peek) expose nothing.
///
/// After all exposures, an access costs one atomic load. It never blocks, fails or allocates.
pub struct Typed<P: StatsigParams> {
    view: P::View,
    exposures: ExposureState,
}

impl<P: StatsigParams> Typed<P> {
    pub(crate) fn new(params: P, exposures: ExposureState) -> Self {
        exposures.on_load();
        Self {
            view: params.into_view(&exposures),
            exposures,
        }
    }

    /// Wraps a struct without an evaluation. No parameter counts as served, so it never logs an
    /// exposure.
    ///
    /// Use it to test code that takes a `Typed`.
    #[must_use]
    pub fn detached(params: P) -> Self {
        let served = BitSet::with_len(P::SCHEMA.params.len());
        Self::new(params, ExposureState::new(P::SCHEMA, served, Detached))
    }

    /// The struct, without exposures.
    #[must_use]
    pub fn peek(&self) -> &P {
        P::peek(&self.view)
    }

    /// The struct, after exposing all parameters that were served and not exposed before, except
    /// those with `expose = "manual"`.
    #[must_use = "use `log_exposures` to expose without taking the struct"]
    pub fn into_inner(self) -> P {
        self.exposures.expose_pending();
        self.into_inner_unexposed()
    }

    /// The struct, without exposures.
    #[must_use]
    pub fn into_inner_unexposed(self) -> P {
        P::from_view(self.view)
    }

    /// Exposes one parameter, by its name in Statsig, and marks the exposure as manual.
    ///
    /// Returns whether it logged an exposure. It returns false if the parameter was not served, was
    /// exposed before, or is unknown. For a parameter with `expose = "manual"`, the struct has a
    /// constant with the name.
    ///
    /// ```
    /// use statsig::{Statsig, StatsigParams, StatsigUser};
    ///
    /// #[derive(StatsigParams)]
    /// #[statsig(layer = "a_layer", expose = "manual")]
    /// struct Promo {
    ///     #[statsig(default = "Welcome!")]
    ///     title: String,
    /// }
    ///
    /// fn show_title(statsig: &Statsig, user: &StatsigUser) -> String {
    ///     let promo = statsig.get_typed::<Promo>(user);
    ///     promo.log_exposure(Promo::TITLE);
    ///     promo.peek().title.clone()
    /// }
    /// ```
    pub fn log_exposure(&self, param: &str) -> bool {
        index_of::<P>(param).is_some_and(|index| self.exposures.expose(index, true))
    }

    /// Exposes all parameters that were served and not exposed before, and marks the exposures as
    /// manual.
    pub fn log_exposures(&self) {
        self.exposures.expose_on_request();
    }

    /// The decision behind the values: rule, group, reason, and each field's origin. It allocates.
    #[must_use]
    pub fn meta(&self) -> ParamsMeta {
        let source = self.exposures.source();
        let fields = P::SCHEMA.params.iter().enumerate().map(|(index, param)| {
            let decided_by = source.decided_by(Some(param));
            FieldMeta {
                field: param.field,
                parameter: find(source, param).map_or(param.name, |(name, _)| name),
                origin: self.origin_of(index, param),
                rule_id: decided_by.rule_id,
                group_name: decided_by.group_name,
                allocated_experiment: decided_by.allocated_experiment,
            }
        });
        let decided_by = source.decided_by(None);
        ParamsMeta {
            rule_id: decided_by.rule_id,
            group_name: decided_by.group_name,
            allocated_experiment: decided_by.allocated_experiment,
            reason: decided_by.reason,
            fields: fields.collect(),
        }
    }

    /// The origin of a parameter's value, by the parameter's name in Statsig. `None` if the struct
    /// has no such parameter.
    #[must_use]
    pub fn origin(&self, param: &str) -> Option<ParamOrigin> {
        let index = index_of::<P>(param)?;
        let param = P::SCHEMA.params.get(index)?;
        Some(self.origin_of(index, param))
    }

    fn origin_of(&self, index: usize, param: &ParamSchema) -> ParamOrigin {
        if self.exposures.is_served(index) {
            ParamOrigin::Served
        } else if find(self.exposures.source(), param).is_some() {
            ParamOrigin::Mismatch
        } else {
            ParamOrigin::Default
        }
    }
}

fn index_of<P: StatsigParams>(param: &str) -> Option<usize> {
    let mut params = P::SCHEMA.params.iter();
    params.position(|schema| schema.is_called(param))
}

impl<P: StatsigParams> Deref for Typed<P> {
    type Target = P::View;

    #[inline]
    fn deref(&self) -> &P::View {
        // A view logs its exposures itself.
        if !matches!(P::SCHEMA.expose, ExposePolicy::Read) {
            self.exposures.expose_pending();
        }
        &self.view
    }
}

/// The clone shares the exposures.
impl<P: StatsigParams + Clone> Clone for Typed<P> {
    fn clone(&self) -> Self {
        Self {
            view: self.peek().clone().into_view(&self.exposures),
            exposures: self.exposures.clone(),
        }
    }
}

impl<P: StatsigParams + fmt::Debug> fmt::Debug for Typed<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.peek().fmt(f)
    }
}

impl<P: StatsigParams + PartialEq> PartialEq for Typed<P> {
    fn eq(&self, other: &Self) -> bool {
        self.peek() == other.peek()
    }
}

impl<P: StatsigParams + Eq> Eq for Typed<P> {}

impl<P: StatsigParams + Serialize> Serialize for Typed<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.peek().serialize(serializer)
    }
}
