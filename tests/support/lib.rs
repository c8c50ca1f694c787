//! What the tests of several suites share.

pub mod clock;
pub mod conformance;
pub mod json;
pub mod tally;
