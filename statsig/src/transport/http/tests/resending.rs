//! Requests that the transport sends again by itself: after redirects, and on idle connections that
//! the server has closed.

use super::*;

fn post(base: &str) -> Request {
    Request {
        method: Method::Post,
        url: format!("{base}/v1/log_event"),
        body: Bytes::from_static(b"events"),
        ..get(base)
    }
}

fn redirect(status: u16, location: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
        .into_bytes()
}

/// The first lines of the requests received so far.
fn first_lines(server: &mut Server) -> Vec<String> {
    std::iter::from_fn(|| server.seen.try_recv().ok())
        .map(|(_, request)| request.lines().next().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn a_post_is_not_turned_into_a_download_by_a_redirect() {
    for status in [301, 302, 303] {
        let mut server = serve(redirect(status, "/login"), Afterwards::KeepAlive).await;
        let transport = HttpTransport::default();
        let response = transport.send(post(&server.base)).await.unwrap();
        assert_eq!(response.status, status);
        assert_eq!(first_lines(&mut server), ["POST /v1/log_event HTTP/1.1"]);
    }
}

#[tokio::test]
async fn redirects_that_keep_the_method_are_followed_within_the_origin_up_to_a_limit() {
    for status in [307, 308] {
        let mut server = serve(redirect(status, "/v2/log_event"), Afterwards::KeepAlive).await;
        let transport = HttpTransport::default();
        let response = transport.send(post(&server.base)).await.unwrap();
        assert_eq!(response.status, status);
        let lines = first_lines(&mut server);
        assert_eq!(lines.len(), 1 + MAX_REDIRECTS);
        assert_eq!(lines[1], "POST /v2/log_event HTTP/1.1");

        let mut other = serve(answer("", b""), Afterwards::KeepAlive).await;
        let away = redirect(status, &format!("{}/v1/log_event", other.base));
        let server = serve(away, Afterwards::KeepAlive).await;
        let response = transport.send(post(&server.base)).await.unwrap();
        assert_eq!(response.status, status);
        assert!(other.seen.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_download_follows_every_redirect_within_the_origin() {
    let mut server = serve(redirect(302, "other"), Afterwards::KeepAlive).await;
    let transport = HttpTransport::default();
    transport.send(get(&server.base)).await.unwrap();
    let lines = first_lines(&mut server);
    assert_eq!(lines[1], "GET /v2/download_config_specs/other HTTP/1.1");
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closes_costs_nothing() {
    let mut server = serve(answer("", b"ok"), Afterwards::CloseOnReuse).await;
    let transport = HttpTransport::default();
    for _ in 0..3 {
        let response = transport.send(post(&server.base)).await.unwrap();
        assert_eq!(response.status, 200);
    }
    let connections: Vec<usize> = std::iter::from_fn(|| server.seen.try_recv().ok())
        .map(|(connection, _)| connection)
        .collect();
    assert_eq!(connections, [0, 0, 1, 1, 2]);
}

#[tokio::test]
async fn a_server_that_closes_every_connection_is_asked_once() {
    let mut server = serve(Vec::new(), Afterwards::Drop).await;
    let transport = HttpTransport::default();
    let error = transport.send(post(&server.base)).await.unwrap_err();
    assert!(
        matches!(error, TransportError::Connection { .. }),
        "{error}"
    );
    assert_eq!(first_lines(&mut server).len(), 1);
}
