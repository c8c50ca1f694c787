//! The specs of one moment, and the client that reads with them.

use std::ops::Deref;
use std::sync::Arc;

use arc_swap::Guard;

use super::{ClientInner, Statsig};
use crate::evaluation::EvaluationContext;
use crate::shared::Published;

/// The specs that a read uses: those of this moment, or the pinned ones.
pub(super) enum Specs<'a> {
    Live(Guard<Arc<Published>>),
    Pinned(&'a Arc<Published>),
}

impl Deref for Specs<'_> {
    type Target = Arc<Published>;

    #[inline]
    fn deref(&self) -> &Arc<Published> {
        match self {
            Self::Live(specs) => specs,
            Self::Pinned(specs) => specs,
        }
    }
}

/// A client, and the specs of one moment.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) client: &'a Arc<ClientInner>,
    pub(super) published: &'a Arc<Published>,
}

impl Statsig {
    /// The specs to read with: one generation for the whole call.
    #[inline]
    pub(super) fn specs(&self) -> Specs<'_> {
        match &self.pinned {
            Some(pinned) => Specs::Pinned(pinned),
            None => Specs::Live(self.inner.shared.published.load()),
        }
    }

    #[inline]
    pub(super) fn view<'a>(&'a self, specs: &'a Specs<'_>) -> View<'a> {
        View {
            client: &self.inner,
            published: specs,
        }
    }
}

impl<'a> View<'a> {
    /// The data that an evaluation outside the usual path reads besides the user.
    pub(super) fn context(self) -> EvaluationContext<'a> {
        let shared = &self.client.shared;
        EvaluationContext::of(self.published, shared.clock.now_ms(), fastrand::u64(..))
            .with_overrides(shared.overrides.active())
    }
}
