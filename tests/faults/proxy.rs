//! A proxy that requires authentication.

use statsig::transport::ProxyConfig;

use super::server::{Behaviour, Server, gzipped, ok};
use super::{KEY, check, client, endure, options};
use statsig_tests::specs;

const PASSWORD: &str = "open-sesame";
/// `me:open-sesame` in base64.
const AUTHORIZATION: &str = "Basic bWU6b3Blbi1zZXNhbWU=";

fn answer(time: u64, passes: bool) -> Vec<u8> {
    let json = specs::at(time, passes).to_string();
    ok("content-encoding: gzip\r\n", &gzipped(json.as_bytes()))
}

#[tokio::test]
async fn a_proxy_that_demands_authorization() {
    // The proxy answers instead of the service, as a caching proxy does.
    let mut proxy = Server::start(Behaviour::Answer(answer(1, true)));
    let address = proxy.address();
    let anonymous = || {
        let proxy = ProxyConfig::new("127.0.0.1", address.port());
        client(options("http://statsig.invalid").proxy_config(proxy))
    };
    let cause = async |proxy: &mut Server| {
        proxy.behave(Behaviour::DemandAuth {
            authorization: AUTHORIZATION.to_owned(),
            answer: answer(2, false),
        });
    };
    let heal = async |proxy: &mut Server| proxy.behave(Behaviour::Answer(answer(2, false)));
    let says = "found 407; check user and password for the proxy";
    endure(&mut proxy, [anonymous(), anonymous()], cause, says, heal).await;
    let request = &proxy.requests()[0];
    let line = format!("GET http://statsig.invalid/v2/download_config_specs/{KEY}.json HTTP/1.1");
    assert!(request.starts_with(&line), "{request}");
}

#[tokio::test]
async fn who_says_who_it_is_passes() {
    let proxy = Server::start(Behaviour::DemandAuth {
        authorization: AUTHORIZATION.to_owned(),
        answer: answer(1, true),
    });
    let config = ProxyConfig::new("127.0.0.1", proxy.address().port());
    let config = config.auth(format!("me:{PASSWORD}"));
    let statsig = client(options("http://statsig.invalid").proxy_config(config));
    let details = statsig.initialize().await.unwrap();
    assert_eq!(check(&statsig), (true, "Network:Recognized".to_owned()));
    assert!(!format!("{statsig:?} {details:?}").contains(PASSWORD));
    statsig.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_tunnel_is_asked_for_with_the_same_authorization() {
    let log = super::Log::start();
    let proxy = Server::start(Behaviour::DemandAuth {
        authorization: AUTHORIZATION.to_owned(),
        answer: super::response("502 Bad Gateway", "", b""),
    });
    let config = ProxyConfig::new("127.0.0.1", proxy.address().port());
    for (config, says) in [
        (config.clone(), "proxy auth"),
        (config.auth(format!("me:{PASSWORD}")), "tunnel"),
    ] {
        let statsig = client(options("https://statsig.invalid").proxy_config(config));
        let error = statsig.initialize().await.unwrap_err();
        let shown = format!("{error} {error:?} {statsig:?}").to_ascii_lowercase();
        assert!(shown.contains(says), "{shown}");
        assert!(!shown.contains(PASSWORD), "{shown}");
        statsig.shutdown().await.unwrap();
    }
    let requests = proxy.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.starts_with("CONNECT statsig.invalid:443 "))
    );
    assert!(requests.iter().all(|request| !request.contains(KEY)));
    let log = log.text();
    assert!(
        !log.contains(PASSWORD) && !log.contains(super::SECRET),
        "{log}"
    );
}
