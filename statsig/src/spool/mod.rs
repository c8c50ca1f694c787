//! The spool on disk: segments that are only appended to, each locked by the process that owns it.
//!
//! Files are named `<hash of the SDK key>-<time>-<random>.<encoding>.spool`. A process creates segments of its own and takes over those
//! that nobody locks, which their owners left when they ended; so several processes share a directory, and each batch has one owner.

mod directory;
mod segment;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use self::directory::{Directory, SegmentFile};
use self::segment::{BatchRecord, HEADER, Place};
use crate::clock::Clock;
use crate::events::batch::{RecordId, SealedBatch};
use crate::events::spool::{Loaded, Spool, Stored};
use crate::targets;

/// A segment takes no more batches once it has this size.
const SEGMENT_BYTES: u64 = 1024 * 1024;
/// The longest pause between two attempts to deliver one batch.
const MAX_PAUSE: Duration = Duration::from_secs(600);

/// Batches in segments in a directory.
#[derive(Debug)]
pub(crate) struct DiskSpool {
    directory: Directory,
    max_bytes: u64,
    clock: Arc<dyn Clock>,
    /// Locked by those who may block only.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    segments: BTreeMap<u64, SegmentFile>,
    next_segment: u64,
    /// The segment that takes new batches.
    active: Option<u64>,
    batches: BTreeMap<RecordId, Kept>,
}

/// A batch on disk that is not settled.
#[derive(Debug, Clone, Copy)]
struct Kept {
    place: Place,
    not_before: Option<Instant>,
    is_taken_out: bool,
}

impl Kept {
    fn new(place: Place) -> Self {
        Self {
            place,
            not_before: None,
            is_taken_out: false,
        }
    }

    fn is_ready(&self, now: Instant) -> bool {
        !self.is_taken_out && self.not_before.is_none_or(|time| time <= now)
    }
}

impl DiskSpool {
    /// A spool of at most `max_bytes` for this SDK key. Touches nothing yet.
    pub(crate) fn new(
        directory: PathBuf,
        sdk_key: &str,
        max_bytes: u64,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            directory: Directory::new(directory, sdk_key),
            max_bytes,
            clock,
            state: Mutex::default(),
        }
    }

    fn try_to_store(&self, batches: &[SealedBatch], made_room: &mut u64) -> io::Result<()> {
        let mut bytes = Vec::new();
        let mut places = Vec::with_capacity(batches.len());
        for batch in batches {
            let start = bytes.len() as u64;
            let record = BatchRecord {
                events: u32::try_from(batch.events).unwrap_or(u32::MAX),
                attempts: batch.attempts,
                body: &batch.body,
            };
            if !segment::write_batch(&record, &mut bytes) {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            let place = Place {
                length: bytes.len() as u64 - start,
                events: record.events,
                attempts: record.attempts,
            };
            places.push((start, place));
        }
        let needed = (HEADER.len() + bytes.len()) as u64;
        if needed > self.max_bytes {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let mut state = self.state();
        *made_room = state.make_room(needed, self.max_bytes);
        let segment = state.segment_for(&self.directory, self.clock.now_ms())?;
        let Some(file) = state.segments.get_mut(&segment) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let end = file.length();
        if let Err(error) = file.append(&bytes).and_then(|()| file.sync()) {
            state.cut_back(segment, end);
            state.remove_if_settled(segment);
            return Err(error);
        }
        for (start, place) in places {
            let offset = end + start;
            let record = RecordId { segment, offset };
            state.batches.insert(record, Kept::new(place));
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, file: SegmentFile) -> u64 {
        let segment = self.next_segment;
        self.next_segment += 1;
        self.segments.insert(segment, file);
        segment
    }

    fn bytes(&self) -> u64 {
        self.segments.values().map(SegmentFile::length).sum()
    }

    /// Drops the oldest segments until there is room. Returns the events in them that were not taken out.
    fn make_room(&mut self, bytes: u64, max_bytes: u64) -> u64 {
        let mut lost = 0;
        while self.bytes() + bytes > max_bytes {
            let Some((segment, file)) = self.segments.pop_first() else {
                break;
            };
            if self.active == Some(segment) {
                self.active = None;
            }
            self.batches.retain(|record, kept| {
                let stays = record.segment != segment;
                if !stays && !kept.is_taken_out {
                    lost += u64::from(kept.place.events);
                }
                stays
            });
            file.remove();
        }
        lost
    }

    /// A write failed: half of it must not stay. If even that fails, nothing is written behind it any more.
    fn cut_back(&mut self, segment: u64, length: u64) {
        let file = self.segments.get_mut(&segment);
        let is_cut = file.is_some_and(|file| file.truncate(length).is_ok());
        if !is_cut && self.active == Some(segment) {
            self.active = None;
        }
    }

    /// Removes the segment's file once all of its batches are settled.
    fn remove_if_settled(&mut self, segment: u64) {
        let from = RecordId { segment, offset: 0 };
        let to = RecordId {
            segment,
            offset: u64::MAX,
        };
        if self.batches.range(from..=to).next().is_some() {
            return;
        }
        if self.active == Some(segment) {
            self.active = None;
        }
        if let Some(file) = self.segments.remove(&segment) {
            file.remove();
        }
    }

    /// The segment to append to, a new one if there is none with room.
    fn segment_for(&mut self, directory: &Directory, now_ms: u64) -> io::Result<u64> {
        let active = self.active.filter(|segment| {
            let file = self.segments.get(segment);
            file.is_some_and(|file| file.length() < SEGMENT_BYTES)
        });
        if let Some(segment) = active {
            return Ok(segment);
        }
        let segment = self.add(directory.create(now_ms)?);
        self.active = Some(segment);
        Ok(segment)
    }

    fn read(&mut self, record: RecordId, place: Place) -> Option<SealedBatch> {
        let file = self.segments.get_mut(&record.segment)?;
        let bytes = file.read(record.offset, place.length).ok()?;
        let batch = segment::read_batch(&bytes)?;
        Some(SealedBatch {
            first: 0,
            events: u64::from(batch.events),
            attempts: place.attempts,
            is_urgent: false,
            flush_type: None,
            body: Bytes::copy_from_slice(batch.body),
            record: Some(record),
        })
    }
}

impl Spool for DiskSpool {
    fn adopt(&self) -> io::Result<u64> {
        let mut state = self.state();
        let mut adopted = 0;
        for file in self.directory.abandoned()? {
            let (mut file, bytes) = file;
            let contents = segment::read(&bytes);
            if contents.whole < bytes.len() as u64 {
                let cut = bytes.len() as u64 - contents.whole;
                tracing::warn!(
                    target: targets::EVENTS, bytes = cut,
                    "an event spool ended in a write that was cut off"
                );
                file.truncate(contents.whole)?;
            }
            if contents.batches.is_empty() {
                file.remove();
                continue;
            }
            let segment = state.add(file);
            for (offset, place) in contents.batches {
                adopted += u64::from(place.events);
                let record = RecordId { segment, offset };
                state.batches.insert(record, Kept::new(place));
            }
        }
        Ok(adopted)
    }

    fn store(&self, batches: &[SealedBatch]) -> Stored {
        let mut made_room = 0;
        let outcome = self.try_to_store(batches, &mut made_room);
        Stored { made_room, outcome }
    }

    fn load(&self, now: Instant) -> Loaded {
        let mut state = self.state();
        let mut loaded = Loaded::default();
        while loaded.batch.is_none() {
            let ready = state.batches.iter().find(|(_, kept)| kept.is_ready(now));
            let Some((record, place)) = ready.map(|(record, kept)| (*record, kept.place)) else {
                break;
            };
            loaded.batch = state.read(record, place);
            if loaded.batch.is_none() {
                loaded.lost += u64::from(place.events);
                state.batches.remove(&record);
                state.remove_if_settled(record.segment);
            } else if let Some(kept) = state.batches.get_mut(&record) {
                kept.is_taken_out = true;
            }
        }
        loaded
    }

    fn settle(&self, record: RecordId) {
        let mut state = self.state();
        if state.batches.remove(&record).is_none() {
            return;
        }
        let mut note = Vec::new();
        segment::write_settled(record.offset, &mut note);
        if let Some(file) = state.segments.get_mut(&record.segment) {
            let end = file.length();
            // Not synced: should the note be lost, the batch is sent twice, and never lost.
            if let Err(error) = file.append(&note) {
                tracing::debug!(target: targets::EVENTS, %error, "an event spool could not be written");
                state.cut_back(record.segment, end);
            }
        }
        state.remove_if_settled(record.segment);
    }

    fn put_off(&self, record: RecordId, now: Instant) -> bool {
        let mut state = self.state();
        let Some(kept) = state.batches.get_mut(&record) else {
            return false;
        };
        kept.is_taken_out = false;
        kept.place.attempts = kept.place.attempts.saturating_add(1);
        let pause = Duration::from_secs(1 << kept.place.attempts.min(16));
        kept.not_before = Some(now + pause.min(MAX_PAUSE));
        true
    }

    fn ready_at(&self, now: Instant) -> Option<Instant> {
        let state = self.state();
        let waiting = state.batches.values().filter(|kept| !kept.is_taken_out);
        waiting.map(|kept| kept.not_before.unwrap_or(now)).min()
    }

    fn close(&self) {
        *self.state() = State::default();
    }
}

#[cfg(test)]
mod tests;
