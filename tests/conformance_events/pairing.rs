//! Pairs delivered events with recorded ones.
//!
//! A sampled rule keeps one of many exposures. A hash decides which, and the hash differs between
//! SDKs, and between processors for one SDK. So a recorded exposure that the hash kept may be
//! missing here, and the reverse. For this reason, events are paired by their content, not by their
//! position. The test tells an event that only one side's hash kept from a real difference.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

/// The result for one event.
#[derive(Debug, PartialEq)]
pub(crate) enum Pair<'a> {
    /// On both sides, at these positions.
    Both {
        recorded: &'a Value,
        found: &'a Value,
    },
    /// On both sides, but after an event that follows it in the record.
    OutOfOrder { recorded: &'a Value },
    /// Recorded, but not delivered.
    Missing { recorded: &'a Value },
    /// Delivered, but not recorded.
    Unexpected { found: &'a Value },
    /// On one side only, because of the hash of a sample.
    SampledDifferently,
}

/// Pairs recorded events with delivered ones. The answer contains each event once.
pub(crate) fn pair<'a>(recorded: &[&'a Value], found: &'a [Value]) -> Vec<Pair<'a>> {
    let mut waiting: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
    for (place, event) in found.iter().enumerate() {
        waiting.entry(identity(event)).or_default().push_back(place);
    }
    let mut is_paired = vec![false; found.len()];
    let mut last = None;
    let mut pairs = Vec::new();
    for event in recorded {
        let place = waiting
            .get_mut(&identity(event))
            .and_then(VecDeque::pop_front);
        pairs.push(match place {
            None if is_kept_by_hash(event) => Pair::SampledDifferently,
            None => Pair::Missing { recorded: event },
            Some(place) => {
                is_paired[place] = true;
                let is_in_order = last < Some(place);
                last = last.max(Some(place));
                if is_in_order {
                    Pair::Both {
                        recorded: event,
                        found: &found[place],
                    }
                } else {
                    Pair::OutOfOrder { recorded: event }
                }
            }
        });
    }
    let rest = found.iter().zip(is_paired).filter(|(_, paired)| !paired);
    pairs.extend(rest.map(|(found, _)| {
        if is_kept_by_hash(found) {
            Pair::SampledDifferently
        } else {
            Pair::Unexpected { found }
        }
    }));
    pairs
}

/// The identity of an event. For an exposure: entity, parameter, rule and kind. For any other
/// event: its name and value.
fn identity(event: &Value) -> String {
    let metadata = &event["metadata"];
    let about = [
        "gate",
        "config",
        "ruleID",
        "parameterName",
        "isManualExposure",
    ]
    .map(|field| &metadata[field]);
    json!([event["eventName"], event["value"], about]).to_string()
}

/// Whether a sampling rate decided that the event is sent. The first sight of a rule, and rules
/// without sampling, have no rate.
fn is_kept_by_hash(event: &Value) -> bool {
    let sampling = &event["statsigMetadata"];
    sampling["samplingMode"] == "on" && sampling["samplingRate"].is_number()
}

/// The delivered event with the recorded event's sampling decision. In shadow mode every event is
/// sent, and contains this decision.
pub(crate) fn as_the_hash_decided(recorded: &Value, found: &Value) -> Value {
    let mut found = found.clone();
    let is_in_shadow = |event: &Value| {
        let sampling = &event["statsigMetadata"];
        sampling["samplingMode"] == "shadow" && sampling["samplingRate"].is_number()
    };
    if is_in_shadow(recorded) && is_in_shadow(&found) {
        let decided = recorded["statsigMetadata"]["shadowLogged"].clone();
        found["statsigMetadata"]["shadowLogged"] = decided;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposure(gate: &str, sampling: Value) -> Value {
        json!({
            "eventName": "statsig::gate_exposure", "value": null,
            "metadata": {"gate": gate, "gateValue": "true", "ruleID": "r"},
            "statsigMetadata": sampling,
        })
    }

    fn sampled(gate: &str) -> Value {
        let sampling = json!({"samplingRate": 201, "samplingMode": "on", "shadowLogged": "logged"});
        exposure(gate, sampling)
    }

    #[test]
    fn what_the_hash_decides_on_one_side_alone_shifts_nothing() {
        let always = |gate| exposure(gate, json!({}));
        let recorded = [always("a"), sampled("b"), always("c")];
        let found = [always("a"), always("c"), sampled("d")];
        let pairs = pair(&recorded.iter().collect::<Vec<_>>(), &found);
        let expected = [
            Pair::Both {
                recorded: &recorded[0],
                found: &found[0],
            },
            Pair::SampledDifferently,
            Pair::Both {
                recorded: &recorded[2],
                found: &found[1],
            },
            Pair::SampledDifferently,
        ];
        assert_eq!(pairs, expected);
    }

    #[test]
    fn what_no_hash_decides_is_missing_or_unexpected() {
        let always = |gate| exposure(gate, json!({}));
        // Without a rate, every event is sent. In shadow mode, every event is sent, too.
        let unrated = json!({"samplingRate": null, "samplingMode": "on", "shadowLogged": "logged"});
        let shadow =
            json!({"samplingRate": 3, "samplingMode": "shadow", "shadowLogged": "dropped"});
        for event in [
            always("a"),
            exposure("a", unrated),
            exposure("a", shadow),
            json!({"eventName": "custom", "value": 1}),
        ] {
            let missing = pair(&[&event], &[]);
            assert_eq!(missing, [Pair::Missing { recorded: &event }]);
            let found = [event];
            assert_eq!(pair(&[], &found), [Pair::Unexpected { found: &found[0] }]);
        }
    }

    #[test]
    fn another_order_is_no_pair() {
        let always = |gate| exposure(gate, json!({}));
        let recorded = [always("a"), always("b")];
        let found = [always("b"), always("a")];
        let pairs = pair(&recorded.iter().collect::<Vec<_>>(), &found);
        let out_of_order = Pair::OutOfOrder {
            recorded: &recorded[1],
        };
        assert_eq!(pairs[1], out_of_order);
    }

    #[test]
    fn what_the_hash_would_have_dropped_in_shadow_mode_is_no_difference() {
        let shadow = |logged: &str, rate: Value| {
            let sampling =
                json!({"samplingRate": rate, "samplingMode": "shadow", "shadowLogged": logged});
            exposure("a", sampling)
        };
        let recorded = shadow("dropped", json!(3));
        assert_eq!(
            as_the_hash_decided(&recorded, &shadow("logged", json!(3))),
            recorded
        );
        // A different rate is a difference, and without a rate no hash decides.
        let other = as_the_hash_decided(&recorded, &shadow("logged", json!(4)));
        assert_ne!(other, recorded);
        let unrated = shadow("logged", Value::Null);
        assert_eq!(as_the_hash_decided(&recorded, &unrated), unrated);
    }

    #[test]
    fn equal_events_are_paired_one_by_one() {
        let event = sampled("a");
        let found = [event.clone()];
        let pairs = pair(&[&event, &event], &found);
        assert!(matches!(
            pairs[..],
            [Pair::Both { .. }, Pair::SampledDifferently]
        ));
    }
}
