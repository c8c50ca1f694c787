//! The client's health, as its counters show it.

/// A reading of the client's counters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Health {
    pub(crate) delivered: u64,
    pub(crate) pending: u64,
    /// Dropped events by reason.
    pub(crate) dropped: Vec<(&'static str, u64)>,
    pub(crate) memo_hits: u64,
    pub(crate) memo_misses: u64,
    /// Served values that did not fit their field.
    pub(crate) typed_mismatches: u64,
    /// The time since the last successful sync of specs.
    pub(crate) sync_age_ms: Option<u64>,
}

/// The counts that grew, by name, and by how much.
pub(super) fn since(
    now: &[(&'static str, u64)],
    then: &[(&'static str, u64)],
) -> Vec<(&'static str, u64)> {
    let more = now.iter().filter_map(|(name, now)| {
        let earlier = then.iter().find(|(other, _)| other == name);
        let more = now.saturating_sub(earlier.map_or(0, |(_, count)| *count));
        (more > 0).then_some((*name, more))
    });
    more.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_growth_counts() {
        let now = [("a", 5), ("b", 2), ("c", 1)];
        assert_eq!(since(&now, &[("a", 3), ("b", 2)]), [("a", 2), ("c", 1)]);
        // Never happens, but must do no harm.
        assert_eq!(since(&[("a", 1)], &[("a", 2)]), []);
    }
}
