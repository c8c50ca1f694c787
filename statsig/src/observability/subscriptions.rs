//! Callbacks for evaluations and new specs.

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use arc_swap::ArcSwap;
use uuid::Uuid;

use super::sdk_event::{EVALUATIONS, KINDS, SPECS, SdkEvent};
use crate::targets;

/// The name for all events, and the bits of all kinds.
const ALL: &str = "*";
const ALL_KINDS: u8 = u8::MAX;
/// Stands for a refused subscription.
const REFUSED: &str = "ERROR";

/// Identifies a subscription; its text is `<uuid>@<event name>`. Ends it with
/// [`Statsig::unsubscribe_by_id`](crate::Statsig::unsubscribe_by_id).
///
/// ```
/// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
/// let subscription = statsig.subscribe("specs_updated", |event| println!("{event:?}"));
/// assert!(!subscription.is_error());
/// statsig.unsubscribe_by_id(subscription);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SubscriptionId {
    /// `None` for a refused subscription.
    id: Option<Uuid>,
    name: &'static str,
}

impl SubscriptionId {
    /// Whether the event name is unknown, so that the callback is never called. The text is then
    /// `ERROR@ERROR`.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.id.is_none()
    }
}

impl fmt::Display for SubscriptionId {
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
    id: SubscriptionId,
    /// The bits of the kinds that it gets.
    kinds: u8,
    callback: Arc<Callback>,
}

/// The subscriptions of one client.
///
/// One atomic holds whether there are subscribers. Callbacks run on the thread that emits the
/// event; no lock is held meanwhile.
#[derive(Default)]
pub(crate) struct Subscriptions {
    /// The kinds that ever had a subscriber. None is removed, because that could hide a
    /// subscription that another thread makes at the same time.
    was_wanted: AtomicU8,
    /// The kinds that are also emitted to `tracing`.
    traced: u8,
    /// Listeners to all kinds first, then in the order of subscription.
    listeners: ArcSwap<Vec<Listener>>,
}

impl Subscriptions {
    /// No subscriptions. Traced evaluations count as wanted.
    pub(crate) fn new(are_evaluations_traced: bool) -> Self {
        Self {
            traced: if are_evaluations_traced {
                EVALUATIONS
            } else {
                0
            },
            ..Self::default()
        }
    }

    /// Whether there are subscribers to evaluations.
    #[inline]
    pub(crate) fn wants_evaluations(&self) -> bool {
        self.wants(EVALUATIONS)
    }

    /// Whether there are subscribers to new specs.
    pub(crate) fn wants_specs(&self) -> bool {
        self.wants(SPECS.bit)
    }

    #[inline]
    fn wants(&self, kinds: u8) -> bool {
        self.traced & kinds != 0
            || (self.was_wanted.load(Ordering::Acquire) & kinds != 0 && self.hears_any(kinds))
    }

    fn hears_any(&self, kinds: u8) -> bool {
        let listeners = self.listeners.load();
        listeners.iter().any(|it| it.kinds & kinds != 0)
    }

    pub(crate) fn subscribe(&self, name: &str, callback: Arc<Callback>) -> SubscriptionId {
        let Some((name, kinds)) = known(name) else {
            tracing::error!(
                target: targets::CLIENT,
                name,
                "expected the name of an SDK event or `*`; nothing is subscribed to"
            );
            return SubscriptionId {
                id: None,
                name: REFUSED,
            };
        };
        let id = SubscriptionId {
            id: Some(Uuid::new_v4()),
            name,
        };
        let listener = Listener {
            id,
            kinds,
            callback,
        };
        self.was_wanted.fetch_or(kinds, Ordering::Release);
        self.change(|listeners| {
            let place = match kinds {
                ALL_KINDS => listeners.partition_point(|other| other.kinds == ALL_KINDS),
                _ => listeners.len(),
            };
            listeners.insert(place, listener.clone());
        });
        id
    }

    /// Ends the subscriptions to this name.
    pub(crate) fn unsubscribe(&self, name: &str) {
        self.change(|listeners| listeners.retain(|listener| listener.id.name != name));
    }

    pub(crate) fn unsubscribe_by_id(&self, id: SubscriptionId) {
        self.change(|listeners| listeners.retain(|listener| listener.id != id));
    }

    pub(crate) fn unsubscribe_all(&self) {
        self.change(Vec::clear);
    }

    /// Takes no lock, because in a fork a lock may be held forever.
    fn change(&self, change: impl Fn(&mut Vec<Listener>)) {
        self.listeners.rcu(|listeners| {
            let mut next = Vec::clone(listeners);
            change(&mut next);
            next
        });
    }

    /// Calls all listeners. Events that a callback itself causes are not reported, because that
    /// would never end.
    pub(crate) fn tell(&self, event: &SdkEvent<'_>) {
        thread_local! {
            static IS_TELLING: Cell<bool> = const { Cell::new(false) };
        }
        if IS_TELLING.replace(true) {
            return;
        }
        let kind = event.kind();
        for listener in &*self.listeners.load_full() {
            if listener.kinds & kind.bit == 0 {
                continue;
            }
            // The panic hook has logged the panic; the evaluation continues.
            let outcome = catch_unwind(AssertUnwindSafe(|| (listener.callback)(event)));
            if outcome.is_err() {
                tracing::error!(
                    target: targets::CLIENT,
                    event = kind.name,
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

fn known(name: &str) -> Option<(&'static str, u8)> {
    if name == ALL {
        return Some((ALL, ALL_KINDS));
    }
    let kind = KINDS.into_iter().find(|kind| kind.name == name)?;
    Some((kind.name, kind.bit))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::results::{Reason, SpecsSource};

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

    type Calls = Arc<Mutex<Vec<String>>>;

    /// A callback that notes its label and the event's name.
    fn note(calls: &Calls, label: &'static str) -> Arc<Callback> {
        let calls = Arc::clone(calls);
        Arc::new(move |event| {
            calls
                .lock()
                .unwrap()
                .push(format!("{label} {}", event.name()))
        })
    }

    #[test]
    fn everybody_hears_what_they_asked_for_and_all_listeners_first() {
        let (subscriptions, calls) = (Subscriptions::default(), Calls::default());
        subscriptions.subscribe("gate_evaluated", note(&calls, "a"));
        subscriptions.subscribe("*", note(&calls, "all"));
        subscriptions.subscribe("gate_evaluated", note(&calls, "b"));
        subscriptions.subscribe("*", note(&calls, "all too"));
        subscriptions.tell(&GATE);
        subscriptions.tell(&LAYER);
        assert_eq!(
            *calls.lock().unwrap(),
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
        let (subscriptions, calls) = (Subscriptions::default(), Calls::default());
        assert!(!subscriptions.wants_evaluations());
        let first = subscriptions.subscribe("gate_evaluated", note(&calls, "first"));
        subscriptions.subscribe("gate_evaluated", note(&calls, "second"));
        subscriptions.subscribe("layer_evaluated", note(&calls, "layer"));
        assert!(subscriptions.wants_evaluations() && !subscriptions.wants_specs());

        subscriptions.unsubscribe_by_id(first);
        subscriptions.tell(&GATE);
        assert_eq!(*calls.lock().unwrap(), ["second gate_evaluated"]);

        subscriptions.unsubscribe("gate_evaluated");
        assert!(subscriptions.wants_evaluations() && !subscriptions.wants_specs());
        subscriptions.subscribe("*", note(&calls, "all"));
        assert!(subscriptions.wants_specs());
        subscriptions.unsubscribe_all();
        assert!(!subscriptions.wants_evaluations() && !subscriptions.wants_specs());
        subscriptions.tell(&GATE);
        assert_eq!(calls.lock().unwrap().len(), 1);
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
        let (subscriptions, calls) = (Subscriptions::default(), Calls::default());
        subscriptions.subscribe("gate_evaluated", Arc::new(|_| panic!("on purpose")));
        subscriptions.subscribe("gate_evaluated", note(&calls, "after"));
        subscriptions.tell(&GATE);
        subscriptions.tell(&GATE);
        assert_eq!(calls.lock().unwrap().len(), 2);
    }

    #[test]
    fn what_a_callback_makes_happen_is_not_told() {
        let subscriptions = Arc::new(Subscriptions::default());
        let calls = Calls::default();
        let (again, noted) = (Arc::downgrade(&subscriptions), Arc::clone(&calls));
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
            *calls.lock().unwrap(),
            ["layer_evaluated", "layer_evaluated"]
        );
    }
}
