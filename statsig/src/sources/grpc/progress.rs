//! What a stream has brought so far, and what follows from it. Pure.

use bytes::Bytes;

use super::connection::StreamProblem;
use crate::sources::{SpecsRequest, says_no_updates};
use crate::text::SharedStr;

/// After this many failures in a row, specs are downloaded over HTTP.
const FAILURES_BEFORE_POLLING: u32 = 31;

/// What a stream has brought so far.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// The newest specs, until the client has them in use.
    newest: Option<Newest>,
    /// Whether any message came, ever.
    is_heard: bool,
    failures_in_row: u32,
    problem: Option<StreamProblem>,
    /// What the client had in use when it last asked.
    in_use: InUse,
}

#[derive(Debug)]
struct Newest {
    body: Bytes,
    /// What the client had in use when it was given these.
    given_to: Option<InUse>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct InUse {
    time: u64,
    checksum: Option<SharedStr>,
}

/// What a client that asks for specs gets.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    Specs {
        body: Bytes,
        /// Whether it was given them before, and did not take them.
        is_repeated: bool,
    },
    NoUpdates,
    Broken(StreamProblem),
    /// Nothing has happened yet.
    Nothing,
}

impl Progress {
    /// A message came. True if it brought specs.
    pub(super) fn received(&mut self, body: Bytes) -> bool {
        self.is_heard = true;
        self.failures_in_row = 0;
        self.problem = None;
        let brings_specs = !says_no_updates(&body);
        if brings_specs {
            self.newest = Some(Newest {
                body,
                given_to: None,
            });
        }
        brings_specs
    }

    /// The stream broke, or could not be opened. How often it did in a row.
    pub(super) fn failed(&mut self, problem: StreamProblem) -> u32 {
        self.failures_in_row = self.failures_in_row.saturating_add(1);
        self.problem = Some(problem);
        self.failures_in_row
    }

    /// Whether specs are to be downloaded, as the stream has been broken for long.
    pub(super) fn is_polling(&self) -> bool {
        self.failures_in_row >= FAILURES_BEFORE_POLLING
    }

    pub(super) fn is_heard(&self) -> bool {
        self.is_heard
    }

    /// Failures since the last message.
    pub(super) fn failures_in_row(&self) -> u32 {
        self.failures_in_row
    }

    /// The time of the specs that the client had in use when it last asked.
    pub(super) fn time_in_use(&self) -> u64 {
        self.in_use.time
    }

    /// A client asks. Specs that it was given are kept, and given again, until it has others in use than it had then.
    pub(super) fn answer(&mut self, request: &SpecsRequest) -> Answer {
        self.in_use = InUse {
            time: request.since_time,
            checksum: request.checksum.clone(),
        };
        let in_use = &self.in_use;
        self.newest
            .take_if(|newest| newest.given_to.as_ref().is_some_and(|then| then != in_use));
        if let Some(newest) = &mut self.newest {
            return Answer::Specs {
                is_repeated: newest.given_to.replace(in_use.clone()).is_some(),
                body: newest.body.clone(),
            };
        }
        match &self.problem {
            Some(problem) => Answer::Broken(problem.clone()),
            None if self.is_heard => Answer::NoUpdates,
            None => Answer::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const HEARTBEAT: &[u8] = br#"{"has_updates":false}"#;

    fn request(since_time: u64) -> SpecsRequest {
        SpecsRequest {
            since_time,
            checksum: None,
            limit: Duration::from_secs(3),
            max_bytes: 100,
            is_background: true,
        }
    }

    fn broken() -> StreamProblem {
        StreamProblem::Ended
    }

    fn specs(body: &'static [u8], is_repeated: bool) -> Answer {
        let body = Bytes::from_static(body);
        Answer::Specs { body, is_repeated }
    }

    #[test]
    fn specs_are_given_until_they_are_in_use() {
        let mut progress = Progress::default();
        assert_eq!(progress.answer(&request(0)), Answer::Nothing);
        assert!(progress.received(Bytes::from_static(b"specs 1")));
        assert_eq!(progress.answer(&request(0)), specs(b"specs 1", false));
        // The client could not use them, or lost them on the way.
        assert_eq!(progress.answer(&request(0)), specs(b"specs 1", true));
        assert_eq!(progress.answer(&request(1)), Answer::NoUpdates);
        assert_eq!(progress.time_in_use(), 1);

        assert!(progress.received(Bytes::from_static(b"specs 2")));
        assert!(!progress.received(Bytes::from_static(HEARTBEAT)));
        assert_eq!(progress.answer(&request(1)), specs(b"specs 2", false));
        assert_eq!(progress.answer(&request(2)), Answer::NoUpdates);
    }

    #[test]
    fn a_heartbeat_alone_is_no_update() {
        let mut progress = Progress::default();
        assert!(!progress.received(Bytes::from_static(HEARTBEAT)));
        assert_eq!(progress.answer(&request(0)), Answer::NoUpdates);
    }

    #[test]
    fn failures_are_counted_until_a_message_comes() {
        let mut progress = Progress::default();
        let failures: Vec<u32> = (0..4).map(|_| progress.failed(broken())).collect();
        assert_eq!(failures, [1, 2, 3, 4]);
        assert_eq!(progress.answer(&request(0)), Answer::Broken(broken()));
        progress.received(Bytes::from_static(HEARTBEAT));
        assert_eq!(progress.answer(&request(0)), Answer::NoUpdates);
        assert_eq!(progress.failed(broken()), 1);
    }

    #[test]
    fn polling_begins_with_the_31st_failure_and_ends_with_a_message() {
        let mut progress = Progress::default();
        for _ in 0..30 {
            progress.failed(broken());
        }
        assert!(!progress.is_polling());
        progress.failed(broken());
        assert!(progress.is_polling());
        progress.received(Bytes::from_static(HEARTBEAT));
        assert!(!progress.is_polling());
    }
}
