//! A forward proxy streams specs over real sockets: plain, encrypted, broken and repaired.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod certificates;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use statsig::{Statsig, StatsigError, StatsigUser};
use statsig_grpc::GrpcForwardProxy;
use statsig_local::{Endpoint, Fault, LocalStatsig};
use statsig_tests::{local_options, specs};
use tokio::net::TcpListener;

use crate::certificates::{Authority, Encryption};

const KEY: &str = "secret-grpc-0123456789";
/// Long enough for a busy machine. No test waits for its end.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause before the client reopens a broken stream.
const SOON: Duration = Duration::from_millis(50);

async fn proxy(is_on: bool) -> LocalStatsig {
    LocalStatsig::builder()
        .specs_json(specs::one_gate("on", is_on).to_string())
        .sdk_keys([KEY])
        .forward_proxy(true)
        .start()
        .await
        .expect("a proxy")
}

fn client(proxy: GrpcForwardProxy) -> Statsig {
    client_with_key(KEY, proxy)
}

fn client_with_key(key: &str, proxy: GrpcForwardProxy) -> Statsig {
    let options = local_options()
        .specs_adapter(proxy.reopening_pause(SOON))
        .disable_all_logging(true)
        .build()
        .expect("valid options");
    Statsig::new(key, options)
}

fn is_on(statsig: &Statsig) -> bool {
    statsig.check_gate(&StatsigUser::with_user_id("u"), "on")
}

fn reason(statsig: &Statsig) -> String {
    let user = StatsigUser::with_user_id("u");
    let gate = statsig.get_feature_gate(&user, "on");
    gate.details.reason.to_string()
}

/// Waits until the condition holds.
async fn until(holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("a condition that comes to hold");
}

/// Newer specs in which the gate is on or off.
fn newer_specs(time: u64, is_on: bool) -> String {
    let mut specs = specs::one_gate("on", is_on);
    specs["time"] = time.into();
    specs.to_string()
}

/// The error of a start that cannot succeed.
async fn refusal(statsig: &Statsig) -> String {
    let error = statsig.initialize().await.expect_err("no specs");
    assert!(matches!(error, StatsigError::NoSpecs { .. }), "{error:?}");
    let text = format!("{error} {error:?}");
    assert!(!text.contains("0123456789"), "{text}");
    text
}

#[tokio::test]
async fn a_change_arrives_without_being_asked_for() {
    let proxy = proxy(true).await;
    let statsig = client(GrpcForwardProxy::new(proxy.url()));
    statsig.initialize().await.expect("specs");
    assert_eq!(reason(&statsig), "Adapter(GRPC):Recognized");
    assert!(is_on(&statsig));

    let time = proxy.specs_summary().time + 1;
    proxy
        .set_specs_json(newer_specs(time, false))
        .expect("valid specs");
    until(|| !is_on(&statsig)).await;
    statsig.shutdown().await.expect("a shutdown");
    let requests = proxy.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!(requests[0].endpoint(), Some(Endpoint::SpecsStream));
}

#[tokio::test]
async fn specs_larger_than_the_librarys_own_limit_arrive() {
    let proxy = proxy(false).await;
    let mut large = newer_specs(proxy.specs_summary().time + 1, true);
    large.push_str(&" ".repeat(9 * 1024 * 1024));
    proxy.set_specs_json(large).expect("valid specs");
    let statsig = client(GrpcForwardProxy::new(proxy.url()).init_timeout(PATIENCE));
    statsig.initialize().await.expect("specs");
    assert!(is_on(&statsig));
}

#[tokio::test]
async fn specs_beyond_the_limit_are_refused_and_the_ones_in_use_stay() {
    let proxy = proxy(true).await;
    let options = local_options()
        .specs_adapter(GrpcForwardProxy::new(proxy.url()).reopening_pause(SOON))
        .max_specs_bytes(10_000)
        .build()
        .expect("valid options");
    let statsig = Statsig::new(KEY, options);
    statsig.initialize().await.expect("specs");

    let time = proxy.specs_summary().time;
    let padding = " ".repeat(20_000);
    proxy
        .set_specs_json(newer_specs(time + 1, false) + &padding)
        .expect("valid specs");
    // The stream breaks, and the client reopens it.
    tokio::time::timeout(PATIENCE, proxy.wait_for_requests(Endpoint::SpecsStream, 2))
        .await
        .expect("another stream");
    assert!(is_on(&statsig));
    proxy
        .set_specs_json(newer_specs(time + 2, false))
        .expect("valid specs");
    until(|| !is_on(&statsig)).await;
}

#[tokio::test]
async fn an_unknown_key_and_a_proxy_that_fails_are_told_apart() {
    let proxy = proxy(true).await;
    let reached = || GrpcForwardProxy::new(proxy.url()).init_timeout(Duration::from_millis(500));
    let text = refusal(&client_with_key("secret-other-0123456789", reached())).await;
    assert!(text.contains("Unauthenticated: Unauthorized"), "{text}");

    let cases = [
        (Fault::status(503), "Unavailable"),
        (Fault::drop_connection(), "the forward proxy"),
    ];
    for (fault, expected) in cases {
        proxy.inject(Endpoint::SpecsStream, fault).expect("a fault");
        let text = refusal(&client(reached())).await;
        assert!(text.contains(expected), "{text}");
        proxy.clear_faults();
    }

    // No server listens on port 1.
    let nowhere = GrpcForwardProxy::new("http://127.0.0.1:1");
    let text = refusal(&client(nowhere.init_timeout(Duration::from_millis(500)))).await;
    assert!(text.contains("cannot be connected to"), "{text}");
}

#[tokio::test]
async fn a_proxy_that_restarts_is_found_again_and_specs_stay_meanwhile() {
    let first = proxy(true).await;
    let address = first.address().to_string();
    let time = first.specs_summary().time;
    let statsig = client(GrpcForwardProxy::new(first.url()));
    statsig.initialize().await.expect("specs");
    first.shutdown().await;
    assert!(is_on(&statsig));

    let second = LocalStatsig::builder()
        .specs_json(newer_specs(time + 1, false))
        .bind(address)
        .start()
        .await
        .expect("the same port");
    until(|| !is_on(&statsig)).await;
    assert_eq!(reason(&statsig), "Adapter(GRPC):Recognized");
    second.shutdown().await;
}

#[tokio::test]
async fn an_encrypted_connection_needs_the_right_authority() {
    let proxy = proxy(true).await;
    let authority = Authority::new();
    let encryption = Encryption::start(&authority, None, proxy.address()).await;
    let reached = |ca: &std::path::Path| {
        GrpcForwardProxy::new(format!("http://{}", encryption.address))
            .tls(ca)
            .domain_name("proxy.test")
    };
    let statsig = client(reached(&authority.certificate_file()).init_timeout(PATIENCE));
    statsig.initialize().await.expect("specs");
    assert!(is_on(&statsig));

    let soon = Duration::from_millis(500);
    let stranger = Authority::new();
    let text = refusal(&client(
        reached(&stranger.certificate_file()).init_timeout(soon),
    ))
    .await;
    assert!(text.contains("certificate"), "{text}");

    // By default the client trusts the system's authorities. Ours is not one of them.
    let by_system = GrpcForwardProxy::new(format!("https://{}", encryption.address));
    let text = refusal(&client(
        by_system.domain_name("proxy.test").init_timeout(soon),
    ))
    .await;
    assert!(text.contains("UnknownIssuer"), "{text}");

    // Plain connections to an encrypted proxy and the reverse fail. The client never falls back to
    // plain ones.
    let plain = GrpcForwardProxy::new(format!("http://{}", encryption.address));
    refusal(&client(plain.init_timeout(soon))).await;
    let unencrypted = GrpcForwardProxy::new(proxy.url())
        .tls(authority.certificate_file())
        .init_timeout(soon);
    refusal(&client(unencrypted)).await;
    let missing = reached(std::path::Path::new("/nowhere/ca.pem")).init_timeout(soon);
    let text = refusal(&client(missing)).await;
    assert!(
        text.contains("expected a CA certificate in the file /nowhere/ca.pem"),
        "{text}"
    );
}

#[tokio::test]
async fn mutual_tls_needs_a_certificate_of_the_client() {
    let proxy = proxy(true).await;
    let (authority, clients) = (Authority::new(), Authority::new());
    let encryption = Encryption::start(&authority, Some(&clients), proxy.address()).await;
    let reached = || {
        GrpcForwardProxy::new(format!("https://{}", encryption.address))
            .tls(authority.certificate_file())
            .domain_name("proxy.test")
    };
    let identity = clients.issue("a client");
    let known = reached().client_certificate(identity.certificate_file(), identity.key_file());
    let statsig = client(known.init_timeout(PATIENCE));
    statsig.initialize().await.expect("specs");
    assert!(is_on(&statsig));

    let soon = Duration::from_millis(500);
    refusal(&client(reached().init_timeout(soon))).await;
    let stranger = authority.issue("a stranger");
    let unknown = reached().client_certificate(stranger.certificate_file(), stranger.key_file());
    refusal(&client(unknown.init_timeout(soon))).await;
}

/// A peer that accepts connections and sends nothing. Counts the connections.
async fn silent_peer() -> (std::net::SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let count = Arc::new(AtomicUsize::new(0));
    let taken = Arc::clone(&count);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            taken.fetch_add(1, Ordering::Relaxed);
            open.push(stream);
        }
    });
    (address, count)
}

#[tokio::test]
async fn a_peer_that_never_speaks_is_connected_to_again_and_specs_come_over_http() {
    let local = proxy(true).await;
    let start = async |scheme: &str| {
        let (address, connections) = silent_peer().await;
        let silent = GrpcForwardProxy::new(format!("{scheme}://{address}"));
        let options = local_options()
            .specs_adapter(silent.reopening_pause(SOON))
            .specs_url(local.specs_url())
            .disable_all_logging(true)
            .build()
            .expect("valid options");
        let statsig = Statsig::new(KEY, options);
        refusal(&statsig).await;
        until(|| is_on(&statsig) && connections.load(Ordering::Relaxed) > 1).await;
        assert_eq!(reason(&statsig), "Network:Recognized");
    };
    tokio::join!(start("http"), start("https"));
}
