//! Texts from a server appear masked, short and on one line.

use std::sync::{Arc, Mutex, PoisonError};

use statsig::event_logging::EventLoggingError;
use statsig::observability::{ObservabilityClient, Tag};
use statsig::sources::{DataStoreError, FetchError};
use statsig::testing::{Answer, Endpoint};
use statsig::transport::TransportError;
use statsig_tests::specs;

use super::Lab;

const FOREIGN_KEY: &str = "secret-ForeignKey0123456789abcdef";
/// The visible part of a key ends before this.
const HIDDEN: &str = "Key0123456789";
/// The limit for one external text with the words around it.
const MAX_CHARS: usize = 700;

/// Collects all metrics of clients.
#[derive(Debug, Default)]
struct Tags(Mutex<Vec<String>>);

impl ObservabilityClient for Tags {
    fn increment(&self, metric: &'static str, _: f64, tags: &[Tag]) {
        self.note(format!("{metric} {tags:?}"));
    }

    fn gauge(&self, metric: &'static str, _: f64, tags: &[Tag]) {
        self.note(format!("{metric} {tags:?}"));
    }

    fn dist(&self, metric: &'static str, _: f64, tags: &[Tag]) {
        self.note(format!("{metric} {tags:?}"));
    }

    fn error(&self, tag: &str, info: &str) {
        self.note(format!("{tag} {info}"));
    }
}

impl Tags {
    fn note(&self, text: String) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.push(text);
    }
}

fn is_fit_to_be_shown(text: &str) {
    let start: String = text.chars().take(2 * MAX_CHARS).collect();
    assert!(!text.contains(HIDDEN), "{start}");
    assert!(text.chars().count() < MAX_CHARS, "{start}");
    assert!(!text.contains(['\n', '\u{1b}']), "{start}");
}

#[tokio::test(start_paused = true)]
async fn text_in_a_payload_is_masked_and_cut_before_it_is_shown() {
    let long = "x".repeat(3_000_000);
    let foreign = format!(r"{FOREIGN_KEY}\u001b[31m\n{long}");
    let bodies = [
        format!(r#"{{"has_updates":true,"time":"{foreign}"}}"#),
        format!(r#"{{"has_updates":"{foreign}"}}"#),
        format!(r#"{{"has_updates":true,"feature_gates":"{foreign}"}}"#),
        format!(r#""{foreign}""#),
    ];
    for body in bodies {
        let tags = Arc::new(Tags::default());
        let lab = Lab::new(|options| options.observability_client(tags.clone()));
        lab.network.always(Endpoint::Specs, Answer::json(body));
        let error = lab.statsig.initialize().await.unwrap_err();
        is_fit_to_be_shown(&error.to_string());
        let details = lab.statsig.get_initialize_details().unwrap();
        is_fit_to_be_shown(&format!("{:?}", details.failure_details));
        let error = lab.statsig.refresh().await.unwrap_err();
        is_fit_to_be_shown(&error.to_string());
        super::pass(1.0).await;
        for shown in &*tags.0.lock().unwrap() {
            is_fit_to_be_shown(shown);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn text_in_a_manifest_and_in_headers_is_too() {
    let long = format!("{FOREIGN_KEY}{}", "x".repeat(1_000_000));
    let manifest = format!(r#"{{"{long}": {{"name": "{long}", "size": "{long}"}}}}"#);
    let answers = [
        (Endpoint::IdLists, Answer::json(manifest)),
        (Endpoint::IdLists, Answer::json(format!("\"{long}\""))),
        (
            Endpoint::IdLists,
            Answer::status(429).header("retry-after", long.clone()),
        ),
    ];
    for (endpoint, answer) in answers {
        let lab = Lab::new(|options| options.enable_id_lists(true));
        lab.network.serve_specs(specs::at(1, true).to_string());
        lab.network.always(endpoint, answer);
        let _ = lab.statsig.initialize().await;
        let details = lab.statsig.get_initialize_details().unwrap();
        is_fit_to_be_shown(&format!("{details:?}"));
    }
}

#[test]
fn errors_of_adapters_show_texts_masked_and_cut() {
    let problem = || format!("{FOREIGN_KEY}\n{}", "x".repeat(1_000_000));
    let shown = [
        FetchError::other(problem()).to_string(),
        FetchError::unreadable(problem()).to_string(),
        FetchError::stream(problem()).to_string(),
        TransportError::connection(problem()).to_string(),
        TransportError::unusable(problem()).to_string(),
        TransportError::encoding(problem()).to_string(),
        format!("{:?}", DataStoreError::failed(problem())),
        DataStoreError::failed(problem()).to_string(),
        format!("{:?}", EventLoggingError::temporary(problem())),
        EventLoggingError::malformed(problem()).to_string(),
        EventLoggingError::refused(problem()).to_string(),
    ];
    for shown in shown {
        assert!(!shown.contains(HIDDEN), "{shown}");
        assert!(shown.chars().count() <= 1_100);
        assert!(!shown.contains('\n'), "{shown}");
    }
}
