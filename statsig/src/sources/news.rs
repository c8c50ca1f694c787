//! What sources tell of their work, besides the specs they bring.

use std::fmt;
use std::sync::Arc;

/// Something happened to a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceNews {
    /// A stream brought a message.
    #[cfg(feature = "grpc")]
    StreamMessage,
    /// The first message since a stream broke.
    #[cfg(feature = "grpc")]
    StreamReopened,
    /// A stream broke, or could not be opened: so many failures in a row.
    #[cfg(feature = "grpc")]
    StreamFailed { failures: u32 },
    /// Specs made from a difference were compared with the checksums that came with it.
    #[cfg(feature = "proto")]
    DeltaChecked { fits: bool },
}

/// Whoever is told. It must not block.
#[derive(Clone)]
pub(crate) struct NewsListener(Arc<dyn Fn(SourceNews) + Send + Sync>);

impl NewsListener {
    pub(crate) fn new(listen: impl Fn(SourceNews) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listen))
    }

    pub(super) fn tell(&self, news: SourceNews) {
        (self.0)(news);
    }
}

/// Nobody.
impl Default for NewsListener {
    fn default() -> Self {
        Self::new(|_| ())
    }
}

impl fmt::Debug for NewsListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewsListener")
    }
}
