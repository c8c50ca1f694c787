//! Failures of ID lists and their effects.

use std::time::Duration;

use statsig::testing::{Answer, Endpoint, ScriptedTransport};
use statsig::transport::Method;
use tokio::time::sleep;

use super::{A_USER, INTERVAL, KEY, Lab, MARCOS, OTHER_FILE, manifest, network};

/// Each failure, whether initialisation reports the lists as ready, and whether the gate's user is
/// a member.
#[tokio::test(start_paused = true)]
async fn failures_at_the_start_fail_no_initialisation_and_heal_in_the_background() {
    let html = || Answer::response(200, "<html>sign in</html>");
    let cases = [
        (Endpoint::IdLists, Answer::status(500)),
        (Endpoint::IdLists, Answer::status(403)),
        (Endpoint::IdLists, Answer::status(204)),
        (Endpoint::IdLists, Answer::refuse_connection()),
        (Endpoint::IdLists, Answer::hang()),
        (Endpoint::IdLists, html()),
        (Endpoint::IdLists, Answer::json("[]")),
        (
            Endpoint::IdLists,
            Answer::json(
                r#"{"a_list": {"name": "a_list", "url": "u", "size": 50.0, "creationTime": 1}}"#,
            ),
        ),
        (Endpoint::IdListFile, Answer::status(500)),
        (Endpoint::IdListFile, Answer::status(416)),
        (Endpoint::IdListFile, Answer::hang()),
        (Endpoint::IdListFile, Answer::response(200, "")),
        (Endpoint::IdListFile, html()),
        (
            Endpoint::IdListFile,
            Answer::response(206, MARCOS).header("content-range", "bytes 5-14/20"),
        ),
    ];
    for (endpoint, answer) in cases {
        let network = network(MARCOS);
        network.next(endpoint, answer.clone());
        let lab = Lab::start(network).await;
        assert!(lab.details.init_success, "{answer:?}");
        assert_eq!(lab.details.failure_details, None, "{answer:?}");
        assert_eq!(lab.details.is_id_list_ready, Some(false), "{answer:?}");
        assert!(lab.members().is_empty(), "{answer:?}");
        // There are no retries: the next request comes after an interval.
        sleep(INTERVAL - Duration::from_secs(1)).await;
        assert_eq!(lab.manifest_seconds().len(), 1, "{answer:?}");
        sleep(Duration::from_secs(11)).await;
        assert_eq!(lab.members(), ["Marcos"], "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_in_the_background_leave_the_lists_as_they_are() {
    let lab = Lab::start(network(MARCOS)).await;
    for answer in [Answer::status(500), Answer::json("{"), Answer::hang()] {
        lab.network.always(Endpoint::IdLists, answer);
        sleep(INTERVAL * 5).await;
        assert_eq!(lab.members(), ["Marcos"]);
    }
    lab.network.recover(Endpoint::IdLists);
    lab.network
        .always(Endpoint::IdListFile, Answer::status(503));
    lab.network
        .set_id_list_file("a_list", format!("{MARCOS}{A_USER}"));
    lab.network.set_id_list_file("b_list", A_USER);
    sleep(INTERVAL * 5).await;
    assert_eq!(lab.members(), ["Marcos"]);
    lab.network.recover(Endpoint::IdListFile);
    sleep(INTERVAL * 2).await;
    assert_eq!(lab.members(), ["Marcos", "a-user"]);
}

#[tokio::test(start_paused = true)]
async fn one_failed_file_does_not_keep_another_from_being_read() {
    let network = network(MARCOS);
    network.set_id_list_file("b_list", A_USER);
    // The client downloads the files in the order of the lists' names.
    network.next(Endpoint::IdListFile, Answer::response(200, MARCOS));
    network.next(Endpoint::IdListFile, Answer::status(500));
    let lab = Lab::start(network).await;
    assert_eq!(lab.details.is_id_list_ready, Some(false));
    assert_eq!(lab.members(), ["Marcos"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_without_ranges_is_not_counted_twice() {
    let network = ScriptedTransport::new();
    network.next(Endpoint::IdLists, manifest(OTHER_FILE, 10, 1, "f"));
    network.next(Endpoint::IdListFile, Answer::response(200, MARCOS));
    let lab = Lab::start(network).await;
    lab.network
        .always(Endpoint::IdLists, manifest(OTHER_FILE, 20, 2, "f"));
    let whole = format!("{MARCOS}{A_USER}");
    lab.network
        .next(Endpoint::IdListFile, Answer::response(200, whole));
    sleep(INTERVAL * 3).await;
    assert_eq!(lab.members(), ["Marcos", "a-user"]);
    assert_eq!(lab.network.requests(Endpoint::IdListFile).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_fallback_is_asked_when_a_manifest_of_ones_own_fails_for_now() {
    let own = "http://proxy/v1/get_id_lists";
    let cases = [
        (Answer::status(500), true),
        (Answer::refuse_connection(), true),
        (Answer::status(403), false),
        (Answer::json("<html>"), false),
    ];
    for (answer, is_asked) in cases {
        let network = network(MARCOS);
        network.next(Endpoint::IdLists, answer.clone());
        let lab = Lab::start_with(network, |options| {
            options.id_lists_url(own).fallback_to_statsig_api(true)
        })
        .await;
        let requests = lab.network.requests(Endpoint::IdLists);
        assert_eq!(requests.len(), 1 + usize::from(is_asked), "{answer:?}");
        assert_eq!(lab.details.is_id_list_ready, Some(is_asked), "{answer:?}");
        if is_asked {
            assert_eq!(requests[1].request.method, Method::Get);
            assert!(
                requests[1]
                    .request
                    .url
                    .ends_with(&format!("/get_id_lists/{KEY}.json"))
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_requests_and_files_are_options() {
    let network = network(MARCOS);
    network.next(Endpoint::IdLists, Answer::hang());
    let lab = Lab::start_with(network, |options| {
        options
            .id_lists_request_timeout(Duration::from_secs(2))
            .id_lists_sync_interval(Duration::from_secs(5))
            .max_id_list_bytes(9)
    })
    .await;
    assert_eq!(lab.details.duration.as_secs(), 2);
    sleep(Duration::from_secs(11)).await;
    assert_eq!(lab.manifest_seconds(), [0, 7, 12]);
    assert!(lab.members().is_empty(), "ten bytes are more than nine");
    lab.network.set_id_list_file("a_list", "+Z/hEKLio");
    sleep(Duration::from_secs(5)).await;
    assert_eq!(lab.members(), ["a-user"]);
}

#[tokio::test(start_paused = true)]
async fn initialisation_that_takes_too_long_leaves_the_lists_to_the_background() {
    let network = network(MARCOS);
    network.next(
        Endpoint::IdLists,
        Answer::json("{}").after(Duration::from_secs(8)),
    );
    let lab = Lab::start_with(network, |options| {
        options.init_timeout(Duration::from_secs(1))
    })
    .await;
    assert!(!lab.details.init_success);
    assert_eq!(lab.details.is_id_list_ready, Some(false));
    sleep(INTERVAL * 2).await;
    assert_eq!(lab.members(), ["Marcos"]);
}

#[tokio::test(start_paused = true)]
async fn without_a_network_there_are_no_lists_and_no_requests() {
    let lab = Lab::start_with(network(MARCOS), |options| options.disable_network(true)).await;
    assert_eq!(lab.details.is_id_list_ready, Some(false));
    sleep(INTERVAL * 3).await;
    assert!(lab.manifest_seconds().is_empty());
}
