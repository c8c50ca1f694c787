//! One generation of specs to read with: the current one for a single call, a pinned one for many.

use std::sync::Arc;

use super::evaluated_call::EvaluatedCall;
use super::{ClientInner, Statsig};
use crate::evaluation::{EvaluationContext, Kind};
use crate::shared::Published;
use crate::user::StatsigUser;

/// A client, and the specs that it reads with. Every public read is implemented here, once.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) statsig: &'a Statsig,
    pub(super) published: &'a Arc<Published>,
}

impl Statsig {
    /// The specs of this moment, for one call.
    #[inline]
    pub(super) fn current(&self) -> arc_swap::Guard<Arc<Published>> {
        self.inner.shared.published.load()
    }

    #[inline]
    pub(super) fn view<'a>(&'a self, published: &'a Arc<Published>) -> View<'a> {
        View {
            statsig: self,
            published,
        }
    }
}

impl<'a> View<'a> {
    #[inline]
    pub(super) fn inner(self) -> &'a ClientInner {
        &self.statsig.inner
    }

    #[inline]
    pub(super) fn evaluate<R>(
        self,
        kind: Kind,
        name: &str,
        user: &StatsigUser,
        read: impl FnOnce(EvaluatedCall<'_>) -> R,
    ) -> R {
        self.inner()
            .evaluate_in(self.published, kind, name, user, read)
    }

    /// What an evaluation outside of the usual path reads besides the user.
    pub(super) fn context(self) -> EvaluationContext<'a> {
        let shared = &self.inner().shared;
        EvaluationContext::of(self.published, shared.clock.now_ms(), fastrand::u64(..))
            .with_overrides(shared.overrides.active())
    }
}
