//! ID lists in simulated time: the requests, their times, and the members. Several tests have the
//! name of the trap that they cover.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod enrichment;
mod failures;
mod origins;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use statsig::testing::{
    self, Actor, Answer, Endpoint, RecordedRequest, ScriptedTransport, SimulatedClock,
};
use statsig::transport::Method;
use statsig::{InitializeDetails, Statsig, StatsigOptions, StatsigOptionsBuilder, StatsigUser};
use statsig_tests::specs;
use tokio::time::sleep;

const KEY: &str = "secret-0123456789";
/// The lines of `Marcos`, `123` and `a-user`.
const MARCOS: &str = "+2Tv4fIVX\n";
const ONE_TWO_THREE: &str = "+pmWkWSBC\n";
const A_USER: &str = "+Z/hEKLio\n";
const INTERVAL: Duration = Duration::from_secs(60);

struct Lab {
    network: Arc<ScriptedTransport>,
    statsig: Statsig,
    details: InitializeDetails,
}

impl Lab {
    /// A client that has been initialised on this network.
    async fn start(network: ScriptedTransport) -> Self {
        Self::start_with(network, |options| options).await
    }

    async fn start_with(
        network: ScriptedTransport,
        set: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
    ) -> Self {
        network.serve_specs(specs(1));
        let network = Arc::new(network);
        let options = StatsigOptions::builder()
            .transport(network.clone())
            .clock(Arc::new(SimulatedClock::new()))
            .specs_sync_interval(Duration::from_secs(3_600))
            .enable_id_lists(true);
        let statsig = Statsig::new(KEY, set(options).build().unwrap());
        let details = statsig.initialize_with_details().await.unwrap();
        Self {
            network,
            statsig,
            details,
        }
    }

    /// Members of `a_list` among `Marcos`, `123` and `a-user`.
    fn members(&self) -> Vec<&'static str> {
        let is_member = |id: &&str| {
            let user = StatsigUser::with_user_id(*id);
            self.statsig.check_gate(&user, "in_list")
        };
        ["Marcos", "123", "a-user"]
            .into_iter()
            .filter(is_member)
            .collect()
    }

    /// Waits until the next sync of the lists has ended.
    async fn next_sync(&self) {
        let syncs = self.manifest_seconds().len();
        while self.manifest_seconds().len() == syncs {
            sleep(Duration::from_secs(1)).await;
        }
        sleep(Duration::from_secs(1)).await;
    }

    fn reason(&self) -> String {
        let user = StatsigUser::with_user_id("Marcos");
        let gate = self.statsig.get_feature_gate(&user, "in_list");
        gate.details.reason.to_string()
    }

    /// The times of requests for the manifest, in seconds.
    fn manifest_seconds(&self) -> Vec<u64> {
        let requests = self.network.requests(Endpoint::IdLists);
        requests
            .iter()
            .map(|request| request.at.as_secs())
            .collect()
    }

    /// The downloads so far: path and query after `download_id_list_file/`.
    fn downloads(&self) -> Vec<String> {
        let requests = self.network.requests(Endpoint::IdListFile);
        let name = |request: &RecordedRequest| {
            let (_, name) = request.request.url.split_once("_file/").unwrap();
            name.to_owned()
        };
        requests.iter().map(name).collect()
    }
}

fn header<'a>(request: &'a RecordedRequest, name: &str) -> Option<&'a str> {
    request.request.headers.get(name)
}

fn specs(time: u64) -> String {
    specs::id_list_gate(time, "a_list").to_string()
}

fn network(lines: &str) -> ScriptedTransport {
    let network = ScriptedTransport::new();
    network.set_id_list_file("a_list", lines);
    network
}

/// A manifest of `a_list` with this URL, size, creation time and file.
fn manifest(url: &str, size: u64, creation_time: i64, file: &str) -> Answer {
    let entry = json!({"name": "a_list", "url": url, "size": size, "creationTime": creation_time, "fileID": file});
    Answer::json(json!({ "a_list": entry }).to_string())
}

const CDN_FILE: &str =
    "https://api.statsigcdn.com/v1/download_id_list_file/3%2Fx?sv=1&sig=a%2Bb&k=secret-k";
const OTHER_FILE: &str = "http://lists.example/v1/download_id_list_file/3%2Fx?sig=a%2Bb";

#[tokio::test(start_paused = true)]
async fn initialize_waits_for_the_lists() {
    let lab = Lab::start(network(MARCOS)).await;
    assert_eq!(lab.details.is_id_list_ready, Some(true));
    assert!(lab.details.init_success && lab.details.is_config_spec_ready);
    assert_eq!(lab.members(), ["Marcos"]);
    assert_eq!(lab.reason(), "Network:Recognized:IdListInMemory");
}

#[tokio::test(start_paused = true)]
async fn lists_are_off_unless_enabled() {
    let lab = Lab::start_with(network(MARCOS), |options| options.enable_id_lists(false)).await;
    assert_eq!(lab.details.is_id_list_ready, None);
    sleep(INTERVAL * 3).await;
    assert!(lab.manifest_seconds().is_empty() && lab.members().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_hour_is_one_manifest_a_minute_and_one_download_for_each_change() {
    let lab = Lab::start(network(MARCOS)).await;
    sleep(INTERVAL * 10 + Duration::from_secs(5)).await;
    assert_eq!(lab.downloads(), ["1?sig=a%2Fb"]);
    lab.network
        .set_id_list_file("a_list", format!("{MARCOS}{ONE_TWO_THREE}"));
    sleep(INTERVAL * 50).await;
    assert_eq!(lab.downloads(), ["1?sig=a%2Fb", "1?sig=a%2Fb&range=10-"]);
    assert_eq!(
        lab.manifest_seconds(),
        (0..=60).map(|n| n * 60).collect::<Vec<_>>()
    );
    assert_eq!(lab.members(), ["Marcos", "123"]);
}

#[tokio::test(start_paused = true)]
async fn trap_9_positions_are_bytes_applied_and_not_sizes_of_the_manifest() {
    let lab = Lab::start(ScriptedTransport::new()).await;
    // The file has grown since the manifest was made, and contains lines without meaning.
    let body = format!("{MARCOS}# note\n{ONE_TWO_THREE}");
    lab.network
        .next(Endpoint::IdLists, manifest(CDN_FILE, 10, 1, "f"));
    lab.network
        .next(Endpoint::IdListFile, Answer::response(200, body.clone()));
    lab.next_sync().await;
    assert_eq!(lab.members(), ["Marcos", "123"]);

    // The client has applied 27 bytes: a manifest with a size of up to 27 causes no download.
    lab.network
        .next(Endpoint::IdLists, manifest(CDN_FILE, 27, 2, "f"));
    lab.next_sync().await;
    assert_eq!(lab.downloads().len(), 1);
    lab.network
        .next(Endpoint::IdLists, manifest(CDN_FILE, 37, 3, "f"));
    lab.network
        .next(Endpoint::IdListFile, Answer::response(206, A_USER));
    lab.next_sync().await;
    assert!(
        lab.downloads()[1].ends_with("range=27-"),
        "{:?}",
        lab.downloads()
    );
    assert_eq!(body.len(), 27);
}

#[tokio::test(start_paused = true)]
async fn trap_10_growing_creation_time_is_no_reset_and_another_file_is_unless_it_is_older() {
    let lab = Lab::start(ScriptedTransport::new()).await;
    let files = [MARCOS, ONE_TWO_THREE, A_USER];
    let steps = [
        // size, creation time, file; what the file brings; the members afterwards
        (10, 5, "f", Some(files[0]), vec!["Marcos"]),
        (10, 6, "f", None, vec!["Marcos"]),
        (20, 7, "f", Some(files[1]), vec!["Marcos", "123"]),
        (10, 6, "older", None, vec!["Marcos", "123"]),
        (10, 7, "g", Some(files[2]), vec!["a-user"]),
        (0, 8, "h", None, vec![]),
    ];
    let mut downloads = 0;
    for (size, creation_time, file, brings, members) in steps {
        lab.network.always(
            Endpoint::IdLists,
            manifest(CDN_FILE, size, creation_time, file),
        );
        if let Some(lines) = brings {
            lab.network
                .next(Endpoint::IdListFile, Answer::response(200, lines));
            downloads += 1;
        }
        lab.next_sync().await;
        assert_eq!(lab.members(), members, "{file}, created {creation_time}");
        assert_eq!(
            lab.downloads().len(),
            downloads,
            "{file}, created {creation_time}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn trap_11_statsigs_files_take_the_range_in_the_query_and_others_in_a_header() {
    for (url, expected) in [
        (
            CDN_FILE,
            [
                (CDN_FILE.to_owned(), None),
                (format!("{CDN_FILE}&range=10-"), None),
            ],
        ),
        (
            OTHER_FILE,
            [
                (OTHER_FILE.to_owned(), Some(("bytes=0-", "10"))),
                (OTHER_FILE.to_owned(), Some(("bytes=10-", "20"))),
            ],
        ),
    ] {
        let network = ScriptedTransport::new();
        network.next(Endpoint::IdLists, manifest(url, 10, 1, "f"));
        network.next(Endpoint::IdListFile, Answer::response(200, MARCOS));
        let lab = Lab::start(network).await;
        lab.network
            .next(Endpoint::IdLists, manifest(url, 20, 2, "f"));
        lab.network
            .next(Endpoint::IdListFile, Answer::response(206, A_USER));
        lab.next_sync().await;
        let requests = lab.network.requests(Endpoint::IdListFile);
        let sent: Vec<_> = requests
            .iter()
            .map(|request| {
                let range =
                    header(request, "range").zip(header(request, "statsig-id-list-file-size"));
                (request.request.url.clone(), range)
            })
            .collect();
        assert_eq!(sent, expected);
        assert_eq!(requests[0].request.method, Method::Get);
        assert_eq!(lab.members(), ["Marcos", "a-user"]);
    }
}

#[tokio::test(start_paused = true)]
async fn trap_11_another_host_gets_path_and_query_byte_for_byte() {
    let network = ScriptedTransport::new();
    network.next(Endpoint::IdLists, manifest(CDN_FILE, 10, 1, "f"));
    let lab = Lab::start_with(network, |options| {
        options.download_id_list_file_api("http://proxy:8000")
    })
    .await;
    let requests = lab.network.requests(Endpoint::IdListFile);
    let (_, path) = CDN_FILE.split_once(".com").unwrap();
    assert_eq!(requests[0].request.url, format!("http://proxy:8000{path}"));
    assert_eq!(header(&requests[0], "range"), Some("bytes=0-"));
}

#[tokio::test(start_paused = true)]
async fn trap_12_statsigs_manifest_is_got_and_any_other_posted_as_it_stands() {
    let lab = Lab::start(network(MARCOS)).await;
    let statsigs = format!("https://api.statsigcdn.com/v1/get_id_lists/{KEY}.json");
    let request = &lab.network.requests(Endpoint::IdLists)[0];
    assert_eq!(
        (&request.request.url, request.request.method),
        (&statsigs, Method::Get)
    );

    let own = "http://proxy/v1/get_id_lists?x=1";
    let lab = Lab::start_with(network(MARCOS), |options| options.id_lists_url(own)).await;
    let request = &lab.network.requests(Endpoint::IdLists)[0];
    assert_eq!(
        (request.request.url.as_str(), request.request.method),
        (own, Method::Post)
    );
    assert!(request.request.body.is_empty());
    assert_eq!(header(request, "statsig-api-key"), Some(KEY));
    assert_eq!(header(request, "content-type"), None);
    assert_eq!(lab.members(), ["Marcos"]);
}

#[tokio::test(start_paused = true)]
async fn trap_13_a_list_is_known_by_its_key_and_not_by_its_name() {
    let network = ScriptedTransport::new();
    let entry = json!({"name": "another", "url": CDN_FILE, "size": 10, "creationTime": 1});
    let answer = Answer::json(json!({ "a_list": entry }).to_string());
    network.next(Endpoint::IdLists, answer);
    network.next(Endpoint::IdListFile, Answer::response(200, MARCOS));
    let lab = Lab::start(network).await;
    assert_eq!(lab.members(), ["Marcos"]);
}

#[tokio::test(start_paused = true)]
async fn lines_add_remove_and_empty_a_list_over_time() {
    let lab = Lab::start(network(MARCOS)).await;
    let mut lines = MARCOS.to_owned();
    for (line, members) in [
        ("+Z/hEKLio\r\n", vec!["Marcos", "a-user"]),
        ("-2Tv4fIVX\n", vec!["a-user"]),
        // The last operation on an ID decides.
        (
            "-Z/hEKLio\n+Z/hEKLio\n+2Tv4fIVX\n-2Tv4fIVX\n",
            vec!["a-user"],
        ),
        ("-Z/hEKLio", vec![]),
        ("\n+pmWkWSBC", vec!["123"]),
    ] {
        lines.push_str(line);
        lab.network.set_id_list_file("a_list", lines.clone());
        lab.next_sync().await;
        assert_eq!(lab.members(), members, "{line}");
    }
    lab.network.set_id_list_file("a_list", A_USER);
    lab.next_sync().await;
    assert_eq!(lab.members(), ["a-user"]);
    lab.network.remove_id_list("a_list");
    lab.next_sync().await;
    assert!(lab.members().is_empty());
}

#[tokio::test(start_paused = true)]
async fn new_lists_are_a_new_generation_of_the_same_specs() {
    let lab = Lab::start(network(MARCOS)).await;
    let before = lab.statsig.pin();
    let user = StatsigUser::with_user_id("a-user");
    lab.network.set_id_list_file("a_list", A_USER);
    lab.next_sync().await;
    assert!(lab.statsig.check_gate(&user, "in_list"));
    assert!(!before.check_gate(&user, "in_list"));
    // New specs do not change the lists.
    lab.network.serve_specs(specs(2));
    lab.statsig.refresh().await.unwrap();
    assert_eq!(lab.members(), ["a-user"]);
    assert_eq!(lab.downloads().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn crashes_lose_no_list_and_download_nothing_again() {
    let lab = Lab::start(network(MARCOS)).await;
    for actor in [Actor::IdListSync, Actor::Evaluation] {
        testing::crash(&lab.statsig, actor).await;
        sleep(INTERVAL).await;
        assert_eq!(lab.members(), ["Marcos"], "{actor:?}");
    }
    assert_eq!(lab.downloads().len(), 1);
    lab.network
        .set_id_list_file("a_list", format!("{MARCOS}{A_USER}"));
    // The evaluation actor is paused when the lists are due for publication.
    let paused = testing::pause(&lab.statsig, Actor::Evaluation).await;
    sleep(INTERVAL * 2).await;
    drop(paused);
    sleep(INTERVAL * 2).await;
    assert_eq!(lab.members(), ["Marcos", "a-user"]);
    assert_eq!(lab.statsig.restarts(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_a_user_says_of_itself_beats_the_lists() {
    let lab = Lab::start(network(MARCOS)).await;
    let found = |user: StatsigUser| {
        let gate = lab.statsig.get_feature_gate(&user, "in_list");
        (gate.value, gate.details.reason.to_string())
    };
    let enriched = || "Network:Recognized:IdListEnriched".to_owned();
    let in_memory = "Network:Recognized:IdListInMemory".to_owned();
    let says = |id: &str, lookup: &str, list: &str| {
        let memberships = [(lookup, [list])];
        StatsigUser::builder(id)
            .id_list_memberships(memberships)
            .build()
    };
    // A second call may return a cached result. It must belong to the same user data.
    for _ in 0..3 {
        let here = says("a-user", "Z/hEKLio", "a_list");
        assert_eq!(found(here), (true, enriched()));
        let elsewhere = says("a-user", "Z/hEKLio", "b_list");
        assert_eq!(found(elsewhere), (false, enriched()));
        assert_eq!(found(says("Marcos", "", "")), (false, enriched()));
        let silent = StatsigUser::with_user_id("Marcos");
        assert_eq!(found(silent), (true, in_memory.clone()));
    }
}
