//! The exposures and events that a test has seen, and assertions on them.

use std::fmt;
use std::ops::Deref;

use serde_json::Value;

use super::exposed::{Exposed, text_at};
use super::transport::ScriptedTransport;
use crate::user::StatsigUser;

/// Exposures and events that were logged, in order: JSON, as the service receives them.
///
/// It derefs to a slice of [`Value`]s. If an assertion fails, its message says what it expected,
/// and lists what was logged instead.
///
/// ```
/// use statsig::StatsigUser;
/// use statsig::testing::{LoggedEvents, OfflineClient, Specs};
///
/// let specs = Specs::new().layer("promo", |l| l.default("title", "Welcome"));
/// let statsig = OfflineClient::new(specs, None)?;
/// let ann = StatsigUser::with_user_id("ann");
/// let promo = statsig.get_layer(&ann, "promo");
///
/// let logged = LoggedEvents::from(statsig.take_events());
/// logged.assert_not_exposed(&ann, "promo", "title"); // so far, nothing has read it
///
/// assert_eq!(promo.get_string("title", ""), "Welcome");
/// let logged = LoggedEvents::from(statsig.take_events());
/// logged.assert_exposed(&ann, "promo", "title");
/// # Ok::<(), statsig::sources::SpecsError>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct LoggedEvents {
    events: Vec<Value>,
    posts: Option<Posts>,
}

/// The posts that the events came with.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Posts {
    all: usize,
    accepted: usize,
}

impl LoggedEvents {
    /// Only events of this name, such as `add_to_cart` or `statsig::gate_exposure`.
    #[must_use]
    pub fn named(&self, name: &str) -> Self {
        self.filtered(|event| text_at(event, &["eventName"]) == Some(name))
    }

    /// Only events of this user: those with the same user ID and custom IDs.
    #[must_use]
    pub fn of(&self, user: &StatsigUser) -> Self {
        self.filtered(|event| is_of(event, user))
    }

    fn filtered(&self, keep: impl Fn(&Value) -> bool) -> Self {
        let events = self.events.iter().filter(|event| keep(event));
        Self {
            events: events.cloned().collect(),
            posts: self.posts,
        }
    }

    /// Asserts that a parameter of a layer was exposed to a user.
    ///
    /// # Panics
    /// If it was not. The message lists what was logged.
    #[track_caller]
    pub fn assert_exposed(&self, user: &StatsigUser, layer: &str, parameter: &str) {
        self.assert(true, user, Exposed::Parameter { layer, parameter });
    }

    /// Asserts that a parameter of a layer was not exposed to a user.
    ///
    /// # Panics
    /// If it was. The message lists what was logged.
    #[track_caller]
    pub fn assert_not_exposed(&self, user: &StatsigUser, layer: &str, parameter: &str) {
        self.assert(false, user, Exposed::Parameter { layer, parameter });
    }

    /// Asserts that a gate was exposed to a user.
    ///
    /// # Panics
    /// If it was not. The message lists what was logged.
    #[track_caller]
    pub fn assert_gate_exposed(&self, user: &StatsigUser, gate: &str) {
        self.assert(true, user, Exposed::Gate(gate));
    }

    /// Asserts that a gate was not exposed to a user.
    ///
    /// # Panics
    /// If it was. The message lists what was logged.
    #[track_caller]
    pub fn assert_gate_not_exposed(&self, user: &StatsigUser, gate: &str) {
        self.assert(false, user, Exposed::Gate(gate));
    }

    /// Asserts that a dynamic config or an experiment was exposed to a user.
    ///
    /// # Panics
    /// If it was not. The message lists what was logged.
    #[track_caller]
    pub fn assert_config_exposed(&self, user: &StatsigUser, config: &str) {
        self.assert(true, user, Exposed::Config(config));
    }

    /// Asserts that a dynamic config or an experiment was not exposed to a user.
    ///
    /// # Panics
    /// If it was. The message lists what was logged.
    #[track_caller]
    pub fn assert_config_not_exposed(&self, user: &StatsigUser, config: &str) {
        self.assert(false, user, Exposed::Config(config));
    }

    #[track_caller]
    fn assert(&self, expected: bool, user: &StatsigUser, wanted: Exposed<'_>) {
        let mut events = self.events.iter();
        let found = events.any(|event| Exposed::by(event) == Some(wanted) && is_of(event, user));
        let an = if expected { "an" } else { "no" };
        assert!(
            found == expected,
            "expected {an} exposure of {wanted} to {}; {self}",
            name_of(&serde_json::to_value(user).unwrap_or_default())
        );
    }
}

impl From<Vec<Value>> for LoggedEvents {
    fn from(events: Vec<Value>) -> Self {
        Self {
            events,
            posts: None,
        }
    }
}

impl Deref for LoggedEvents {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.events
    }
}

impl fmt::Debug for LoggedEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One line for each exposure and event.
impl fmt::Display for LoggedEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.events.len() {
            0 => f.write_str("nothing was logged")?,
            1 => f.write_str("1 event was logged:")?,
            count => write!(f, "{count} events were logged:")?,
        }
        for event in &self.events {
            write!(f, "\n  {}", Line(event))?;
        }
        match self.posts {
            Some(Posts { all: 0, .. }) => f.write_str(
                "\nhint: the client has posted nothing yet; call `flush_events().await` before you look",
            ),
            Some(Posts { all, accepted }) if accepted < all => write!(
                f,
                "\nhint: {} of {all} posts were not accepted; their events are not listed",
                all - accepted
            ),
            _ => Ok(()),
        }
    }
}

/// An event in words.
struct Line<'a>(&'a Value);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let event = self.0;
        let user = name_of(event.get("user").unwrap_or(&Value::Null));
        if let Some(exposed) = Exposed::by(event) {
            let said = |key: &str| text_at(event, &["metadata", key]).filter(|it| !it.is_empty());
            write!(f, "{exposed} to {user}: ")?;
            if let Some(value) = said("gateValue") {
                write!(f, "{value}, ")?;
            }
            if let Some(experiment) = said("allocatedExperiment") {
                write!(f, "experiment \"{experiment}\", ")?;
            }
            return write!(f, "rule \"{}\"", said("ruleID").unwrap_or_default());
        }
        let name = text_at(event, &["eventName"]).unwrap_or_default();
        write!(f, "event \"{name}\" of {user}")?;
        for key in ["value", "metadata"] {
            if let Some(value) = event.get(key).filter(|value| !value.is_null()) {
                write!(f, ", {key} {value}")?;
            }
        }
        Ok(())
    }
}

fn is_of(event: &Value, user: &StatsigUser) -> bool {
    let logged = event.get("user").unwrap_or(&Value::Null);
    let wanted = serde_json::to_value(user).unwrap_or_default();
    ["userID", "customIDs"]
        .into_iter()
        .all(|key| logged.get(key) == wanted.get(key))
}

/// A user by its IDs.
fn name_of(user: &Value) -> String {
    let mut ids = Vec::new();
    if let Some(id) = user.get("userID") {
        ids.push(format!("user {id}"));
    }
    let custom = user.get("customIDs").and_then(Value::as_object);
    for (id_type, id) in custom.into_iter().flatten() {
        ids.push(format!("{id_type} {id}"));
    }
    if ids.is_empty() {
        return "a user without an ID".to_owned();
    }
    ids.join(", ")
}

/// Assertions on what the network has accepted so far. Flush the client first.
///
/// ```
/// use statsig::testing::{self, Specs};
/// use statsig::{Event, StatsigUser};
///
/// # let mut builder = tokio::runtime::Builder::new_current_thread();
/// # let runtime = builder.enable_all().start_paused(true).build().unwrap();
/// # runtime.block_on(async {
/// let test = testing::client(Specs::new().gate("beta", |g| g.everyone())).await;
/// let ann = StatsigUser::with_user_id("ann");
/// assert!(test.statsig.check_gate(&ann, "beta"));
/// test.statsig.log_event(&ann, Event::new("add_to_cart"));
///
/// test.statsig.flush_events().await?;
/// test.network.assert_gate_exposed(&ann, "beta");
/// assert_eq!(test.network.events_named("add_to_cart").of(&ann).len(), 1);
/// # Ok::<(), statsig::StatsigError>(())
/// # }).unwrap();
/// ```
impl ScriptedTransport {
    /// The accepted events so far, without `statsig::diagnostics`.
    #[must_use]
    pub fn logged(&self) -> LoggedEvents {
        let mut posts = Posts::default();
        for batch in self.batches() {
            let mut events = batch.events.iter();
            if events.any(|event| text_at(event, &["eventName"]) != Some("statsig::diagnostics")) {
                posts.all += 1;
                posts.accepted += usize::from(batch.is_accepted == Some(true));
            }
        }
        LoggedEvents {
            events: self.events(),
            posts: Some(posts),
        }
    }

    /// The accepted events of this name so far.
    #[must_use]
    pub fn events_named(&self, name: &str) -> LoggedEvents {
        self.logged().named(name)
    }

    /// Asserts that a parameter of a layer was exposed to a user.
    ///
    /// # Panics
    /// If it was not. The message lists what was logged.
    #[track_caller]
    pub fn assert_exposed(&self, user: &StatsigUser, layer: &str, parameter: &str) {
        self.logged().assert_exposed(user, layer, parameter);
    }

    /// Asserts that a gate was exposed to a user.
    ///
    /// # Panics
    /// If it was not. The message lists what was logged.
    #[track_caller]
    pub fn assert_gate_exposed(&self, user: &StatsigUser, gate: &str) {
        self.logged().assert_gate_exposed(user, gate);
    }

    /// Asserts that a dynamic config or an experiment was exposed to a user.
    ///
    /// # Panics
    /// If it was not. The message lists what was logged.
    #[track_caller]
    pub fn assert_config_exposed(&self, user: &StatsigUser, config: &str) {
        self.logged().assert_config_exposed(user, config);
    }
}
