//! `coercions.jsonl`, `hash_vectors.jsonl`, `ua.jsonl.gz`, `ip_country.jsonl`: conversions of a
//! user's values, and values derived from them.

use serde_json::{Value, json};
use statsig::testing::internals;
use statsig_tests::conformance::{Conformance, text};
use statsig_tests::json::differences;
use statsig_tests::tally::Tally;

/// One value is one comparison.
pub(crate) fn coercions(data: &Conformance) -> Tally {
    let mut tally = Tally::default();
    for mut recorded in data.lines("coercions.jsonl") {
        let source = text(&recorded["json"]);
        let value: Value = source.parse().expect("JSON");
        let found = json!({
            "string": internals::text_of(&value),
            "bool": value.as_bool(),
            "number": internals::number_of(&value).map(number),
            "integer": internals::integer_of(&value).map(|integer| integer.to_string()),
            "timestamp": internals::time_of(&value).map(|time| time.to_string()),
        });
        if let Some(recorded) = recorded.as_object_mut() {
            recorded.remove("json");
        }
        let context = format!("coercions.jsonl: {source}");
        tally.compare(differences(&context, &recorded, &found));
    }
    tally
}

/// A number, or the text of a number that JSON cannot express.
fn number(number: f64) -> Value {
    if number.is_finite() {
        json!(number)
    } else {
        json!(number.to_string())
    }
}

/// One text is one comparison.
pub(crate) fn hashes(data: &Conformance) -> Tally {
    let mut tally = Tally::default();
    for recorded in data.lines("hash_vectors.jsonl") {
        let input = text(&recorded["input"]);
        let hash = internals::evaluation_hash("", &input);
        let found = json!({
            "input": input,
            "djb2": internals::djb2(&input),
            "sha256_base64": internals::sha256_base64(&input),
            "evaluation_hash": hash.to_string(),
            "mod_1000": hash % 1000,
            "mod_10000": hash % 10_000,
        });
        let context = format!("hash_vectors.jsonl: {input:?}");
        let mut differing = differences(&context, &recorded, &found);
        // The place where the salt ends does not change the hash.
        let middle = input.char_indices().nth(input.chars().count() / 2);
        let (salt, unit_id) = input.split_at(middle.map_or(0, |(place, _)| place));
        if internals::evaluation_hash(salt, unit_id) != hash {
            differing.push(format!("{context}: another hash behind the salt {salt:?}"));
        }
        tally.compare(differing);
    }
    tally
}

/// One user agent is one comparison.
pub(crate) fn user_agents(data: &Conformance) -> Tally {
    let mut tally = Tally::default();
    for mut recorded in data.lines("ua.jsonl.gz") {
        let user_agent = text(&recorded["ua"]);
        let part = |part| internals::user_agent_part(&user_agent, part);
        let found = json!({
            "ua": user_agent,
            "os_name": part("os_name"),
            "os_version": part("os_version"),
            "browser_name": part("browser_name"),
            "browser_version": part("browser_version"),
        });
        if let Some(recorded) = recorded.as_object_mut() {
            // The result of the optional other parser.
            recorded.remove("third_party");
        }
        tally.compare(differences(
            &format!("ua.jsonl.gz: {user_agent}"),
            &recorded,
            &found,
        ));
    }
    tally
}

/// One address is one comparison.
pub(crate) fn countries(data: &Conformance) -> Tally {
    let mut tally = Tally::default();
    let (mut assigned, mut found) = (0, 0);
    for recorded in data.lines("ip_country.jsonl") {
        let ip = text(&recorded["ip"]);
        let there = recorded["country"].as_str();
        let here = internals::country_of(&ip, None);
        if there.is_some() {
            assigned += 1;
            found += u32::from(there == here.as_deref());
        }
        let is_different = there != here.as_deref();
        tally.compare(
            is_different
                .then(|| format!("ip_country.jsonl: {ip}: expected {there:?}, found {here:?}")),
        );
    }
    println!("ip_country.jsonl: {found} of {assigned} assigned addresses in the recorded country");
    tally
}
