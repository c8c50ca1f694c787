//! HTTPS with expired, unknown and missing certificates.

use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::log::Log;
use super::server::{Behaviour, Server, ok};
use super::{SECRET, check, client, endure, good, options};
use statsig_tests::specs;

/// An authority of our own.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "Test authority");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// The certificate and key of a server at 127.0.0.1, valid until the end of this year.
    fn server(&self, last_year: i32) -> ServerConfig {
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(last_year, 12, 31);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap()
    }

    fn write_bundle(&self, path: &Path) {
        let rubbish =
            "-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n";
        std::fs::write(path, format!("{rubbish}{}", self.0.pem())).unwrap();
    }
}

/// Good specs on a connection that is not reused: the next connection has its own certificate.
fn good_once(time: u64) -> Behaviour {
    let json = specs::at(time, time % 2 == 1).to_string();
    Behaviour::Answer(ok("connection: close\r\n", json.as_bytes()))
}

#[tokio::test]
async fn an_expired_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let bundle = directory.path().join("authorities.pem");
    let authority = Authority::new();
    authority.write_bundle(&bundle);
    let mut server = Server::start(good_once(1));
    server.use_tls(authority.server(2100));
    let base = format!("https://{}", server.address());
    let clients = [&bundle, &bundle].map(|bundle| client(options(&base).ca_cert_path(bundle)));
    let cause = async |server: &mut Server| server.use_tls(authority.server(2001));
    let heal = async |server: &mut Server| {
        server.use_tls(authority.server(2100));
        server.behave(good_once(2));
    };
    endure(
        &mut server,
        clients,
        cause,
        "invalid peer certificate",
        heal,
    )
    .await;
}

#[tokio::test]
async fn an_authority_that_nobody_trusts() {
    let log = Log::start();
    let server = Server::start(good(1));
    server.use_tls(Authority::new().server(2100));
    let statsig = client(options(&format!("https://{}", server.address())));
    let error = statsig.initialize().await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(server.requests().is_empty());
    statsig.shutdown().await.unwrap();
    assert!(!format!("{} {error:?}", log.text()).contains(SECRET));
}

#[tokio::test]
async fn a_bundle_that_cannot_be_used_fails_every_request_loudly() {
    let directory = tempfile::tempdir().unwrap();
    let rubbish = directory.path().join("rubbish.pem");
    std::fs::write(&rubbish, "no certificate at all").unwrap();
    let log = Log::start();
    let server = Server::start(good(1));
    for bundle in [directory.path().join("missing.pem"), rubbish] {
        // This applies to plain HTTP, too: a configured bundle must be usable.
        for scheme in ["http", "https"] {
            let base = format!("{scheme}://{}", server.address());
            let statsig = client(options(&base).ca_cert_path(&bundle));
            let error = statsig.initialize().await.unwrap_err().to_string();
            let file = bundle.file_name().unwrap().to_str().unwrap();
            assert!(
                error.contains(file) && error.contains("ca_cert_path"),
                "{error}"
            );
            assert_eq!(check(&statsig).1, "NoValues");
            statsig.shutdown().await.unwrap();
        }
    }
    assert!(server.requests().is_empty());
    assert!(log.text().contains(" WARN "));
}

/// The variable that passes the server's address to the test below.
const SERVER: &str = "STATSIG_TESTS_SERVER";

#[tokio::test]
#[ignore = "runs in a process of its own, with another environment"]
async fn with_the_certificates_that_the_environment_names() {
    let base = std::env::var(SERVER).unwrap();
    let statsig = client(options(&base));
    statsig.initialize().await.unwrap();
    assert_eq!(check(&statsig), (true, "Network:Recognized".to_owned()));
    statsig.shutdown().await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_systems_certificates_are_those_that_the_environment_names() {
    let directory = tempfile::tempdir().unwrap();
    let bundle = directory.path().join("authorities.pem");
    let authority = Authority::new();
    authority.write_bundle(&bundle);
    let server = Server::start(good(1));
    server.use_tls(authority.server(2100));
    let mut other = std::process::Command::new(std::env::current_exe().unwrap());
    other
        .args(["--ignored", "--exact"])
        .arg("certificates::with_the_certificates_that_the_environment_names")
        .env("SSL_CERT_FILE", &bundle)
        .env(SERVER, format!("https://{}", server.address()));
    let output = tokio::task::spawn_blocking(move || other.output().unwrap());
    let output = output.await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
}
