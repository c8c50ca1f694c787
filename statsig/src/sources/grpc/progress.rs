//! What a stream has brought so far, and what follows from it. Pure.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::connection::StreamProblem;
use crate::sources::{SpecsRequest, says_no_updates};
use crate::text::SharedStr;

/// A stream that has been broken for so long is backed by downloads over HTTP.
pub(super) const FALLBACK_AFTER: Duration = Duration::from_secs(60);
/// The same for a client that has no specs at all, whether the stream is broken or only brings none.
pub(super) const FALLBACK_WITHOUT_SPECS: Duration = Duration::from_secs(10);
/// A stream that still brings messages after so long is sound. Before, only specs show that it is: one that breaks after every
/// message is broken.
const SOUND_AFTER: Duration = Duration::from_secs(30);

/// What a stream has brought so far.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// When the client first asked.
    started: Option<Instant>,
    /// The newest specs, until the client has them in use.
    newest: Option<Newest>,
    /// Whether any message came, ever.
    is_heard: bool,
    failures_in_row: u32,
    /// Since when the stream is broken.
    broken_since: Option<Instant>,
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
#[derive(Debug, Default, PartialEq)]
pub(super) enum Answer {
    Specs {
        body: Bytes,
        /// Whether it was given them before, and did not take them.
        is_repeated: bool,
    },
    NoUpdates,
    Broken(StreamProblem),
    /// Nothing has happened yet.
    #[default]
    Nothing,
}

/// What a message shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) brings_specs: bool,
    /// Whether the stream was broken before, and is not any more.
    pub(super) is_recovery: bool,
}

impl Progress {
    /// A message came, on a stream that was opened so long ago.
    pub(super) fn received(&mut self, body: Bytes, open_for: Duration) -> Received {
        self.is_heard = true;
        self.problem = None;
        let brings_specs = !says_no_updates(&body);
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

    /// The stream is sound. True if it was broken before.
    fn recovered(&mut self) -> bool {
        self.broken_since = None;
        std::mem::take(&mut self.failures_in_row) > 0
    }

    /// The stream broke, or could not be opened. How often it did in a row.
    pub(super) fn failed(&mut self, problem: StreamProblem, now: Instant) -> u32 {
        self.broken_since.get_or_insert(now);
        self.failures_in_row = self.failures_in_row.saturating_add(1);
        self.problem = Some(problem);
        self.failures_in_row
    }

    /// From when on specs are to be downloaded, unless the stream brings some before.
    pub(super) fn fallback_at(&self) -> Option<Instant> {
        if self.in_use.time == 0 {
            Some(self.started? + FALLBACK_WITHOUT_SPECS)
        } else {
            Some(self.broken_since? + FALLBACK_AFTER)
        }
    }

    /// Whether specs are to be downloaded now: not while there are some that the client has not seen.
    pub(super) fn is_fallback_due(&self, now: Instant) -> bool {
        self.fallback_at().is_some_and(|at| at <= now) && !self.brings_news()
    }

    fn brings_news(&self) -> bool {
        let newest = self.newest.as_ref();
        newest.is_some_and(|newest| newest.given_to.is_none())
    }

    /// Whether there is something for a client to wait no longer for: specs, or for a client that has some, any message.
    pub(super) fn is_heard(&self) -> bool {
        self.newest.is_some() || (self.is_heard && self.in_use.time != 0)
    }

    /// The time of the specs that the client had in use when it last asked.
    pub(super) fn time_in_use(&self) -> u64 {
        self.in_use.time
    }

    /// A client is about to ask, with these specs in use. If they are those that it was given, the stream is sound: true if it was
    /// broken before.
    pub(super) fn asked(&mut self, request: &SpecsRequest, now: Instant) -> bool {
        self.started.get_or_insert(now);
        self.in_use = InUse {
            time: request.since_time,
            checksum: request.checksum.clone(),
        };
        let in_use = &self.in_use;
        let taken = self
            .newest
            .take_if(|newest| newest.given_to.as_ref().is_some_and(|then| then != in_use));
        taken.is_some() && self.recovered()
    }

    /// What a client gets. Specs that it was given are kept, and given again, until it has others in use than it had then.
    pub(super) fn answer(&mut self) -> Answer {
        if let Some(newest) = &mut self.newest {
            return Answer::Specs {
                is_repeated: newest.given_to.replace(self.in_use.clone()).is_some(),
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
    use super::*;

    const HEARTBEAT: &[u8] = br#"{"has_updates":false}"#;
    const SOON: Duration = Duration::from_millis(1);

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

    fn ask(progress: &mut Progress, since_time: u64) -> Answer {
        progress.asked(&request(since_time), Instant::now());
        progress.answer()
    }

    fn receive(progress: &mut Progress, body: &'static [u8], open_for: Duration) -> Received {
        progress.received(Bytes::from_static(body), open_for)
    }

    #[test]
    fn specs_are_given_until_they_are_in_use() {
        let mut progress = Progress::default();
        assert_eq!(ask(&mut progress, 0), Answer::Nothing);
        assert!(receive(&mut progress, b"specs 1", SOON).brings_specs);
        assert_eq!(ask(&mut progress, 0), specs(b"specs 1", false));
        // The client could not use them, or lost them on the way.
        assert_eq!(ask(&mut progress, 0), specs(b"specs 1", true));
        assert_eq!(ask(&mut progress, 1), Answer::NoUpdates);
        assert_eq!(progress.time_in_use(), 1);

        assert!(receive(&mut progress, b"specs 2", SOON).brings_specs);
        assert!(!receive(&mut progress, HEARTBEAT, SOON).brings_specs);
        assert_eq!(ask(&mut progress, 1), specs(b"specs 2", false));
        assert_eq!(ask(&mut progress, 2), Answer::NoUpdates);
    }

    #[test]
    fn a_heartbeat_alone_is_no_update() {
        let mut progress = Progress::default();
        assert!(!receive(&mut progress, HEARTBEAT, SOON).brings_specs);
        assert_eq!(ask(&mut progress, 0), Answer::NoUpdates);
        // Without specs, a client waits on.
        assert!(!progress.is_heard());
        ask(&mut progress, 5);
        assert!(progress.is_heard());
    }

    #[test]
    fn failures_are_counted_until_specs_are_in_use_or_the_stream_lasts() {
        let mut progress = Progress::default();
        let fail = |progress: &mut Progress| progress.failed(broken(), Instant::now());
        assert_eq!([fail(&mut progress), fail(&mut progress)], [1, 2]);
        assert_eq!(ask(&mut progress, 1), Answer::Broken(broken()));
        assert!(!receive(&mut progress, HEARTBEAT, SOON).is_recovery);
        assert_eq!(ask(&mut progress, 1), Answer::NoUpdates);
        assert_eq!(fail(&mut progress), 3);

        assert!(receive(&mut progress, HEARTBEAT, SOUND_AFTER).is_recovery);
        assert_eq!(fail(&mut progress), 1);

        // Specs that the client does not take are none.
        assert!(!receive(&mut progress, b"<html>", SOON).is_recovery);
        ask(&mut progress, 1);
        assert!(!progress.asked(&request(1), Instant::now()));
        assert_eq!(fail(&mut progress), 2);
        receive(&mut progress, b"specs 2", SOON);
        ask(&mut progress, 1);
        assert!(progress.asked(&request(2), Instant::now()));
        assert_eq!(fail(&mut progress), 1);
    }

    #[test]
    fn the_fallback_is_due_when_the_stream_is_broken_for_long_or_brings_no_first_specs() {
        let mut progress = Progress::default();
        assert_eq!(progress.fallback_at(), None);
        let start = Instant::now();
        progress.asked(&request(0), start);
        receive(&mut progress, HEARTBEAT, SOUND_AFTER);
        assert_eq!(progress.fallback_at(), Some(start + FALLBACK_WITHOUT_SPECS));
        let later = start + FALLBACK_AFTER;
        assert!(progress.is_fallback_due(later));
        // Those that just came are to be looked at first.
        receive(&mut progress, b"specs 1", SOON);
        assert!(!progress.is_fallback_due(later));
        progress.answer();
        assert!(progress.is_fallback_due(later), "refused");

        progress.asked(&request(1), later);
        assert_eq!(progress.fallback_at(), None);
        progress.failed(broken(), later);
        progress.failed(broken(), later + FALLBACK_AFTER);
        assert_eq!(progress.fallback_at(), Some(later + FALLBACK_AFTER));
        receive(&mut progress, HEARTBEAT, SOUND_AFTER);
        assert_eq!(progress.fallback_at(), None);
    }
}
