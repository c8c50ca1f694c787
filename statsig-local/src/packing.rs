//! How client SDKs pack events. A page cannot set every header of a request, so they put into the
//! query what server SDKs put into headers.

use axum::extract::Query;
use axum::http::Uri;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// The parameters of the query that describe the body.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ClientQuery {
    k: Option<String>,
    gz: Option<String>,
    se: Option<String>,
}

impl ClientQuery {
    /// An unreadable query counts as empty.
    pub(crate) fn of(uri: &Uri) -> Self {
        Query::try_from_uri(uri).map_or_else(|_| Self::default(), |Query(query)| query)
    }

    pub(crate) fn sdk_key(&self) -> Option<&str> {
        self.k.as_deref()
    }

    pub(crate) fn is_gzip(&self) -> bool {
        self.gz.as_deref() == Some("1")
    }

    /// Whether the text, before its compression, is base64 in reverse order.
    pub(crate) fn is_reversed_base64(&self) -> bool {
        self.se.as_deref() == Some("1")
    }
}

/// Decodes the text. Each decoded byte is a character: browsers encode code points up to 255.
pub(crate) fn from_reversed_base64(mut text: Vec<u8>) -> Result<Vec<u8>, base64::DecodeError> {
    text.reverse();
    let characters = STANDARD.decode(text)?.into_iter().map(char::from);
    Ok(characters.collect::<String>().into_bytes())
}
