//! The possible dependencies of an evaluation.

/// What an evaluation may depend on, and whether remembering it is worthwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dependencies {
    /// It depends on the user. Otherwise all users have the same result.
    pub user: bool,
    /// It depends on the current time, so it needs the clock.
    pub time: bool,
    /// It depends on random choices.
    pub volatile: bool,
    /// It computes hashes or visits other specs, so a lookup in the memo is cheaper.
    pub costly: bool,
    /// It depends on its caller: on the lookups and redirections in progress.
    pub contextual: bool,
}

impl Dependencies {
    pub(crate) fn union(self, other: Self) -> Self {
        Self {
            user: self.user || other.user,
            time: self.time || other.time,
            volatile: self.volatile || other.volatile,
            costly: self.costly || other.costly,
            contextual: self.contextual || other.contextual,
        }
    }

    /// Whether one evaluation is valid for all users.
    #[inline]
    #[must_use]
    pub fn is_constant(self) -> bool {
        !self.user && !self.time && !self.volatile
    }

    /// Whether the memo can and should store the evaluation.
    #[inline]
    #[must_use]
    pub fn is_memoisable(self) -> bool {
        self.costly && !self.time && !self.volatile
    }
}
