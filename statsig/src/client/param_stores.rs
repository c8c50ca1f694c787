//! Parameter stores: parameters whose source (constant, gate, config, experiment, layer) is chosen
//! in the console.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use statsig_core::typed_getters;

use super::evaluated_call::EvaluatedCall;
use super::exposure::Logging;
use super::view::View;
use super::{ClientInner, ParameterStoreEvaluationOptions, Statsig};
use crate::evaluation::{
    Evaluation, EvaluationContext, OpenedStore, open_store, open_unforced_store,
};
use crate::hash::text_hash;
use crate::results::{EvaluationDetails, Origin};
use crate::shared::Published;
use crate::specs::compiled::{ParamStore, Parameter, ParameterTarget};
use crate::text::SharedStr;
use crate::user::StatsigUser;
use statsig_core::entity_kind::EntityKind;

/// A parameter store for one user, with the specs of one moment.
///
/// Reading a parameter evaluates its target and logs the target's exposure: of a gate, config or
/// experiment, or of a layer's parameter. A constant logs nothing. All reads use the same specs,
/// also when they happen later.
///
/// ```
/// use serde_json::json;
/// # use statsig::{Statsig, StatsigUser};
/// # let statsig = Statsig::new("secret-key", None);
/// # let user = StatsigUser::with_user_id("a-user");
/// # let values = [
/// #     ("color", json!("red")), ("on", json!(true)), ("seats", json!(5.0)),
/// #     ("share", json!(0.3)), ("ports", json!([80, 443])), ("size", json!({"px": 5})),
/// # ];
/// # statsig.override_parameter_store("promo", values, None);
/// let store = statsig.get_parameter_store(&user, "promo");
/// assert_eq!(store.get_string("color", "blue"), "red");
/// assert!(store.get_bool("on", false));
/// assert_eq!(store.get_i64("seats", 10), 5);
/// assert_eq!(store.get_f64("share", 0.1), 0.3);
/// assert_eq!(store.get_array("ports", vec![]), [80, 443]);
/// assert_eq!(store.get_object("size", [("px", 1)])["px"], 5);
/// assert_eq!(store.get::<Vec<u16>>("ports", vec![]), [80, 443]);
/// assert_eq!(store.get_opt::<u16>("seats_left"), None);
/// assert_eq!(store.get_typed_opt("share", Some(json!(1))), Some(json!(0.3)));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct ParameterStore {
    /// The requested name.
    pub name: SharedStr,
    /// The reason for the values.
    pub details: EvaluationDetails,
    store: Option<Arc<ParamStore>>,
    client: Arc<ClientInner>,
    published: Arc<Published>,
    user: StatsigUser,
    logging: Logging,
}

/// A parameter of a store, without its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreParameter<'a> {
    /// The name of the parameter.
    pub name: &'a str,
    /// The type that the console declares: `boolean`, `number`, `string`, `array` or `object`.
    pub declared_type: &'a str,
    /// The kind and the name of what the parameter refers to. `None` for a constant.
    pub refers_to: Option<(EntityKind, &'a str)>,
}

impl Statsig {
    /// A parameter store for a user. Each getter of the [`ParameterStore`] logs the exposure of its
    /// parameter's target.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let store = statsig.get_parameter_store(&StatsigUser::with_user_id("a-user"), "a_store");
    /// let color = store.get_string("color", "blue");
    /// # assert_eq!(color, "red");
    /// ```
    #[must_use]
    pub fn get_parameter_store(&self, user: &StatsigUser, store: &str) -> ParameterStore {
        self.get_parameter_store_with_options(
            user,
            store,
            ParameterStoreEvaluationOptions::default(),
        )
    }

    /// Like [`get_parameter_store`](Self::get_parameter_store), with options.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// use statsig::ParameterStoreEvaluationOptions;
    ///
    /// let options = ParameterStoreEvaluationOptions::new().disable_exposure_logging(true);
    /// let store = statsig.get_parameter_store_with_options(&user, "a_store", options);
    /// assert_eq!(store.get_string("color", "blue"), "red");
    /// ```
    #[must_use]
    pub fn get_parameter_store_with_options(
        &self,
        user: &StatsigUser,
        store: &str,
        options: ParameterStoreEvaluationOptions,
    ) -> ParameterStore {
        self.view(&self.specs())
            .parameter_store(user, store, options)
    }
}

impl View<'_> {
    #[inline]
    pub(super) fn parameter_store(
        self,
        user: &StatsigUser,
        store: &str,
        options: ParameterStoreEvaluationOptions,
    ) -> ParameterStore {
        if self.published.request_overrides.is_some() {
            return self.overridden_store(user, store, options);
        }
        self.opened_store(
            open_unforced_store(&self.store_context(), user, store),
            user,
            options,
        )
    }

    /// A store for a request with overrides. Apart, because a common end of both ways would copy
    /// the store in each read.
    #[cold]
    fn overridden_store(
        self,
        user: &StatsigUser,
        store: &str,
        options: ParameterStoreEvaluationOptions,
    ) -> ParameterStore {
        let opened = open_store(&self.store_context(), user, store);
        self.opened_store(opened, user, options)
    }

    /// Opening a store depends neither on the time nor on chance.
    #[inline(always)]
    fn store_context(&self) -> EvaluationContext<'_> {
        EvaluationContext::of(self.published, 0, 0)
            .with_overrides(self.client.shared.overrides.active())
    }

    #[inline(always)]
    fn opened_store(
        self,
        opened: OpenedStore,
        user: &StatsigUser,
        options: ParameterStoreEvaluationOptions,
    ) -> ParameterStore {
        let client = self.client;
        let OpenedStore {
            name,
            details,
            store,
        } = opened;
        if store.is_none() {
            client.warn_of_unknown(self.published, EntityKind::ParameterStore, &name);
        }
        client.count_check(text_hash(&name), || name.clone());
        ParameterStore {
            name,
            details,
            store,
            client: Arc::clone(client),
            published: Arc::clone(self.published),
            user: user.clone(),
            logging: Logging::unless(options.disable_exposure_logging),
        }
    }
}

impl ParameterStore {
    /// The names of all parameters, sorted. Logs nothing.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// let store = statsig.get_parameter_store(&user, "a_store");
    /// assert_eq!(store.get_parameter_names(), ["color"]);
    /// ```
    #[must_use]
    pub fn get_parameter_names(&self) -> Vec<SharedStr> {
        self.entries().map(|(name, _)| name.clone()).collect()
    }

    /// The declared type of each parameter (`boolean`, `number`, `string`, `array`, `object`),
    /// sorted by name. Logs nothing.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// let store = statsig.get_parameter_store(&user, "a_store");
    /// assert_eq!(store.get_parameter_types()["color"], "string");
    /// ```
    #[must_use]
    pub fn get_parameter_types(&self) -> BTreeMap<SharedStr, SharedStr> {
        self.entries()
            .map(|(name, parameter)| (name.clone(), parameter.param_type.clone()))
            .collect()
    }

    /// All parameters, sorted by name: the declared types, and what the console made them refer to.
    /// Logs nothing.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// let store = statsig.get_parameter_store(&user, "a_store");
    /// for parameter in store.parameters() {
    ///     assert_eq!((parameter.name, parameter.declared_type), ("color", "string"));
    ///     assert_eq!(parameter.refers_to, None); // a constant
    /// }
    /// # assert_eq!(store.parameters().count(), 1);
    /// ```
    pub fn parameters(&self) -> impl Iterator<Item = StoreParameter<'_>> {
        self.entries().map(|(name, parameter)| StoreParameter {
            name,
            declared_type: &parameter.param_type,
            refers_to: parameter
                .target
                .entity()
                .map(|(kind, name)| (kind, name.as_str())),
        })
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&SharedStr, &Parameter)> {
        self.store.iter().flat_map(|store| &store.parameters)
    }

    pub(super) fn target(&self, parameter: &str) -> Option<&ParameterTarget> {
        self.store
            .as_ref()?
            .parameters
            .get(parameter)
            .map(|parameter| &parameter.target)
    }

    /// The same store for another user.
    pub(crate) fn for_user(&self, user: &StatsigUser) -> Self {
        Self {
            user: user.clone(),
            ..self.clone()
        }
    }

    pub(super) fn user(&self) -> &StatsigUser {
        &self.user
    }

    pub(super) fn view(&self) -> View<'_> {
        View {
            client: &self.client,
            published: &self.published,
        }
    }

    /// Evaluates the target of a parameter (nothing for a constant), and finds the value.
    #[inline]
    pub(super) fn resolve<'a>(
        &'a self,
        target: &'a ParameterTarget,
        fresh: &'a mut Option<Evaluation>,
    ) -> (Option<EvaluatedCall<'a>>, Option<&'a Value>) {
        let entity = target.entity();
        let call = entity.map(|(kind, name)| self.view().evaluate(kind, name, &self.user, fresh));
        let value = match (target, &call) {
            (ParameterTarget::Static(value), _) => Some(&**value),
            (_, None) => None,
            (ParameterTarget::Gate { pass, fail, .. }, Some(call)) => {
                Some(if call.evaluation.value {
                    &**pass
                } else {
                    &**fail
                })
            }
            (ParameterTarget::Parameter { parameter, .. }, Some(call)) => {
                call.named.evaluation.parameters.get(parameter)
            }
        };
        (call, value)
    }

    fn read<R>(&self, parameter: &str, decode: impl FnOnce(&Value) -> Option<R>) -> Option<R> {
        let target = self.target(parameter)?;
        let mut fresh = None;
        let (call, value) = self.resolve(target, &mut fresh);
        let Some(call) = call else {
            return value.and_then(decode);
        };
        let parameter = match target {
            ParameterTarget::Parameter {
                kind: EntityKind::Layer,
                parameter,
                ..
            } => parameter,
            _ => {
                call.expose(self.logging);
                return value.and_then(decode);
            }
        };
        if call.overrides_parameter(parameter) {
            return value.and_then(decode);
        }
        call.expose_looked_up(self.logging);
        if self.logging == Logging::Disabled {
            call.count_check();
        }
        let value = value?;
        let decoded = decode(value);
        // No type accepts `null`, but it counts as a value that was read.
        if decoded.is_some() || value.is_null() {
            call.expose_parameter(parameter, self.logging);
        }
        decoded
    }

    #[cold]
    fn misread(&self, parameter: &str, expected: &str) {
        let Some(target) = self.target(parameter) else {
            return;
        };
        let mut fresh = None;
        let (_, value) = self.resolve(target, &mut fresh);
        if let Some(found) = value.filter(|value| !value.is_null()) {
            let entity = format!("parameter store \"{}\"", self.name);
            let (warnings, details) = (&self.client.warnings, &self.details);
            warnings.warn_of_misread(&entity, details, parameter, expected, found);
        }
    }
}

typed_getters!(
    ParameterStore,
    "Exposes what the parameter refers to; a layer's parameter only if the fallback is not returned."
);

impl fmt::Debug for ParameterStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParameterStore")
            .field("name", &self.name)
            .field("details", &self.details)
            .field("parameters", &self.get_parameter_names())
            .finish_non_exhaustive()
    }
}
