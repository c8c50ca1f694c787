//! Bodies of broken answers.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Frame;

/// The page of a captive portal.
pub(crate) const PAGE: &str =
    "<!DOCTYPE html>\n<title>Sign in</title>\n<p>Sign in to use this network.</p>\n";

const MEBIBYTE: usize = 1024 * 1024;

/// A body of the same length in which every byte is wrong.
pub(crate) fn corrupted(body: Bytes) -> Body {
    Body::from(body.iter().map(|byte| byte ^ 0xA5).collect::<Vec<u8>>())
}

/// Half of the body, then the end of the connection.
pub(crate) fn truncated(body: Bytes) -> Body {
    Body::new(Half::of(&body, true))
}

/// Half of the body, then nothing.
pub(crate) fn stalled(body: Bytes) -> Body {
    Body::new(Half::of(&body, false))
}

/// A gzip body that decompresses to blanks of this size.
pub(crate) fn bomb(mebibytes: u32) -> Vec<u8> {
    let blanks = vec![b' '; MEBIBYTE];
    let write = || -> io::Result<Vec<u8>> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..mebibytes {
            gzip.write_all(&blanks)?;
        }
        gzip.finish()
    };
    // Writing to memory cannot fail.
    write().unwrap_or_default()
}

/// A body that announces its whole length, sends half, waits until the client has it, and then
/// fails or hangs.
struct Half {
    half: Option<Bytes>,
    is_flushed: bool,
    fails: bool,
}

impl Half {
    fn of(body: &Bytes, fails: bool) -> Self {
        Self {
            half: Some(body.slice(..body.len() / 2)),
            is_flushed: false,
            fails,
        }
    }
}

impl hyper::body::Body for Half {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        // The server flushes its buffer when the body is not ready.
        if !std::mem::replace(&mut self.is_flushed, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.fails {
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_bomb_is_small_until_it_is_decompressed() {
        let bomb = bomb(20);
        assert!(bomb.len() < MEBIBYTE / 20, "{} bytes", bomb.len());
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&*bomb)
            .read_to_end(&mut plain)
            .unwrap();
        assert_eq!(plain.len(), 20 * MEBIBYTE);
    }
}
