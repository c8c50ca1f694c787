//! The encodings of response bodies, and decompression with a size limit.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

use super::TransportError;
use crate::cause::Cause;
use crate::files;
use crate::mask::shown;

/// The supported encodings, for `accept-encoding`.
pub(super) const ACCEPTED: &str = match (cfg!(feature = "brotli"), cfg!(feature = "zstd")) {
    (false, false) => "gzip",
    (true, false) => "gzip, br",
    (false, true) => "gzip, zstd",
    (true, true) => "gzip, br, zstd",
};

#[cfg(feature = "brotli")]
const BROTLI_BUFFER_BYTES: usize = 16 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Gzip,
    #[cfg(feature = "brotli")]
    Brotli,
    #[cfg(feature = "zstd")]
    Zstd,
}

impl Encoding {
    /// The encoding of a body with these headers. `offered` are the encodings that the sender of
    /// the request decodes itself.
    ///
    /// # Errors
    /// When the request did not offer the encoding.
    pub(super) fn of(headers: &HeaderMap, offered: &str) -> Result<Self, TransportError> {
        let mut found = headers.get_all(CONTENT_ENCODING).iter();
        let encoding = match (found.next(), found.next()) {
            (None, _) => return Ok(Self::Plain),
            (Some(encoding), None) => encoding,
            (Some(_), Some(_)) => return Err(unknown("several")),
        };
        let encoding = encoding.to_str().unwrap_or("no text").trim();
        let encoding = encoding.to_ascii_lowercase();
        let mut offered = offered.split(',').map(str::trim);
        match encoding.as_str() {
            "" | "identity" => Ok(Self::Plain),
            own if offered.any(|name| name == own) => Ok(Self::Plain),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            #[cfg(feature = "brotli")]
            "br" => Ok(Self::Brotli),
            #[cfg(feature = "zstd")]
            "zstd" => Ok(Self::Zstd),
            _ => Err(unknown(&encoding)),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            #[cfg(feature = "brotli")]
            Self::Brotli => "br",
            #[cfg(feature = "zstd")]
            Self::Zstd => "zstd",
        }
    }

    /// Decompresses at most `max_bytes`.
    pub(super) fn decode(self, body: Bytes, max_bytes: usize) -> Result<Bytes, TransportError> {
        let broken = |error: io::Error| {
            let name = self.name();
            let problem = format!("expected a body in {name}, found a broken one ({error})");
            TransportError::Encoding {
                source: Cause::saying(&problem, error),
            }
        };
        let compressed = &body[..];
        let plain: Box<dyn Read> = match self {
            Self::Plain => return Ok(body),
            Self::Gzip => Box::new(MultiGzDecoder::new(compressed)),
            #[cfg(feature = "brotli")]
            Self::Brotli => Box::new(brotli_decompressor::Decompressor::new(
                compressed,
                BROTLI_BUFFER_BYTES,
            )),
            #[cfg(feature = "zstd")]
            Self::Zstd => Box::new(zstd::stream::read::Decoder::new(compressed).map_err(broken)?),
        };
        match files::read_up_to(plain, max_bytes).map_err(broken)? {
            Some(plain) => Ok(plain.into()),
            None => Err(TransportError::TooLarge { limit: max_bytes }),
        }
    }
}

fn unknown(found: &str) -> TransportError {
    let shown = shown(found);
    TransportError::encoding(format!("expected one of {ACCEPTED}, found {shown}"))
}
