//! Compares this SDK's answers with those of the official one, which the conformance data records.
//!
//! A comparison is one answer: one entity for one user, with all of its fields.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking, and say what they found"
)]

#[path = "conformance/answers.rs"]
mod answers;
#[path = "conformance/conditions.rs"]
mod conditions;
#[path = "conformance/functions.rs"]
mod functions;
#[path = "conformance/meta.rs"]
mod meta;
#[path = "conformance/responses.rs"]
mod responses;

use statsig::StatsigUser;
use statsig_tests::conformance::{Case, Conformance, Job, announce_absence, conclude, run};

#[test]
fn answers_are_those_of_the_official_sdk() {
    let data = &Conformance::find();
    let mut jobs: Vec<Job<'_>> = Vec::new();
    let expected = data.cases("expected");
    for case in in_all_forms(data, expected.clone()) {
        let name = name_of(&case);
        jobs.push((name, Box::new(move || answers::compare(data, &case))));
    }
    for case in in_all_forms(data, data.cases("conditions")) {
        let compare = if case.is_by_clock {
            conditions::compare_by_clock
        } else {
            conditions::compare
        };
        jobs.push((name_of(&case), Box::new(move || compare(data, &case))));
    }
    for file in data.files("expected", ".meta.json") {
        let spec = file.trim_start_matches("expected/");
        let spec = spec.trim_end_matches(".meta.json");
        let with_spec = expected.iter().find(|case| case.spec_name() == spec);
        let spec = &with_spec.expect("answers with the same specs").spec;
        for case in in_all_forms(data, vec![Case::plain(&file, spec)]) {
            let name = name_of(&case);
            jobs.push((name, Box::new(move || meta::compare(data, &case))));
        }
    }
    for case in in_all_forms(data, data.cases("gcir")) {
        let name = name_of(&case);
        jobs.push((name, Box::new(move || responses::compare(data, &case))));
    }
    let file = "coercions.jsonl";
    jobs.push((file.into(), Box::new(|| functions::coercions(data))));
    let file = "hash_vectors.jsonl";
    jobs.push((file.into(), Box::new(|| functions::hashes(data))));
    let file = "ua.jsonl.gz";
    jobs.push((file.into(), Box::new(|| functions::user_agents(data))));
    let file = "ip_country.jsonl";
    jobs.push((file.into(), Box::new(|| functions::countries(data))));
    println!("a comparison is one answer: one entity for one user, with all of its fields");
    if data.is_reduced() {
        println!("read from the reduced set of recorded answers, tests/conformance/data");
    }
    conclude("conformance", &run(&jobs));
}

/// All cases. Some specs were also recorded in the service's binary form; their cases appear again
/// with it, and must give the same answers.
fn in_all_forms(data: &Conformance, mut cases: Vec<Case>) -> Vec<Case> {
    let twins = cases.iter().filter_map(|case| {
        let file = data.binary_twin(case)?;
        Some(case.with_specs(file))
    });
    let twins: Vec<_> = twins.collect();
    cases.extend(twins);
    cases
}

fn name_of(case: &Case) -> String {
    if case.is_binary() {
        format!("{} with binary specs", case.file)
    } else {
        case.file.clone()
    }
}

#[test]
fn binary_specs_with_values_of_a_later_service_load_without_what_uses_those() {
    let data = Conformance::find();
    let case = Case::plain("", "specs_binary/unknown_enum.pb.br");
    if !data.has(&case.spec) {
        announce_absence("unknown values in binary specs");
        return;
    }
    let client = data.client(&case, &data.text(&case.spec));
    let user = StatsigUser::with_user_id("a-user");
    let reason = |gate: &str| client.get_feature_gate(&user, gate).details.reason;
    let known = reason("gate_without_unexpected_field");
    assert_eq!(known, "Bootstrap:Recognized");
    let unknown = reason("gate_with_unexpected_field");
    assert_eq!(unknown, "Bootstrap:Unrecognized");
    assert_eq!(
        client.get_feature_gate_list(),
        ["gate_without_unexpected_field"]
    );
}
