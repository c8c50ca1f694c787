//! Counts comparisons with recorded answers.

use std::collections::BTreeMap;
use std::fmt;

/// The largest number of differences with a description.
const MAX_EXAMPLES: usize = 20;

/// The number of comparisons by result.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Equal answers.
    pub equal: u64,
    /// Answers that differ in at least one field.
    pub different: u64,
    /// Recorded answers that were not compared, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// The first differences.
    pub examples: Vec<String>,
}

impl Tally {
    /// Counts one comparison: equal if no field is in `differences`.
    pub fn compare(&mut self, differences: impl IntoIterator<Item = String>) {
        let mut differences = differences.into_iter().peekable();
        if differences.peek().is_none() {
            self.equal += 1;
        } else {
            self.different += 1;
            let room = MAX_EXAMPLES.saturating_sub(self.examples.len());
            self.examples.extend(differences.take(room));
        }
    }

    /// Counts skipped answers, with the reason.
    pub fn skip(&mut self, reason: &str, answers: u64) {
        if answers > 0 {
            *self.skipped.entry(reason.to_owned()).or_default() += answers;
        }
    }

    /// Adds the counts of another tally.
    pub fn merge(&mut self, other: &Self) {
        self.equal += other.equal;
        self.different += other.different;
        for (reason, answers) in &other.skipped {
            self.skip(reason, *answers);
        }
        let room = MAX_EXAMPLES.saturating_sub(self.examples.len());
        self.examples
            .extend(other.examples.iter().take(room).cloned());
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compared = self.equal + self.different;
        let skipped: u64 = self.skipped.values().sum();
        let Self {
            equal, different, ..
        } = self;
        write!(
            f,
            "compared {compared}, equal {equal}, different {different}, skipped {skipped}"
        )
    }
}
