//! Who wants to be told what the SDK does: evaluations and new specs.

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use arc_swap::ArcSwap;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::results::Reason;
use crate::targets;
use crate::typed::SchemaReport;

/// The name that stands for all events.
const ALL: &str = "*";
/// What stands for a subscription that was refused.
const REFUSED: &str = "ERROR";

/// Something that the SDK did; see [`Statsig::subscribe`](crate::Statsig::subscribe).
///
/// Serialises as `{"event_name": …, "data": {…}}`.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event_name", content = "data", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SdkEvent<'a> {
    /// A gate was checked: `gate_evaluated`.
    GateEvaluated {
        /// The name that was asked for.
        gate_name: &'a str,
        /// The rule that decided.
        rule_id: &'a str,
        /// Whether the gate passes.
        value: bool,
        /// Why.
        reason: &'a Reason,
    },
    /// A dynamic config was fetched: `dynamic_config_evaluated`.
    DynamicConfigEvaluated {
        /// The name that was asked for.
        config_name: &'a str,
        /// Why.
        reason: &'a Reason,
        /// The rule that decided.
        rule_id: &'a str,
        /// The parameters, if there are any.
        value: Option<&'a Map<String, Value>>,
    },
    /// An experiment was fetched, or a condition asked for its group: `experiment_evaluated`.
    ExperimentEvaluated {
        /// The name that was asked for.
        experiment_name: &'a str,
        /// Why.
        reason: &'a Reason,
        /// The rule that decided.
        rule_id: &'a str,
        /// The parameters, if there are any.
        value: Option<&'a Map<String, Value>>,
        /// The group that the user is in.
        group_name: Option<&'a str>,
    },
    /// A layer was fetched: `layer_evaluated`. Without values: seeing them would be an exposure.
    LayerEvaluated {
        /// The name that was asked for.
        layer_name: &'a str,
        /// Why.
        reason: &'a Reason,
        /// The rule that decided.
        rule_id: &'a str,
    },
    /// New specs are in use: `specs_updated`.
    SpecsUpdated {
        /// Where they came from, such as `Network`.
        source: &'a str,
        /// The part of the source's address that may be shown, such as `https://api.statsigcdn.com/v2`.
        source_api: Option<&'a str>,
        /// The whole payload; `None` when it came in another form than JSON.
        values: Option<&'a RawValue>,
    },
    /// New specs differ from a struct of parameters as those before did not: `schema_drifted`.
    SchemaDrifted {
        /// All that differs between the struct and the specs, known or not.
        report: &'a SchemaReport,
    },
}

impl SdkEvent<'_> {
    /// The name to subscribe with.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.kind().name()
    }

    fn kind(&self) -> EventKind {
        match self {
            Self::GateEvaluated { .. } => EventKind::Gate,
            Self::DynamicConfigEvaluated { .. } => EventKind::DynamicConfig,
            Self::ExperimentEvaluated { .. } => EventKind::Experiment,
            Self::LayerEvaluated { .. } => EventKind::Layer,
            Self::SpecsUpdated { .. } => EventKind::Specs,
            Self::SchemaDrifted { .. } => EventKind::Drift,
        }
    }
}

/// What can be subscribed to. The numbers are bits of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    Gate = 1,
    DynamicConfig = 1 << 1,
    Experiment = 1 << 2,
    Layer = 1 << 3,
    Specs = 1 << 4,
    Drift = 1 << 5,
}

impl EventKind {
    const EVERY: [Self; 6] = [
        Self::Gate,
        Self::DynamicConfig,
        Self::Experiment,
        Self::Layer,
        Self::Specs,
        Self::Drift,
    ];
    const EVALUATIONS: u8 =
        Self::Gate as u8 | Self::DynamicConfig as u8 | Self::Experiment as u8 | Self::Layer as u8;

    fn name(self) -> &'static str {
        match self {
            Self::Gate => "gate_evaluated",
            Self::DynamicConfig => "dynamic_config_evaluated",
            Self::Experiment => "experiment_evaluated",
            Self::Layer => "layer_evaluated",
            Self::Specs => "specs_updated",
            Self::Drift => "schema_drifted",
        }
    }
}

/// Names a subscription, to end it. Its text is `<uuid>@<event name>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SubscriptionID {
    /// `None` for a subscription that was refused.
    id: Option<Uuid>,
    name: &'static str,
}

impl SubscriptionID {
    /// Whether the name that was subscribed to is unknown, so that nothing will ever be told. The text is `ERROR@ERROR`.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.id.is_none()
    }
}

impl fmt::Display for SubscriptionID {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            Some(id) => write!(f, "{id}@{}", self.name),
            None => write!(f, "{REFUSED}@{}", self.name),
        }
    }
}

type Callback = dyn Fn(&SdkEvent<'_>) + Send + Sync;

#[derive(Clone)]
struct Listener {
    id: SubscriptionID,
    /// `None` for all kinds.
    kind: Option<EventKind>,
    callback: Arc<Callback>,
}

impl Listener {
    fn hears(&self) -> u8 {
        self.kind.map_or(u8::MAX, |kind| kind as u8)
    }
}

/// The subscriptions of one client.
///
/// Who tells asks one atomic whether anybody listens. Callbacks run on the thread that tells, with no lock held.
#[derive(Default)]
pub(crate) struct Subscriptions {
    /// The kinds that somebody ever wanted to hear of. None is taken back, as that could hide what another thread subscribes to at
    /// the same time.
    was_wanted: AtomicU8,
    /// Evaluations are told to `tracing` too, whoever subscribes.
    traced: u8,
    /// Those to everything first, then in the order of subscription.
    listeners: ArcSwap<Vec<Listener>>,
}

impl Subscriptions {
    /// Nobody listens, but evaluations count as wanted if they are to be traced.
    pub(crate) fn new(are_evaluations_traced: bool) -> Self {
        let traced = if are_evaluations_traced {
            EventKind::EVALUATIONS
        } else {
            0
        };
        Self {
            traced,
            ..Self::default()
        }
    }

    /// Whether anybody wants to hear of evaluations of any kind.
    #[inline]
    pub(crate) fn wants_evaluations(&self) -> bool {
        self.wants(EventKind::EVALUATIONS)
    }

    /// Whether anybody wants to hear of new specs.
    pub(crate) fn wants_specs(&self) -> bool {
        self.wants(EventKind::Specs as u8)
    }

    #[inline]
    fn wants(&self, kinds: u8) -> bool {
        self.traced & kinds != 0
            || (self.was_wanted.load(Ordering::Acquire) & kinds != 0 && self.hears_any(kinds))
    }

    fn hears_any(&self, kinds: u8) -> bool {
        let listeners = self.listeners.load();
        listeners
            .iter()
            .any(|listener| listener.hears() & kinds != 0)
    }

    pub(crate) fn subscribe(&self, name: &str, callback: Arc<Callback>) -> SubscriptionID {
        let Some((name, kind)) = known(name) else {
            tracing::error!(
                target: targets::CLIENT,
                name,
                "expected the name of an SDK event or `*`; nothing is subscribed to"
            );
            return SubscriptionID {
                id: None,
                name: REFUSED,
            };
        };
        let id = SubscriptionID {
            id: Some(Uuid::new_v4()),
            name,
        };
        let listener = Listener { id, kind, callback };
        self.was_wanted
            .fetch_or(listener.hears(), Ordering::Release);
        self.change(|listeners| {
            let listener = listener.clone();
            match kind {
                Some(_) => listeners.push(listener),
                None => {
                    let specific = listeners.partition_point(|other| other.kind.is_none());
                    listeners.insert(specific, listener);
                }
            }
        });
        id
    }

    /// Ends the subscriptions to this name.
    pub(crate) fn unsubscribe(&self, name: &str) {
        self.change(|listeners| listeners.retain(|listener| listener.id.name != name));
    }

    pub(crate) fn unsubscribe_by_id(&self, id: SubscriptionID) {
        self.change(|listeners| listeners.retain(|listener| listener.id != id));
    }

    pub(crate) fn unsubscribe_all(&self) {
        self.change(Vec::clear);
    }

    /// Takes no lock: in a fork, one could be held for ever.
    fn change(&self, change: impl Fn(&mut Vec<Listener>)) {
        self.listeners.rcu(|listeners| {
            let mut next = Vec::clone(listeners);
            change(&mut next);
            next
        });
    }

    /// Tells everybody who listens. What a callback itself makes happen is told to nobody, as it would never end.
    pub(crate) fn tell(&self, event: &SdkEvent<'_>) {
        thread_local! {
            static IS_TELLING: Cell<bool> = const { Cell::new(false) };
        }
        if IS_TELLING.replace(true) {
            return;
        }
        let kind = event.kind();
        for listener in &*self.listeners.load_full() {
            if listener.hears() & kind as u8 == 0 {
                continue;
            }
            // The hook has told about the panic; the evaluation goes on.
            let told = catch_unwind(AssertUnwindSafe(|| (listener.callback)(event)));
            if told.is_err() {
                tracing::error!(
                    target: targets::CLIENT,
                    event = event.name(),
                    subscription = %listener.id,
                    "a callback for SDK events panicked"
                );
            }
        }
        IS_TELLING.set(false);
    }
}

impl fmt::Debug for Subscriptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.listeners.load().iter().map(|listener| listener.id))
            .finish()
    }
}

fn known(name: &str) -> Option<(&'static str, Option<EventKind>)> {
    if name == ALL {
        return Some((ALL, None));
    }
    let kind = EventKind::EVERY
        .into_iter()
        .find(|kind| kind.name() == name)?;
    Some((kind.name(), Some(kind)))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::results::SpecsSource;

    const REASON: Reason = Reason::Recognized {
        source: SpecsSource::Network,
        id_list: None,
    };

    const GATE: SdkEvent<'static> = SdkEvent::GateEvaluated {
        gate_name: "g",
        rule_id: "r",
        value: true,
        reason: &REASON,
    };
    const LAYER: SdkEvent<'static> = SdkEvent::LayerEvaluated {
        layer_name: "l",
        reason: &REASON,
        rule_id: "r",
    };

    type Told = Arc<Mutex<Vec<String>>>;

    /// A callback that notes its label and the event's name.
    fn note(told: &Told, label: &'static str) -> Arc<Callback> {
        let told = Arc::clone(told);
        Arc::new(move |event| {
            told.lock()
                .unwrap()
                .push(format!("{label} {}", event.name()))
        })
    }

    #[test]
    fn everybody_hears_what_they_asked_for_and_all_listeners_first() {
        let (subscriptions, told) = (Subscriptions::default(), Told::default());
        subscriptions.subscribe("gate_evaluated", note(&told, "a"));
        subscriptions.subscribe("*", note(&told, "all"));
        subscriptions.subscribe("gate_evaluated", note(&told, "b"));
        subscriptions.subscribe("*", note(&told, "all too"));
        subscriptions.tell(&GATE);
        subscriptions.tell(&LAYER);
        assert_eq!(
            *told.lock().unwrap(),
            [
                "all gate_evaluated",
                "all too gate_evaluated",
                "a gate_evaluated",
                "b gate_evaluated",
                "all layer_evaluated",
                "all too layer_evaluated"
            ]
        );
    }

    #[test]
    fn subscriptions_end_by_name_by_id_or_all_together() {
        let (subscriptions, told) = (Subscriptions::default(), Told::default());
        assert!(!subscriptions.wants_evaluations());
        let first = subscriptions.subscribe("gate_evaluated", note(&told, "first"));
        subscriptions.subscribe("gate_evaluated", note(&told, "second"));
        subscriptions.subscribe("layer_evaluated", note(&told, "layer"));
        assert!(subscriptions.wants_evaluations() && !subscriptions.wants_specs());

        subscriptions.unsubscribe_by_id(first);
        subscriptions.tell(&GATE);
        assert_eq!(*told.lock().unwrap(), ["second gate_evaluated"]);

        subscriptions.unsubscribe("gate_evaluated");
        assert!(subscriptions.wants_evaluations() && !subscriptions.wants_specs());
        subscriptions.subscribe("*", note(&told, "all"));
        assert!(subscriptions.wants_specs());
        subscriptions.unsubscribe_all();
        assert!(!subscriptions.wants_evaluations() && !subscriptions.wants_specs());
        subscriptions.tell(&GATE);
        assert_eq!(told.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_subscription_holds_while_others_end() {
        let subscriptions = Subscriptions::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let id = subscriptions.subscribe("gate_evaluated", Arc::new(|_| ()));
                        for _ in 0..100 {
                            assert!(subscriptions.wants_evaluations());
                        }
                        subscriptions.unsubscribe_by_id(id);
                    }
                });
            }
        });
        assert!(!subscriptions.wants_evaluations());
    }

    #[test]
    fn an_id_reads_as_uuid_at_name_and_an_unknown_name_as_an_error() {
        let subscriptions = Subscriptions::default();
        let id = subscriptions.subscribe("specs_updated", Arc::new(|_| ()));
        let text = id.to_string();
        let (uuid, name) = text.split_once('@').unwrap();
        assert!(Uuid::parse_str(uuid).is_ok() && name == "specs_updated");
        assert!(!id.is_error());

        let refused = subscriptions.subscribe("gate_checked", Arc::new(|_| ()));
        assert!(refused.is_error());
        assert_eq!(refused.to_string(), "ERROR@ERROR");
        subscriptions.unsubscribe_by_id(refused);
        assert!(subscriptions.wants_specs());
    }

    #[test]
    fn a_callback_that_panics_stops_neither_the_others_nor_the_next_event() {
        let (subscriptions, told) = (Subscriptions::default(), Told::default());
        subscriptions.subscribe("gate_evaluated", Arc::new(|_| panic!("on purpose")));
        subscriptions.subscribe("gate_evaluated", note(&told, "after"));
        subscriptions.tell(&GATE);
        subscriptions.tell(&GATE);
        assert_eq!(told.lock().unwrap().len(), 2);
    }

    #[test]
    fn what_a_callback_makes_happen_is_not_told() {
        let subscriptions = Arc::new(Subscriptions::default());
        let told = Told::default();
        let (again, noted) = (Arc::downgrade(&subscriptions), Arc::clone(&told));
        subscriptions.subscribe(
            "*",
            Arc::new(move |event| {
                noted.lock().unwrap().push(event.name().to_owned());
                again.upgrade().unwrap().tell(&GATE);
            }),
        );
        subscriptions.tell(&LAYER);
        subscriptions.tell(&LAYER);
        assert_eq!(
            *told.lock().unwrap(),
            ["layer_evaluated", "layer_evaluated"]
        );
    }

    #[test]
    fn events_serialise_in_their_raw_form() {
        let raw = serde_json::to_string(&GATE).unwrap();
        assert_eq!(
            raw,
            r#"{"event_name":"gate_evaluated","data":{"gate_name":"g","rule_id":"r","value":true,"reason":"Network:Recognized"}}"#
        );
        let payload = RawValue::from_string(r#"{"time":1.0}"#.to_owned()).unwrap();
        let specs = SdkEvent::SpecsUpdated {
            source: "Network",
            source_api: None,
            values: Some(&payload),
        };
        assert_eq!(
            serde_json::to_string(&specs).unwrap(),
            r#"{"event_name":"specs_updated","data":{"source":"Network","source_api":null,"values":{"time":1.0}}}"#
        );
    }
}
