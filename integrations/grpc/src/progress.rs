//! The state of a stream, and the decisions that follow from it. Uses no clock and no runtime.

use std::time::Duration;

use bytes::Bytes;
use statsig::SharedStr;
use statsig::sources::SpecsPayload;
use tokio::time::Instant;

use crate::connection::StreamProblem;

/// The client downloads specs over HTTP when the stream has been broken for this time.
pub(crate) const FALLBACK_AFTER: Duration = Duration::from_secs(60);
/// The same for a client without specs, whether the stream is broken or brings none.
pub(crate) const FALLBACK_WITHOUT_SPECS: Duration = Duration::from_secs(10);
/// A stream that brings messages for this time works. Before that, only specs prove that it works:
/// a stream that breaks after every message is broken.
const SOUND_AFTER: Duration = Duration::from_secs(30);

/// The state of a stream.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The time of the client's first request.
    started: Option<Instant>,
    /// The newest specs, until the client uses them.
    newest: Option<Newest>,
    /// Whether at least one message has arrived.
    is_heard: bool,
    failures_in_row: u32,
    /// The time when the stream broke.
    broken_since: Option<Instant>,
    problem: Option<StreamProblem>,
    /// The specs that the client used at its last request.
    in_use: InUse,
}

#[derive(Debug)]
struct Newest {
    body: Bytes,
    /// The specs that the client used when it got these.
    given_to: Option<InUse>,
}

/// The specs that a client uses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct InUse {
    pub(crate) time: u64,
    pub(crate) checksum: Option<SharedStr>,
}

/// The answer to a client's request for specs.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum StreamAnswer {
    Specs {
        body: Bytes,
        /// Whether the client got the same specs before and did not use them.
        is_repeated: bool,
    },
    NoUpdates,
    Broken(StreamProblem),
    /// The stream has brought nothing yet.
    #[default]
    Nothing,
}

/// The meaning of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Received {
    pub(crate) brings_specs: bool,
    /// Whether the stream was broken before, and works now.
    pub(crate) is_recovery: bool,
}

impl Progress {
    /// Notes a message on a stream that has been open for this time.
    pub(crate) fn received(&mut self, body: Bytes, open_for: Duration) -> Received {
        self.is_heard = true;
        self.problem = None;
        let brings_specs = !SpecsPayload::new(body.clone()).says_no_updates();
        if brings_specs {
            self.newest = Some(Newest {
                body,
                given_to: None,
            });
        }
        Received {
            brings_specs,
            is_recovery: open_for >= SOUND_AFTER && self.recovered(),
        }
    }

    /// Notes that the stream works. Returns true if it was broken before.
    fn recovered(&mut self) -> bool {
        self.broken_since = None;
        std::mem::take(&mut self.failures_in_row) > 0
    }

    /// Notes that the stream broke or did not open. Returns the number of failures in a row.
    pub(crate) fn failed(&mut self, problem: StreamProblem, now: Instant) -> u32 {
        self.broken_since.get_or_insert(now);
        self.failures_in_row = self.failures_in_row.saturating_add(1);
        self.problem = Some(problem);
        self.failures_in_row
    }

    /// The time when downloads begin, unless the stream brings specs before.
    pub(crate) fn fallback_at(&self) -> Option<Instant> {
        if self.in_use.time == 0 {
            Some(self.started? + FALLBACK_WITHOUT_SPECS)
        } else {
            Some(self.broken_since? + FALLBACK_AFTER)
        }
    }

    /// Whether the client downloads specs now. It does not while there are streamed specs that it
    /// has not seen.
    pub(crate) fn is_fallback_due(&self, now: Instant) -> bool {
        self.fallback_at().is_some_and(|at| at <= now) && !self.brings_news()
    }

    fn brings_news(&self) -> bool {
        let newest = self.newest.as_ref();
        newest.is_some_and(|newest| newest.given_to.is_none())
    }

    /// Whether a client stops waiting: there are new specs, or it has specs and a message has
    /// arrived.
    pub(crate) fn is_heard(&self) -> bool {
        self.newest.is_some() || (self.is_heard && self.in_use.time != 0)
    }

    /// The time of the specs that the client used at its last request.
    pub(crate) fn time_in_use(&self) -> u64 {
        self.in_use.time
    }

    /// Notes a request of a client that uses these specs. If it uses the streamed specs now, the
    /// stream works. Returns true if the stream was broken before.
    pub(crate) fn asked(&mut self, in_use: InUse, now: Instant) -> bool {
        self.started.get_or_insert(now);
        self.in_use = in_use;
        let in_use = &self.in_use;
        let taken = self
            .newest
            .take_if(|newest| newest.given_to.as_ref().is_some_and(|then| then != in_use));
        taken.is_some() && self.recovered()
    }

    /// The answer to the client. It is the same until the client uses other specs than when it
    /// first got the answer.
    pub(crate) fn answer(&mut self) -> StreamAnswer {
        if let Some(newest) = &mut self.newest {
            return StreamAnswer::Specs {
                is_repeated: newest.given_to.replace(self.in_use.clone()).is_some(),
                body: newest.body.clone(),
            };
        }
        match &self.problem {
            Some(problem) => StreamAnswer::Broken(problem.clone()),
            None if self.is_heard => StreamAnswer::NoUpdates,
            None => StreamAnswer::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEARTBEAT: &[u8] = br#"{"has_updates":false}"#;
    const SOON: Duration = Duration::from_millis(1);

    fn in_use(time: u64) -> InUse {
        let checksum = None;
        InUse { time, checksum }
    }

    fn broken() -> StreamProblem {
        StreamProblem::Ended
    }

    fn specs(body: &'static [u8], is_repeated: bool) -> StreamAnswer {
        let body = Bytes::from_static(body);
        StreamAnswer::Specs { body, is_repeated }
    }

    fn ask(progress: &mut Progress, since_time: u64) -> StreamAnswer {
        progress.asked(in_use(since_time), Instant::now());
        progress.answer()
    }

    fn receive(progress: &mut Progress, body: &'static [u8], open_for: Duration) -> Received {
        progress.received(Bytes::from_static(body), open_for)
    }

    #[test]
    fn specs_are_given_until_they_are_in_use() {
        let mut progress = Progress::default();
        assert_eq!(ask(&mut progress, 0), StreamAnswer::Nothing);
        assert!(receive(&mut progress, b"specs 1", SOON).brings_specs);
        assert_eq!(ask(&mut progress, 0), specs(b"specs 1", false));
        // The client could not use the specs, or lost them.
        assert_eq!(ask(&mut progress, 0), specs(b"specs 1", true));
        assert_eq!(ask(&mut progress, 1), StreamAnswer::NoUpdates);
        assert_eq!(progress.time_in_use(), 1);

        assert!(receive(&mut progress, b"specs 2", SOON).brings_specs);
        assert!(!receive(&mut progress, HEARTBEAT, SOON).brings_specs);
        assert_eq!(ask(&mut progress, 1), specs(b"specs 2", false));
        assert_eq!(ask(&mut progress, 2), StreamAnswer::NoUpdates);
    }

    #[test]
    fn a_heartbeat_alone_is_no_update() {
        let mut progress = Progress::default();
        assert!(!receive(&mut progress, HEARTBEAT, SOON).brings_specs);
        assert_eq!(ask(&mut progress, 0), StreamAnswer::NoUpdates);
        // A client without specs continues to wait.
        assert!(!progress.is_heard());
        ask(&mut progress, 5);
        assert!(progress.is_heard());
    }

    #[test]
    fn failures_are_counted_until_specs_are_in_use_or_the_stream_lasts() {
        let mut progress = Progress::default();
        let fail = |progress: &mut Progress| progress.failed(broken(), Instant::now());
        assert_eq!([fail(&mut progress), fail(&mut progress)], [1, 2]);
        assert_eq!(ask(&mut progress, 1), StreamAnswer::Broken(broken()));
        assert!(!receive(&mut progress, HEARTBEAT, SOON).is_recovery);
        assert_eq!(ask(&mut progress, 1), StreamAnswer::NoUpdates);
        assert_eq!(fail(&mut progress), 3);

        assert!(receive(&mut progress, HEARTBEAT, SOUND_AFTER).is_recovery);
        assert_eq!(fail(&mut progress), 1);

        // Specs that the client does not use prove nothing.
        assert!(!receive(&mut progress, b"<html>", SOON).is_recovery);
        ask(&mut progress, 1);
        assert!(!progress.asked(in_use(1), Instant::now()));
        assert_eq!(fail(&mut progress), 2);
        receive(&mut progress, b"specs 2", SOON);
        ask(&mut progress, 1);
        assert!(progress.asked(in_use(2), Instant::now()));
        assert_eq!(fail(&mut progress), 1);
    }

    #[test]
    fn the_fallback_is_due_when_the_stream_is_broken_for_long_or_brings_no_first_specs() {
        let mut progress = Progress::default();
        assert_eq!(progress.fallback_at(), None);
        let start = Instant::now();
        progress.asked(in_use(0), start);
        receive(&mut progress, HEARTBEAT, SOUND_AFTER);
        assert_eq!(progress.fallback_at(), Some(start + FALLBACK_WITHOUT_SPECS));
        let later = start + FALLBACK_AFTER;
        assert!(progress.is_fallback_due(later));
        // The client tries streamed specs first.
        receive(&mut progress, b"specs 1", SOON);
        assert!(!progress.is_fallback_due(later));
        progress.answer();
        assert!(progress.is_fallback_due(later), "refused");

        progress.asked(in_use(1), later);
        assert_eq!(progress.fallback_at(), None);
        progress.failed(broken(), later);
        progress.failed(broken(), later + FALLBACK_AFTER);
        assert_eq!(progress.fallback_at(), Some(later + FALLBACK_AFTER));
        receive(&mut progress, HEARTBEAT, SOUND_AFTER);
        assert_eq!(progress.fallback_at(), None);
    }
}
