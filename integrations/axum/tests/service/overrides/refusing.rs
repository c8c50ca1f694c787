//! Tokens that a service refuses, and who may use tokens.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Extension;
use http::StatusCode;
use statsig::overrides::signed::OverrideRefusal;
use statsig_axum::{Flags, QaOverrides};

use super::{AUDIENCE, BASELINE, HOUR, OTHER_SECRET, SECRET, Service, forced, key, qa, said, send};

#[tokio::test(start_paused = true)]
async fn bad_tokens_are_ignored_counted_and_named() {
    let service = Service::new();
    let overrides = qa();
    let app = service.app(Some(overrides.clone()));
    let forged = service
        .claims(AUDIENCE, forced())
        .sign(&key(OTHER_SECRET))
        .unwrap();
    let foreign = service
        .claims("checkout/production", forced())
        .sign(&key(SECRET))
        .unwrap();
    let expired = service.token(forced());
    service.clock.jump(HOUR);
    for (token, reason) in [
        (forged, OverrideRefusal::Forged),
        (foreign, OverrideRefusal::Foreign),
        (expired, OverrideRefusal::Expired),
        ("x".repeat(9_000), OverrideRefusal::Oversized),
        ("not a token".to_owned(), OverrideRefusal::Malformed),
        (String::new(), OverrideRefusal::Malformed),
        ("\u{fc}".to_owned(), OverrideRefusal::Malformed),
    ] {
        let before = overrides.counts().refused(reason);
        let (status, headers, text) = send(&app, "/", &[("statsig-overrides", &token)]).await;
        assert_eq!((status, &*text), (StatusCode::OK, BASELINE), "{reason}");
        let refused = said(&headers, "statsig-overrides-refused");
        assert_eq!(refused.as_deref(), Some(reason.as_str()));
        assert_eq!(said(&headers, "statsig-overrides-applied"), None);
        assert_eq!(
            said(&headers, "cache-control").unwrap(),
            "private, no-store"
        );
        assert_eq!(overrides.counts().refused(reason), before + 1, "{reason}");
    }
    assert_eq!(overrides.counts().all_refused(), 7);
    assert_eq!(overrides.counts().applied(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_works_until_its_time_is_over() {
    let service = Service::new();
    let app = service.app(Some(qa()));
    let token = service.token(forced());
    for (passed, text) in [
        (Duration::ZERO, "Hi 10 true"),
        (HOUR, BASELINE),
        (HOUR, BASELINE),
    ] {
        tokio::time::advance(passed).await;
        assert_eq!(
            send(&app, "/", &[("statsig-overrides", &token)]).await.2,
            text
        );
    }
}

/// Put into the extensions by an authentication layer.
#[derive(Clone)]
struct Employee;

#[tokio::test(start_paused = true)]
async fn only_authorized_requests_have_overrides() {
    let service = Service::new();
    let overrides = qa().authorize(|parts| parts.extensions.get::<Employee>().is_some());
    let token = service.token(forced());
    let app = service.app(Some(overrides.clone()));
    let (_, headers, text) = send(&app, "/", &[("statsig-overrides", &token)]).await;
    assert_eq!(text, BASELINE);
    assert_eq!(
        said(&headers, "statsig-overrides-refused").unwrap(),
        "not_authorized"
    );
    assert_eq!(
        overrides.counts().refused(OverrideRefusal::NotAuthorized),
        1
    );

    let app = service.app(Some(overrides)).layer(Extension(Employee));
    let (_, _, text) = send(&app, "/", &[("statsig-overrides", &token)]).await;
    assert_eq!(text, "Hi 10 true");
}

#[tokio::test(start_paused = true)]
async fn a_token_cannot_authorize_itself() {
    let service = Service::new();
    let overrides = qa().authorize(|parts| {
        let flags = Flags::from_extensions(&parts.extensions).unwrap();
        flags.check_gate("closed")
    });
    let app = service.app(Some(overrides));
    let token = service.token(forced());
    assert_eq!(
        send(&app, "/", &[("statsig-overrides", &token)]).await.2,
        BASELINE
    );
    service.client.override_gate("closed", true, Some("ann"));
    let ann = [("statsig-overrides", &*token), ("x-user-id", "ann")];
    assert_eq!(send(&app, "/", &ann).await.2, "Hi 10 true");
}

#[tokio::test(start_paused = true)]
async fn strangers_cannot_call_the_authorization() {
    static CALLED: AtomicBool = AtomicBool::new(false);
    let service = Service::new();
    let overrides = qa().authorize(|_| {
        CALLED.store(true, Ordering::Relaxed);
        true
    });
    let app = service.app(Some(overrides));
    let forged = service
        .claims(AUDIENCE, forced())
        .sign(&key(OTHER_SECRET))
        .unwrap();
    let _ = send(&app, "/", &[("statsig-overrides", &forged)]).await;
    assert!(!CALLED.load(Ordering::Relaxed));
}

#[tokio::test(start_paused = true)]
async fn the_keys_of_a_rotation_are_both_accepted() {
    let service = Service::new();
    let overrides = QaOverrides::new([key(OTHER_SECRET), key(SECRET)], AUDIENCE);
    let app = service.app(Some(overrides));
    for secret in [SECRET, OTHER_SECRET] {
        let token = service
            .claims(AUDIENCE, forced())
            .sign(&key(secret))
            .unwrap();
        assert_eq!(
            send(&app, "/", &[("statsig-overrides", &token)]).await.2,
            "Hi 10 true"
        );
    }
}

/// Collects the text of the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_warns_once_a_minute_and_never_shows_a_token_or_a_key() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let service = Service::new();
    let overrides = qa();
    let app = service.app(Some(overrides.clone()));
    let forged = service
        .claims(AUDIENCE, forced())
        .sign(&key(OTHER_SECRET))
        .unwrap();
    for _ in 0..1_000 {
        let _ = send(&app, "/", &[("statsig-overrides", &forged)]).await;
    }
    let text = || String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let warnings = || text().matches("ignored the overrides").count();
    assert_eq!(warnings(), 1, "{}", text());
    tokio::time::advance(Duration::from_secs(61)).await;
    let _ = send(&app, "/", &[("statsig-overrides", &forged)]).await;
    assert_eq!(warnings(), 2, "{}", text());
    assert!(text().contains("refused=1001"), "{}", text());
    let shown = format!("{}{overrides:?}", text());
    for secret in [&forged[..20], SECRET, OTHER_SECRET] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
