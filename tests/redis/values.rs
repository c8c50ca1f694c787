//! Values, connections and encryption of the data store alone.

use super::*;

#[tokio::test]
async fn values_come_back_as_they_were_whatever_they_are() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let store = server.store();
    assert_eq!(store.get("missing").await.expect("an answer").result, None);

    let large = "0123456789".repeat(1_000_000);
    for text in ["", "{}", "ünïcode\0with a zero", large.as_str()] {
        store.set("text", text, Some(1)).await.expect("stored");
        let found = store.get("text").await.expect("an answer").result;
        assert!(found.as_deref() == Some(text));
    }
    let bytes = vec![0xFF_u8; 9_000_000];
    store
        .set_bytes("bytes", bytes.clone().into(), None)
        .await
        .expect("stored");
    let found = store.get_bytes("bytes").await.expect("an answer").result;
    assert!(found.is_some_and(|found| found == bytes));
    let error = store.get("bytes").await.expect_err("no text");
    assert!(error.to_string().contains("expected text"), "{error}");
}

#[tokio::test]
async fn a_value_of_another_type_is_an_error_and_can_be_replaced() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let store = server.store();
    server.command(&["HSET", "key", "config", "{}"]).await;
    let error = store.get("key").await.expect_err("no text");
    assert!(error.to_string().contains("WRONGTYPE"), "{error}");
    store.set("key", "text", None).await.expect("stored");
    let found = store.get("key").await.expect("an answer").result;
    assert_eq!(found.as_deref(), Some("text"));
}

#[tokio::test]
async fn the_first_operation_after_a_restart_succeeds() {
    let Some(mut server) = RedisServer::start() else {
        return;
    };
    let store = server.store();
    store.set("key", "text", None).await.expect("stored");
    server.kill();
    for _ in 0..2 {
        let error = store.get("key").await.expect_err("nobody there");
        assert!(error.to_string().contains("Redis: "), "{error}");
    }
    server.restart();
    // The store keeps nothing.
    assert_eq!(store.get("key").await.expect("an answer").result, None);
}

#[tokio::test]
async fn an_encrypted_connection_needs_the_right_authority() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let identity = authority.issue("localhost");
    let Some(mut server) = RedisServer::start_encrypted(&authority, &identity) else {
        return;
    };
    let store = server.encrypted_store(&authority);
    store.set("key", "text", None).await.expect("stored");
    let found = store.get("key").await.expect("an answer").result;
    assert_eq!(found.as_deref(), Some("text"));
    let untrusted = [
        server.encrypted_store(&stranger),
        server.store_trusting_the_system(),
    ];
    for store in untrusted {
        let error = store.get("key").await.expect_err("no trust");
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    assert!(server.store().get("key").await.is_err(), "not encrypted");

    // The connection breaks, and the new one is encrypted, too.
    server.kill();
    assert!(store.get("key").await.is_err());
    server.restart();
    assert_eq!(store.get("key").await.expect("an answer").result, None);
}
