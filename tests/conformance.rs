//! Compares this SDK's answers with those of the official one, as recorded in the conformance data.
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

use statsig_tests::conformance::{Case, Conformance, Job, announce_absence, conclude, run};

#[test]
fn answers_are_those_of_the_official_sdk() {
    let Some(data) = Conformance::find() else {
        announce_absence("conformance");
        return;
    };
    let data = &data;
    let mut jobs: Vec<Job<'_>> = Vec::new();
    let expected = data.cases("expected");
    for case in expected.clone() {
        let name = case.file.clone();
        jobs.push((name, Box::new(move || answers::compare(data, &case))));
    }
    for case in data.cases("conditions") {
        let compare = if case.is_by_clock {
            conditions::compare_by_clock
        } else {
            conditions::compare
        };
        jobs.push((case.file.clone(), Box::new(move || compare(data, &case))));
    }
    for file in data.files("expected", ".meta.json") {
        let spec = file.trim_start_matches("expected/");
        let spec = spec.trim_end_matches(".meta.json");
        let with_spec = expected.iter().find(|case| case.spec_name() == spec);
        let spec = &with_spec.expect("answers with the same specs").spec;
        let case = Case::plain(&file, spec);
        jobs.push((file, Box::new(move || meta::compare(data, &case))));
    }
    for case in data.cases("gcir") {
        let name = case.file.clone();
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
    conclude("conformance", &run(&jobs));
}
