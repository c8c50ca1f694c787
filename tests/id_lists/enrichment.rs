//! Asking which ID lists a user is in, instead of holding the lists.

use std::time::Duration;

use statsig::enrichment::{EnrichError, EnrichFailure};
use statsig::testing::{Answer, Endpoint, ScriptedTransport};
use statsig::transport::Method;
use statsig::{StatsigError, StatsigUser};
use tokio::time::Instant;

use super::{A_USER, KEY, Lab, MARCOS, header, network};

/// The lookups of `Marcos` and `a-user`.
const BOTH: &str = r#"{"id_list_lookups":["2Tv4fIVX","Z/hEKLio"]}"#;

/// A client without ID lists of its own.
async fn lab(network: ScriptedTransport) -> Lab {
    Lab::start_with(network, |options| options.enable_id_lists(false)).await
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn user() -> StatsigUser {
    StatsigUser::builder("a-user")
        .custom_id("companyID", "Marcos")
        .custom_id("stableID", "a-user")
        .private("email", "p@example.com")
        .build()
}

fn in_list(lab: &Lab, user: &StatsigUser) -> (bool, String) {
    let gate = lab.statsig.get_feature_gate(user, "in_list");
    (gate.value, gate.details.reason.to_string())
}

#[tokio::test(start_paused = true)]
async fn an_enriched_user_is_in_the_lists_that_the_answer_names() {
    let lab = lab(network(A_USER)).await;
    let plain = user();
    let enriched = lab.statsig.enrich(plain.clone(), None).await.unwrap();
    let yes = (true, "Network:Recognized:IdListEnriched".to_owned());
    let no = (false, "Network:Recognized:IdListInMemory".to_owned());
    // More than once: the evaluation cache distinguishes the two users.
    for _ in 0..3 {
        assert_eq!(in_list(&lab, &enriched), yes);
        assert_eq!(in_list(&lab, &plain), no);
    }
    assert_eq!(in_list(&lab, &enriched.to_builder().build()), yes);
    assert_ne!(enriched, plain);
    // The answer also covers IDs that are in no list.
    assert_eq!(enriched.is_in_id_list("a_list", "Marcos"), Some(false));
}

#[tokio::test(start_paused = true)]
async fn the_question_has_the_hashes_of_all_ids_once_and_in_order() {
    let lab = lab(network(MARCOS)).await;
    lab.statsig.enrich(user(), None).await.unwrap();
    let requests = lab.network.requests(Endpoint::UserEnrichment);
    let [request] = &requests[..] else {
        panic!("found {requests:?}");
    };
    assert_eq!(request.request.method, Method::Post);
    assert_eq!(
        request.request.url,
        "https://api.statsigcdn.com/v1/user_enrichment"
    );
    assert_eq!(header(request, "statsig-api-key"), Some(KEY));
    assert_eq!(header(request, "content-encoding"), Some("gzip"));
    let body = flate2::read::GzDecoder::new(&*request.request.body);
    assert_eq!(std::io::read_to_string(body).unwrap(), BOTH);

    let somewhere = "http://proxy:8000/v1/user_enrichment";
    let lab = Lab::start_with(network(MARCOS), |options| {
        options.user_enrichment_url(somewhere)
    })
    .await;
    lab.statsig.enrich(user(), None).await.unwrap();
    let requests = lab.network.requests(Endpoint::UserEnrichment);
    assert_eq!(requests[0].request.url, somewhere);
}

#[tokio::test(start_paused = true)]
async fn a_temporary_failure_is_tried_once_more() {
    for failure in [
        Answer::status(503),
        Answer::status(408),
        Answer::refuse_connection(),
        Answer::hang(),
    ] {
        let network = network(A_USER);
        network.next(Endpoint::UserEnrichment, failure);
        let lab = lab(network).await;
        let user = lab.statsig.enrich(user(), None).await.unwrap();
        assert_eq!(user.is_in_id_list("a_list", "a-user"), Some(true));
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_hands_the_user_back_and_is_no_membership() {
    let large = format!(r#"{{"id_lists":{{"a":["{}"]}}}}"#, "x".repeat(2 << 20));
    let answers = [
        (Answer::status(400), 1),
        (Answer::status(401), 1),
        (Answer::status(404), 1),
        (Answer::status(429), 1),
        (Answer::status(500), 2),
        (Answer::refuse_connection(), 2),
        (Answer::json("{}"), 1),
        (Answer::json(r#"{"id_lists":null}"#), 1),
        (Answer::json(r#"{"id_lists":{"Z/hEKLio":null}}"#), 1),
        (Answer::json(r#"{"id_lists":{"Z/hEKLio":"a_list"}}"#), 1),
        (Answer::json("not JSON"), 1),
        (Answer::response(200, ""), 1),
        (Answer::json(large), 1),
    ];
    for (answer, requests) in answers {
        let shown = format!("{answer:.200?}");
        let network = network(A_USER);
        network.always(Endpoint::UserEnrichment, answer);
        let lab = lab(network).await;
        let error = lab.statsig.enrich(user(), None).await.unwrap_err();
        let sent = lab.network.requests(Endpoint::UserEnrichment).len();
        assert_eq!(sent, requests, "{shown}");
        let said = format!("{error} {error:?}");
        assert!(
            !said.contains(KEY) && !said.contains("example.com") && !error.is_timeout(),
            "{said}"
        );
        assert_eq!(error.user(), &user(), "{shown}");
        let user = error.into_user();
        assert_eq!(user.is_in_id_list("a_list", "a-user"), None, "{shown}");
        assert!(in_list(&lab, &user).1.ends_with("IdListInMemory"));
    }
}

#[tokio::test(start_paused = true)]
async fn over_a_black_hole_it_takes_the_limit_and_no_longer() {
    for (limit, expected) in [
        (None, ms(200)),
        (Some(ms(50)), ms(50)),
        (Some(ms(0)), ms(0)),
    ] {
        let network = network(A_USER);
        network.always(Endpoint::UserEnrichment, Answer::hang());
        let lab = lab(network).await;
        let started = Instant::now();
        let error = lab.statsig.enrich(user(), limit).await.unwrap_err();
        // The runtime's timers have a resolution of a millisecond, and there are two attempts.
        assert!(started.elapsed() <= expected + ms(2), "{limit:?}");
        assert!(error.is_timeout(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_without_an_id_needs_no_request_and_is_in_no_list() {
    let lab = lab(network(A_USER)).await;
    let nobody = StatsigUser::anonymous();
    let nobody = lab.statsig.enrich(nobody, None).await.unwrap();
    assert_eq!(nobody.is_in_id_list("a_list", "a-user"), Some(false));
    assert!(lab.network.requests(Endpoint::UserEnrichment).is_empty());
}

#[tokio::test(start_paused = true)]
async fn events_and_responses_for_clients_do_not_contain_the_lists() {
    let network = ScriptedTransport::new();
    network.set_id_list_file("secret_segment", A_USER);
    let lab = lab(network).await;
    let enriched = lab.statsig.enrich(user(), None).await.unwrap();
    assert_eq!(
        enriched.is_in_id_list("secret_segment", "a-user"),
        Some(true)
    );
    let _ = lab.statsig.check_gate(&enriched, "in_list");
    lab.statsig.identify(&enriched);
    lab.statsig.flush_events().await.unwrap();
    let shown = [
        format!("{enriched:?}"),
        serde_json::to_string(&enriched).unwrap(),
        lab.statsig.get_client_init_response_as_string(&enriched),
        format!("{:?}", lab.network.events()),
    ];
    assert!(!lab.network.events().is_empty());
    for text in shown {
        assert!(!text.contains("secret_segment"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_cannot_ask_says_why() {
    let lab = Lab::start_with(network(A_USER), |options| options.disable_network(true)).await;
    let error = lab.statsig.enrich(user(), None).await.unwrap_err();
    assert_eq!(error.failure(), &EnrichFailure::NetworkDisabled);
    let _ = lab.statsig.shutdown().await;
    let error = lab.statsig.enrich(user(), None).await.unwrap_err();
    assert_eq!(
        error.failure(),
        &EnrichFailure::Client(StatsigError::ShutDown)
    );
    let idle = statsig::Statsig::new(KEY, None);
    let error: EnrichError = idle.enrich(user(), None).await.unwrap_err();
    assert_eq!(
        error.failure(),
        &EnrichFailure::Client(StatsigError::NotInitialized)
    );
}
