//! `expected/*.meta.json`: answers that need no user.

use serde_json::{Map, Value, json};
use statsig::StatsigUser;
use statsig_tests::conformance::{Case, Conformance, entries};
use statsig_tests::json::differences;
use statsig_tests::tally::Tally;

/// One parameter store is one comparison.
pub(crate) fn compare(data: &Conformance, case: &Case) -> Tally {
    let client = data.client(case, &data.text(&case.spec));
    let recorded = data.json(&case.file);
    let mut tally = Tally::default();
    let nobody = StatsigUser::anonymous();
    for (name, expected) in entries(&recorded["parameter_stores"]) {
        let store = client.get_parameter_store(&nobody, name);
        let types: Map<String, Value> = store
            .get_parameter_types()
            .into_iter()
            .map(|(param, declared)| (param.into(), declared.as_str().into()))
            .collect();
        let found = json!({"names": store.get_parameter_names(), "types": types});
        let context = format!("{}: parameter store {name}", case.file);
        tally.compare(differences(&context, expected, &found));
    }
    let parts = [
        ("initialize", "initialization details"),
        ("experiment_by_unknown_group_name", "experiments by group"),
    ];
    for (part, what) in parts {
        let answers = u64::from(recorded.get(part).is_some());
        tally.skip(&format!("{what}: not implemented yet"), answers);
    }
    for (part, what) in [
        ("lists", "lists of names"),
        ("experiment_groups", "experiment groups"),
    ] {
        let answers = entries(&recorded[part]).count() as u64;
        tally.skip(&format!("{what}: not implemented yet"), answers);
    }
    let fields_needed = entries(&recorded["fields_needed"])
        .map(|(_, by_name)| entries(by_name).count() as u64)
        .sum();
    tally.skip("fields needed: not implemented yet", fields_needed);
    tally
}
