//! The encodings of response bodies, and decompression with a size limit.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

use super::TransportError;
use crate::cause::Cause;
use crate::mask::shown;

/// The supported encodings, for `accept-encoding`.
pub(super) const ACCEPTED: &str = match (cfg!(feature = "brotli"), cfg!(feature = "zstd")) {
    (false, false) => "gzip",
    (true, false) => "gzip, br",
    (false, true) => "gzip, zstd",
    (true, true) => "gzip, br, zstd",
};

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
        let (Some(encoding), None) = (found.next(), found.next()) else {
            return if headers.contains_key(CONTENT_ENCODING) {
                Err(unknown("several"))
            } else {
                Ok(Self::Plain)
            };
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
        match self {
            Self::Plain => Ok(body),
            Self::Gzip => read_at_most(MultiGzDecoder::new(&body[..]), max_bytes, broken),
            #[cfg(feature = "brotli")]
            Self::Brotli => {
                const BUFFER_BYTES: usize = 16 * 1024;
                let plain = brotli_decompressor::Decompressor::new(&body[..], BUFFER_BYTES);
                read_at_most(plain, max_bytes, broken)
            }
            #[cfg(feature = "zstd")]
            Self::Zstd => {
                let plain = zstd::stream::read::Decoder::new(&body[..]).map_err(broken)?;
                read_at_most(plain, max_bytes, broken)
            }
        }
    }
}

fn unknown(found: &str) -> TransportError {
    let shown = shown(found);
    TransportError::encoding(format!("expected one of {ACCEPTED}, found {shown}"))
}

fn read_at_most(
    plain: impl Read,
    max_bytes: usize,
    broken: impl FnOnce(io::Error) -> TransportError,
) -> Result<Bytes, TransportError> {
    let mut read = Vec::new();
    plain
        .take((max_bytes as u64).saturating_add(1))
        .read_to_end(&mut read)
        .map_err(broken)?;
    if read.len() > max_bytes {
        return Err(TransportError::TooLarge { limit: max_bytes });
    }
    Ok(read.into())
}
