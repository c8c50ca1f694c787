use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use serde_json::json;
use sha2::Sha256;

use super::*;
use crate::overrides::RequestOverrides;

const SECRET: &str = "9hTq1sW0bN3kD7xV5yR2cF8mJ4gL6pZa";
const OTHER_SECRET: &str = "aZp6Lg4Jm8Fc2Ry5Vx7Dk3Nb0Ws1qTh9";
const NOW_MS: u64 = 1_800_000_000_000;

fn key(secret: &str) -> OverrideKey {
    OverrideKey::new(secret).unwrap()
}

fn overrides() -> RequestOverrides {
    RequestOverrides::new()
        .gate("new_checkout", true)
        .layer("promo", "title", "Hi")
}

fn claims() -> OverrideClaims {
    OverrideClaims::new("checkout", NOW_MS + 1, overrides())
}

fn verify(token: &str) -> Result<RequestOverrides, OverrideRefusal> {
    OverrideVerifier::new([key(SECRET)], "checkout").verify(token, NOW_MS)
}

/// A correctly signed token with any content.
fn signed(version: u8, claims: &str) -> String {
    let bytes = [
        &[version][..],
        &key(SECRET).sign(version, claims.as_bytes())[..],
        claims.as_bytes(),
    ];
    URL_SAFE_NO_PAD.encode(bytes.concat())
}

#[test]
fn a_token_carries_its_overrides() {
    let token = claims().sign(&key(SECRET)).unwrap();
    assert_eq!(verify(&token), Ok(overrides()));
}

#[test]
fn a_token_is_plain_text_for_headers_and_cookies() {
    let token = claims().sign(&key(SECRET)).unwrap();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    assert!(token.bytes().all(is_plain), "{token}");
}

/// The format is documented, so that other programs can make tokens.
#[test]
fn the_signature_covers_purpose_version_and_claims() {
    let json = json!({
        "audience": "checkout",
        "expires_at_ms": NOW_MS + 1,
        "overrides": {"gates": {"new_checkout": true}, "layers": {"promo": {"title": "Hi"}}},
    });
    let json = json.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(b"statsig-overrides\x01");
    mac.update(json.as_bytes());
    let signature = mac.finalize().into_bytes();
    let token = URL_SAFE_NO_PAD.encode([&[1], &*signature, json.as_bytes()].concat());
    assert_eq!(verify(&token), Ok(overrides()));
}

#[test]
fn a_token_ends_at_its_time() {
    let token = claims().sign(&key(SECRET)).unwrap();
    let verifier = OverrideVerifier::new([key(SECRET)], "checkout");
    assert!(verifier.verify(&token, NOW_MS).is_ok());
    for later in [NOW_MS + 1, NOW_MS + 2, u64::MAX] {
        let refused = verifier.verify(&token, later);
        assert_eq!(refused, Err(OverrideRefusal::Expired));
    }
}

#[test]
fn a_token_for_another_audience_is_foreign_even_if_it_has_expired() {
    for audience in ["", "check", "checkout2", "Checkout", "checkout/staging"] {
        for expires_at_ms in [0, NOW_MS + 1] {
            let claims = OverrideClaims::new(audience, expires_at_ms, overrides());
            let refused = verify(&claims.sign(&key(SECRET)).unwrap());
            assert_eq!(refused, Err(OverrideRefusal::Foreign), "{audience}");
        }
    }
}

#[test]
fn a_token_of_an_unknown_key_is_forged() {
    let token = claims().sign(&key(OTHER_SECRET)).unwrap();
    assert_eq!(verify(&token), Err(OverrideRefusal::Forged));
    let nobody = OverrideVerifier::new([], "checkout");
    assert_eq!(nobody.verify(&token, NOW_MS), Err(OverrideRefusal::Forged));
}

#[test]
fn both_keys_of_a_rotation_are_accepted() {
    let verifier = OverrideVerifier::new([key(OTHER_SECRET), key(SECRET)], "checkout");
    for secret in [SECRET, OTHER_SECRET] {
        let token = claims().sign(&key(secret)).unwrap();
        assert_eq!(verifier.verify(&token, NOW_MS), Ok(overrides()));
    }
}

#[test]
fn long_tokens_are_neither_made_nor_read() {
    let large = RequestOverrides::new().layer("promo", "title", "x".repeat(MAX_TOKEN_BYTES));
    let error = OverrideClaims::new("checkout", NOW_MS + 1, large)
        .sign(&key(SECRET))
        .unwrap_err();
    assert!(error.found > MAX_TOKEN_BYTES);
    assert!(error.to_string().contains("4000 bytes"), "{error}");
    let longest = "A".repeat(MAX_TOKEN_BYTES);
    assert_eq!(verify(&longest), Err(OverrideRefusal::Malformed));
    let refused = verify(&format!("{longest}A"));
    assert_eq!(refused, Err(OverrideRefusal::Oversized));
}

#[test]
fn other_texts_are_malformed() {
    let valid = claims().sign(&key(SECRET)).unwrap();
    let padded = format!("{valid}=");
    let spaced = format!(" {valid}");
    for text in [
        "", "A", "AQ", "token", "ä", "AQ==", "a.b.c", "%00", &padded, &spaced,
    ] {
        assert_eq!(verify(text), Err(OverrideRefusal::Malformed), "{text}");
    }
    assert_eq!(verify(&signed(2, "{}")), Err(OverrideRefusal::Malformed));
    // Signed, but not claims.
    for claims in [
        "",
        "{}",
        "[]",
        r#"{"audience": "checkout", "expires_at_ms": -1, "overrides": {}}"#,
        r#"{"audience": "checkout", "expires_at_ms": 1, "overrides": {}, "admin": true}"#,
        r#"{"audience": "checkout", "expires_at_ms": 1, "overrides": {"flags": {}}}"#,
        r#"{"audience": "checkout", "expires_at_ms": 1, "overrides": {"gates": {"a": "yes"}}}"#,
        "\u{0}",
    ] {
        let refused = verify(&signed(1, claims));
        assert_eq!(refused, Err(OverrideRefusal::Malformed), "{claims}");
    }
}

#[test]
fn a_deeply_nested_value_is_left_out() {
    let value = format!("{}1{}", "[".repeat(110), "]".repeat(110));
    let claims = format!(
        r#"{{"audience": "checkout", "expires_at_ms": {}, "overrides": {{"layers": {{"promo": {{"deep": {value}, "flat": 1}}}}}}}}"#,
        NOW_MS + 1
    );
    let accepted = verify(&signed(1, &claims));
    let flat = RequestOverrides::new().layer("promo", "flat", 1);
    assert_eq!(accepted, Ok(flat));
    let bottomless = claims.replace(&value, &"[".repeat(2_000));
    let refused = verify(&signed(1, &bottomless));
    assert_eq!(refused, Err(OverrideRefusal::Malformed));
}

#[test]
fn short_secrets_are_no_keys_and_white_space_around_them_does_not_count() {
    let short = "x".repeat(OverrideKey::MIN_BYTES - 1);
    let error = OverrideKey::new(format!("\n {short} \r\n")).unwrap_err();
    assert_eq!(error.found, 31);
    assert!(error.to_string().contains("openssl"), "{error}");
    let with_line_break = OverrideKey::new(format!("{SECRET}\n")).unwrap();
    assert!(verify(&claims().sign(&with_line_break).unwrap()).is_ok());
}

#[test]
fn nothing_shows_a_key() {
    let verifier = OverrideVerifier::new([key(SECRET)], "checkout");
    let shown = format!("{verifier:#?} {:?}", key(SECRET));
    assert!(!shown.contains(&SECRET[..4]), "{shown}");
    assert!(shown.contains("checkout"), "{shown}");
}

#[test]
fn the_client_verifies_with_its_own_clock() {
    #[derive(Debug)]
    struct Fixed;

    impl crate::clock::Clock for Fixed {
        fn now_ms(&self) -> u64 {
            NOW_MS
        }
    }

    let options = crate::StatsigOptions::builder().clock(Arc::new(Fixed));
    let statsig = crate::Statsig::new("secret-key", options.build().unwrap());
    let verifier = OverrideVerifier::new([key(SECRET)], "checkout");
    let token = |expires_at_ms| {
        let claims = OverrideClaims::new("checkout", expires_at_ms, overrides());
        claims.sign(&key(SECRET)).unwrap()
    };
    let verified = statsig.verify_overrides(&token(NOW_MS + 1), &verifier);
    assert_eq!(verified, Ok(overrides()));
    let refused = statsig.verify_overrides(&token(NOW_MS), &verifier);
    assert_eq!(refused, Err(OverrideRefusal::Expired));
}

proptest! {
    /// Every change of a token is refused: of one character, a cut, an addition.
    #[test]
    fn a_changed_token_is_refused(
        place in any::<prop::sample::Index>(),
        character in "[A-Za-z0-9_-]",
        cut in any::<prop::sample::Index>(),
        added in "[A-Za-z0-9_-]{1,8}",
    ) {
        let token = claims().sign(&key(SECRET)).unwrap();
        let at = place.index(token.len());
        let changed = format!("{}{character}{}", &token[..at], &token[at + 1..]);
        let cut = token[..cut.index(token.len())].to_owned();
        let longer = format!("{token}{added}");
        for other in [changed, cut, longer] {
            if other != token {
                prop_assert!(verify(&other).is_err(), "{}", other);
            }
        }
    }

    #[test]
    fn any_text_has_an_answer(text in ".{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(verify(&text).is_err());
        prop_assert!(verify(&URL_SAFE_NO_PAD.encode([&[1], &*bytes].concat())).is_err());
    }
}
