//! What the evaluation of a name may depend on.

/// What an evaluation may depend on, and whether remembering it pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dependencies {
    /// On the user: otherwise everybody gets the same.
    pub user: bool,
    /// On the time of day, so that the clock must be read.
    pub time: bool,
    /// On chance.
    pub volatile: bool,
    /// It computes hashes or visits other specs: looking it up beats doing it again.
    pub costly: bool,
    /// On where it is referred to from: on what is being looked up or redirected already.
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

    /// Whether one evaluation holds for everybody.
    #[inline]
    #[must_use]
    pub fn is_constant(self) -> bool {
        !self.user && !self.time && !self.volatile
    }

    /// Whether the memo may and should hold such an evaluation.
    #[inline]
    #[must_use]
    pub fn is_memoisable(self) -> bool {
        self.costly && !self.time && !self.volatile
    }
}
