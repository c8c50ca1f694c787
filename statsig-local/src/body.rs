//! Request bodies: reads them within the limits, unpacks them, and reports what is wrong.

use std::io::{self, Read};

use axum::Json;
use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use crate::limits::{BODY_LIMIT, MAX_BODY_BYTES, MAX_DECODED_BODY_BYTES};

/// Why the server refused a request. The answer is `{"success": false, "message": …}`. For a wrong
/// SDK key, it is that of a forward proxy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("not the upstream's SDK key")]
    Unauthorized,
    #[error("{0}")]
    Forbidden(String),
    #[error("{0}")]
    NotFound(&'static str),
    /// Clients keep their lists on an error. An empty manifest would make them delete the lists.
    #[error("the upstream's ID lists have not come yet")]
    NoIdListsYet,
    #[error("the body is larger than {MAX_BODY_BYTES} bytes, or broke off")]
    TooLarge,
    #[error("the body took longer than {} s to arrive", BODY_LIMIT.as_secs())]
    TooSlow,
    #[error("the decompressed body is larger than {MAX_DECODED_BODY_BYTES} bytes")]
    TooLargeDecoded,
    #[error("content-encoding `{0}` is not supported; expected `gzip`, `zstd` or none")]
    Encoding(String),
    #[error("the body is not valid {encoding}: {error}")]
    Corrupt { encoding: String, error: io::Error },
    #[error("{0}")]
    Malformed(String),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Unauthorized => {
                return (StatusCode::UNAUTHORIZED, "Unauthorized").into_response();
            }
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::NoIdListsYet => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooLarge | Self::TooLargeDecoded => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Encoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Corrupt { .. } | Self::Malformed(_) => StatusCode::BAD_REQUEST,
        };
        let answer = json!({ "success": false, "message": self.to_string() });
        (status, Json(answer)).into_response()
    }
}

/// How client SDKs pack events. A page cannot set every header of a request, so they put into the
/// query what server SDKs put into headers.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ClientQuery {
    /// The SDK key.
    pub(crate) k: Option<String>,
    /// `1` if the body is gzip.
    gz: Option<String>,
    /// `1` if the text, before its compression, is base64 in reverse order.
    se: Option<String>,
}

impl ClientQuery {
    /// An unreadable query counts as empty.
    pub(crate) fn of(uri: &Uri) -> Self {
        Query::try_from_uri(uri).map_or_else(|_| Self::default(), |Query(query)| query)
    }
}

/// A body as it was sent.
pub(crate) async fn receive(body: Body) -> Result<Bytes, Refusal> {
    let receive = axum::body::to_bytes(body, MAX_BODY_BYTES);
    let received = tokio::time::timeout(BODY_LIMIT, receive).await;
    received
        .map_err(|_| Refusal::TooSlow)?
        .map_err(|_| Refusal::TooLarge)
}

pub(crate) fn decode(
    headers: &HeaderMap,
    query: &ClientQuery,
    sent: &Bytes,
) -> Result<Vec<u8>, Refusal> {
    let named = headers
        .get(header::CONTENT_ENCODING)
        .map_or(Ok("identity"), |value| value.to_str())
        .unwrap_or("(not text)");
    let is_gzip = query.gz.as_deref() == Some("1");
    let mut decoded = unpack(sent, if is_gzip { "gzip" } else { named })?;
    if query.se.as_deref() == Some("1") {
        decoded.reverse();
        let bytes = STANDARD.decode(&decoded);
        let bytes = bytes.map_err(|error| Refusal::Corrupt {
            encoding: "reversed base64".to_owned(),
            error: io::Error::other(error),
        })?;
        // Each byte is a character: browsers encode code points up to 255.
        let text: String = bytes.into_iter().map(char::from).collect();
        decoded = text.into_bytes();
    }
    Ok(decoded)
}

fn unpack(sent: &Bytes, encoding: &str) -> Result<Vec<u8>, Refusal> {
    let corrupt = |error| Refusal::Corrupt {
        encoding: encoding.to_owned(),
        error,
    };
    let reader: Box<dyn Read + '_> = match encoding.trim().to_ascii_lowercase().as_str() {
        "identity" | "" => Box::new(sent.as_ref()),
        "gzip" => Box::new(flate2::read::MultiGzDecoder::new(sent.as_ref())),
        "zstd" => Box::new(zstd::Decoder::with_buffer(sent.as_ref()).map_err(corrupt)?),
        _ => return Err(Refusal::Encoding(encoding.to_owned())),
    };
    let mut bytes = Vec::new();
    let one_too_many = MAX_DECODED_BODY_BYTES as u64 + 1;
    reader
        .take(one_too_many)
        .read_to_end(&mut bytes)
        .map_err(corrupt)?;
    if bytes.len() > MAX_DECODED_BODY_BYTES {
        return Err(Refusal::TooLargeDecoded);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use super::*;

    /// A body that never arrives.
    struct Silent;

    impl hyper::body::Body for Silent {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
            Poll::Pending
        }
    }

    #[test]
    fn a_small_body_cannot_unpack_beyond_the_limit() {
        let packed = |size: usize| {
            Bytes::from(zstd::encode_all(io::repeat(b' ').take(size as u64), 1).unwrap())
        };
        let at_limit = unpack(&packed(MAX_DECODED_BODY_BYTES), "zstd").unwrap();
        assert_eq!(at_limit.len(), MAX_DECODED_BODY_BYTES);
        let refusal = unpack(&packed(MAX_DECODED_BODY_BYTES + 1), "zstd").unwrap_err();
        assert!(matches!(refusal, Refusal::TooLargeDecoded));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_arrive_is_given_up() {
        let silent = Body::new(Silent);
        let refusal = receive(silent).await.unwrap_err();
        assert!(matches!(refusal, Refusal::TooSlow));
        assert_eq!(refusal.into_response().status(), 408);
    }

    #[tokio::test]
    async fn one_byte_beyond_the_limit_is_refused() {
        let body = |size: usize| Body::from(vec![b' '; size]);
        assert!(receive(body(MAX_BODY_BYTES)).await.is_ok());
        let refusal = receive(body(MAX_BODY_BYTES + 1)).await.unwrap_err();
        assert!(matches!(refusal, Refusal::TooLarge));
    }
}
