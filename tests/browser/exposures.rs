//! The exposures that a page and a server log.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use statsig_local::ReceivedEvent;
use statsig_tests::conformance::items;
use statsig_tests::tally::Tally;

use crate::answers::{Names, not_comparable};

/// An exposure by event, entity and parameter.
type Exposures = BTreeMap<[String; 3], Value>;

/// The exposures of the client with this session.
pub(crate) fn of_session(events: &[ReceivedEvent], session: &str) -> Vec<Value> {
    let is_its_own = |event: &&ReceivedEvent| event.batch().metadata["sessionID"] == session;
    events
        .iter()
        .filter(is_its_own)
        .map(|event| event.json().clone())
        .collect()
}

/// The fields of each exposure that describe the decision. Other fields describe the SDK.
fn by_name(events: &[Value]) -> Exposures {
    let exposures = events.iter().filter(|event| {
        event["eventName"]
            .as_str()
            .is_some_and(|name| name.ends_with("_exposure"))
    });
    exposures
        .map(|event| {
            let metadata = &event["metadata"];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let entity = metadata.get("gate").unwrap_or(&metadata["config"]);
            let key = [
                text(&event["eventName"]),
                text(entity),
                text(&metadata["parameterName"]),
            ];
            let mut nested: Vec<&Value> = items(&event["secondaryExposures"]).iter().collect();
            // A response has each once, the events of servers repeat them.
            nested.sort_by_key(|exposure| exposure.to_string());
            nested.dedup();
            let shown = json!({
                "rule": metadata["ruleID"],
                "value": metadata["gateValue"],
                "experiment": metadata["allocatedExperiment"],
                "explicit": metadata["isExplicitParameter"],
                "nested": nested,
            });
            (key, shown)
        })
        .collect()
}

/// Compares the exposures of these names. A server also exposes what conditions refer to.
pub(crate) fn compare(
    what: &str,
    names: &Names,
    server: &[Value],
    page: &[Value],
    tally: &mut Tally,
) {
    let (server, page) = (by_name(server), by_name(page));
    let keys: BTreeSet<_> = server.keys().chain(page.keys()).collect();
    for key in keys.into_iter().filter(|key| names.have(&key[1])) {
        if let Some(reason) = not_comparable(&key[1]) {
            tally.skip(reason, 1);
            continue;
        }
        let (expected, found) = (server.get(key), page.get(key));
        let difference = (expected != found)
            .then(|| format!("{what}: {key:?}: {expected:?} on the server, {found:?} in the page"));
        tally.compare(difference);
    }
}
