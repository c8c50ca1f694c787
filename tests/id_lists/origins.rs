//! The SDK key goes only to Statsig's origins and to those in the options, even if a manifest names
//! others.

use statsig::testing::{Answer, Endpoint, ScriptedTransport};
use statsig::{StatsigOptionsBuilder, testing::RecordedRequest};

use super::{CDN_FILE, KEY, Lab, MARCOS, OTHER_FILE, header, manifest};

/// The request for a file after a manifest with this URL.
async fn file_request(
    url: &str,
    set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
) -> RecordedRequest {
    let network = ScriptedTransport::new();
    network.next(Endpoint::IdLists, manifest(url, 10, 1, "f"));
    network.next(Endpoint::IdListFile, Answer::response(206, MARCOS));
    let lab = Lab::start_with(network, set).await;
    assert_eq!(lab.members(), ["Marcos"], "the list is read from {url}");
    lab.network.requests(Endpoint::IdListFile).remove(0)
}

#[tokio::test(start_paused = true)]
async fn a_file_elsewhere_is_downloaded_without_the_sdk_key() {
    let elsewhere = [
        OTHER_FILE,
        "http://api.statsigcdn.com/v1/download_id_list_file/1",
        "https://api.statsigcdn.com.example/v1/download_id_list_file/1",
        "https://api.statsigcdn.com:8443/v1/download_id_list_file/1",
        "https://api.statsigcdn.com@lists.example/v1/download_id_list_file/1",
        "https:\\\\lists.example/v1/download_id_list_file/1",
    ];
    for url in elsewhere {
        let request = file_request(url, |options| options).await;
        let mut headers = request.request.headers.iter();
        assert!(!headers.any(|(_, value)| value.contains(KEY)), "{url}");
        // All other headers are the usual ones.
        assert!(header(&request, "statsig-sdk-type").is_some(), "{url}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_only_begins_like_statsigs_takes_the_range_in_a_header() {
    let url = "https://api.statsigcdn.com.example/v1/download_id_list_file/1";
    let request = file_request(url, |options| options).await;
    assert_eq!(header(&request, "range"), Some("bytes=0-"));
}

#[tokio::test(start_paused = true)]
async fn statsigs_files_and_those_of_origins_in_options_are_downloaded_with_the_key() {
    type Set = fn(StatsigOptionsBuilder) -> StatsigOptionsBuilder;
    let cases: [(&str, Set); 4] = [
        (CDN_FILE, |options| options),
        (OTHER_FILE, |options| {
            options.id_lists_url("http://lists.example/v1/get_id_lists")
        }),
        (OTHER_FILE, |options| {
            options.specs_url("http://lists.example/v2/download_config_specs")
        }),
        (CDN_FILE, |options| {
            options.download_id_list_file_api("http://proxy:8000")
        }),
    ];
    for (url, set) in cases {
        let request = file_request(url, set).await;
        assert_eq!(header(&request, "statsig-api-key"), Some(KEY), "{url}");
    }
}
