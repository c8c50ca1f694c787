//! Seals batches: compresses a body once for all attempts, and splits a body in two.

use std::io::{self, BufWriter, IntoInnerError, Read};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::batch::SealedBatch;

/// The compression of bodies, as in the `content-encoding` header.
#[cfg(not(feature = "zstd"))]
pub(crate) const CONTENT_ENCODING: &str = "gzip";
/// The compression of bodies, as in the `content-encoding` header.
#[cfg(feature = "zstd")]
pub(crate) const CONTENT_ENCODING: &str = "zstd";

/// Low levels compress events nearly as well as high ones, at a fraction of the time.
const COMPRESSION_LEVEL: u8 = 3;
/// To count the events of a damaged body, at most this much plain text is read.
#[cfg(feature = "spool")]
const MAX_COUNTED_BYTES: u64 = 64 * 1024 * 1024;
/// The bytes compressed at once. The JSON writer writes only a few bytes at a time.
const PIECE_BYTES: usize = 32 * 1024;

#[cfg(not(feature = "zstd"))]
type Encoder = flate2::write::GzEncoder<Vec<u8>>;
#[cfg(feature = "zstd")]
type Encoder = zstd::stream::write::Encoder<'static, Vec<u8>>;

/// The writer of a body's plain text.
pub(crate) type PlainText = BufWriter<Encoder>;

/// Compresses what `write` writes, while it writes. The plain text is many times as large, so it is
/// never in memory as a whole.
pub(crate) fn compressed(
    write: impl FnOnce(&mut PlainText) -> io::Result<()>,
) -> io::Result<Bytes> {
    let mut plain = BufWriter::with_capacity(PIECE_BYTES, encoder()?);
    write(&mut plain)?;
    let encoder = plain.into_inner().map_err(IntoInnerError::into_error)?;
    let mut body = encoder.finish()?;
    // The body may wait for hours.
    body.shrink_to_fit();
    Ok(body.into())
}

#[cfg(not(feature = "zstd"))]
fn encoder() -> io::Result<Encoder> {
    let level = flate2::Compression::new(COMPRESSION_LEVEL.into());
    Ok(Encoder::new(Vec::new(), level))
}

#[cfg(feature = "zstd")]
fn encoder() -> io::Result<Encoder> {
    Encoder::new(Vec::new(), COMPRESSION_LEVEL.into())
}

#[cfg(not(feature = "zstd"))]
fn decoder(sealed: &[u8]) -> io::Result<impl Read + '_> {
    Ok(flate2::read::GzDecoder::new(sealed))
}

#[cfg(feature = "zstd")]
fn decoder(sealed: &[u8]) -> io::Result<impl Read + '_> {
    zstd::stream::read::Decoder::new(sealed)
}

pub(crate) fn decompress(sealed: &[u8]) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    decoder(sealed)?.read_to_end(&mut plain)?;
    Ok(plain)
}

/// The number of events in a body that may be damaged. `None` if it cannot be read.
#[cfg(feature = "spool")]
pub(crate) fn events_in(sealed: &[u8]) -> Option<u32> {
    let mut plain = Vec::new();
    let mut decoder = decoder(sealed).ok()?.take(MAX_COUNTED_BYTES);
    decoder.read_to_end(&mut plain).ok()?;
    let body: Body<'_> = serde_json::from_slice(&plain).ok()?;
    body.events.len().try_into().ok()
}

/// The body of a batch. Its events are not parsed.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
    #[serde(borrow)]
    statsig_metadata: &'a RawValue,
}

/// The two halves of a batch, in memory. `None` for a batch of one event.
pub(crate) fn split(batch: &SealedBatch) -> io::Result<Option<[SealedBatch; 2]>> {
    let plain = decompress(&batch.body)?;
    let body: Body<'_> = serde_json::from_slice(&plain)?;
    if body.events.len() < 2 {
        return Ok(None);
    }
    let (early, late) = body.events.split_at(body.events.len() / 2);
    let seal = |first: u64, events: &[&RawValue]| -> io::Result<SealedBatch> {
        let part = Body {
            events: events.to_vec(),
            statsig_metadata: body.statsig_metadata,
        };
        Ok(SealedBatch {
            first,
            events: events.len() as u64,
            body: compressed(|to| Ok(serde_json::to_writer(to, &part)?))?,
            record: None,
            ..*batch
        })
    };
    let middle = batch.first + early.len() as u64;
    Ok(Some([seal(batch.first, early)?, seal(middle, late)?]))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn compress(plain: &[u8]) -> io::Result<Bytes> {
        compressed(|to| to.write_all(plain))
    }

    fn batch(plain: &str, events: u64) -> SealedBatch {
        SealedBatch {
            first: 0,
            events,
            attempts: 0,
            is_urgent: false,
            sealed_at: None,
            record: None,
            body: compress(plain.as_bytes()).unwrap(),
        }
    }

    fn text(half: &SealedBatch) -> String {
        String::from_utf8(decompress(&half.body).unwrap()).unwrap()
    }

    #[test]
    fn what_is_compressed_comes_back() {
        let plain = b"[1,2,3] ".repeat(1_000);
        let sealed = compress(&plain).unwrap();
        assert!(sealed.len() < plain.len() / 20);
        assert_eq!(decompress(&sealed).unwrap(), plain);
    }

    #[test]
    fn halves_keep_order_and_the_exact_text_of_events() {
        let plain = r#"{"events":[{"a":1.0},{"b":[]},{"c":"\u00e9"}],"statsigMetadata":{"x":"y"}}"#;
        let [early, late] = split(&batch(plain, 3)).unwrap().unwrap();
        assert_eq!((early.first, early.events), (0, 1));
        assert_eq!((late.first, late.events), (1, 2));
        assert_eq!(
            text(&early),
            r#"{"events":[{"a":1.0}],"statsigMetadata":{"x":"y"}}"#
        );
        assert_eq!(
            text(&late),
            r#"{"events":[{"b":[]},{"c":"\u00e9"}],"statsigMetadata":{"x":"y"}}"#
        );
    }

    #[test]
    fn a_single_event_cannot_be_split() {
        let plain = r#"{"events":[{}],"statsigMetadata":{}}"#;
        assert_eq!(split(&batch(plain, 1)).unwrap(), None);
    }

    #[test]
    fn a_body_that_is_no_batch_is_an_error() {
        assert!(split(&batch("nonsense", 2)).is_err());
    }
}
