//! The spool on disk: append-only segments, each locked by the process that owns it.
//!
//! Files are named `<hash of the SDK key>-<time>-<random>.<encoding>.spool`. A process creates its
//! own segments and takes over unlocked ones, whose owners have ended. So several processes can
//! share a directory, and each batch has one owner.

mod directory;
mod reading;
mod segment;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use self::directory::{Directory, FoundSegment, SegmentFile};
use self::segment::{BatchRecord, BatchSpan, HEADER};
use crate::clock::Clock;
use crate::events::batch::{RecordId, SealedBatch, SegmentId};
use crate::events::seal;
use crate::events::spool::{Loaded, Spool, Stored};
use crate::process::log_aside;
use crate::targets;

/// A segment of this size takes no more batches. In a small spool, the limit is a part of the
/// spool, because evictions remove whole segments.
const SEGMENT_BYTES: u64 = 1024 * 1024;
/// The least number of such parts of a small spool.
const MIN_SEGMENTS: u64 = 8;
/// The events of a damaged batch up to this size are counted. A larger batch counts with its own
/// number, within bounds.
const MAX_COUNTED_BYTES: u64 = 4 * 1024 * 1024;
/// The longest pause between two attempts to deliver one batch.
const MAX_PAUSE: Duration = Duration::from_secs(600);

/// Batches in segments in a directory.
#[derive(Debug)]
pub(crate) struct DiskSpool {
    directory: Directory,
    max_bytes: u64,
    clock: Arc<dyn Clock>,
    /// Locked only where blocking is allowed.
    state: Mutex<SpoolState>,
}

#[derive(Debug, Default)]
struct SpoolState {
    segments: BTreeMap<SegmentId, SegmentFile>,
    next_number: u64,
    /// The segment that takes new batches.
    active: Option<SegmentId>,
    batches: BTreeMap<RecordId, SpooledBatch>,
    /// Files that the last search could not take over. Each is logged once.
    unusable: BTreeSet<PathBuf>,
}

/// An unsettled batch on disk.
#[derive(Debug, Clone, Copy)]
struct SpooledBatch {
    place: BatchSpan,
    not_before: Option<Instant>,
    is_taken_out: bool,
}

impl SpooledBatch {
    fn new(place: BatchSpan) -> Self {
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

    /// Appends the batch to a segment without syncing. Evicts the oldest segments if space is
    /// needed.
    fn append(
        &self,
        state: &mut SpoolState,
        batch: &SealedBatch,
        made_room: &mut u64,
    ) -> io::Result<RecordId> {
        let record = BatchRecord {
            events: u32::try_from(batch.events).unwrap_or(u32::MAX),
            attempts: batch.attempts,
            body: &batch.body,
        };
        let mut bytes = Vec::new();
        if !segment::write_batch(&record, &mut bytes) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let length = bytes.len() as u64;
        let needed = HEADER.len() as u64 + length;
        if needed > self.max_bytes {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        *made_room += state.make_room(needed, self.max_bytes);
        let segment = self.segment_for_more(state)?;
        let Some(file) = state.segments.get_mut(&segment) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let offset = file.length();
        let id = RecordId { segment, offset };
        if let Err(error) = file.append(&bytes) {
            state.withdraw(id);
            return Err(error);
        }
        let place = BatchSpan {
            length,
            events: record.events,
            attempts: record.attempts,
            is_damaged: false,
        };
        state.batches.insert(id, SpooledBatch::new(place));
        Ok(id)
    }

    /// The segment to append to; a new one if none has room.
    fn segment_for_more(&self, state: &mut SpoolState) -> io::Result<SegmentId> {
        let full = SEGMENT_BYTES.min(self.max_bytes / MIN_SEGMENTS);
        let active = state.active.filter(|segment| {
            let file = state.segments.get(segment);
            file.is_some_and(|file| file.length() < full)
        });
        if let Some(segment) = active {
            return Ok(segment);
        }
        let now_ms = self.clock.now_ms();
        let segment = state.add(now_ms, self.directory.create(now_ms)?);
        state.active = Some(segment);
        Ok(segment)
    }

    /// Takes over an unlocked segment. Returns the number of its events.
    fn take_over(&self, found: &FoundSegment) -> io::Result<u64> {
        let Some(mut file) = SegmentFile::take_over(&found.path)? else {
            return Ok(0);
        };
        let Some(mut contents) = file.contents()? else {
            let problem = "its content is of another format";
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        };
        count_damaged(&mut file, &mut contents.batches)?;
        let cut = file.length().saturating_sub(contents.whole);
        if cut > 0 {
            file.truncate(contents.whole)?;
            tracing::warn!(
                target: targets::EVENTS, bytes = cut,
                "an event spool ended in a write that was cut off"
            );
        }
        if contents.batches.is_empty() {
            file.remove();
            return Ok(0);
        }
        let mut state = self.state();
        let segment = state.add(found.created_ms, file);
        let mut events = 0;
        for (offset, place) in contents.batches {
            events += u64::from(place.events);
            let record = RecordId { segment, offset };
            state.batches.insert(record, SpooledBatch::new(place));
        }
        Ok(events)
    }

    fn state(&self) -> MutexGuard<'_, SpoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts the events of damaged batches with readable bodies. The numbers in the others are already
/// bounded by their size.
fn count_damaged(file: &mut SegmentFile, batches: &mut BTreeMap<u64, BatchSpan>) -> io::Result<()> {
    let is_small = |place: &BatchSpan| place.length <= MAX_COUNTED_BYTES;
    let damaged = batches.iter_mut().filter(|(_, place)| place.is_damaged);
    for (offset, place) in damaged.filter(|(_, place)| is_small(place)) {
        let bytes = file.read(*offset, place.length)?;
        if let Some(events) = seal::events_in(segment::body_of_damaged(&bytes)) {
            place.events = events;
        }
    }
    Ok(())
}

impl SpoolState {
    fn add(&mut self, created_ms: u64, file: SegmentFile) -> SegmentId {
        let number = self.next_number;
        self.next_number += 1;
        let segment = SegmentId { created_ms, number };
        self.segments.insert(segment, file);
        segment
    }

    fn bytes(&self) -> u64 {
        self.segments.values().map(SegmentFile::length).sum()
    }

    /// Evicts the oldest segments until there is room. Returns their events that were not taken.
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

    /// Syncs the last writes. Removes what cannot be synced.
    fn sync(&mut self, written: &mut Vec<RecordId>) -> io::Result<()> {
        let mut segments: Vec<_> = written.iter().map(|record| record.segment).collect();
        segments.dedup();
        for segment in segments {
            // It is gone if it was evicted for the next one.
            let synced = self
                .segments
                .get(&segment)
                .map_or(Ok(()), SegmentFile::sync);
            if let Err(error) = synced {
                let from = written.iter().position(|it| it.segment == segment);
                let lost = written.split_off(from.unwrap_or(written.len()));
                lost.into_iter().rev().for_each(|it| self.withdraw(it));
                return Err(error);
            }
        }
        Ok(())
    }

    /// The last batch of the segment was not stored.
    fn withdraw(&mut self, record: RecordId) {
        self.batches.remove(&record);
        self.cut_back(record.segment, record.offset);
        self.remove_if_settled(record.segment);
    }

    /// A write failed: removes its incomplete record. If that fails, the segment takes no more
    /// records.
    fn cut_back(&mut self, segment: SegmentId, length: u64) {
        let file = self.segments.get_mut(&segment);
        let is_cut = file.is_some_and(|file| file.truncate(length).is_ok());
        if !is_cut && self.active == Some(segment) {
            self.active = None;
        }
    }

    /// The batch is settled.
    fn settle(&mut self, record: RecordId) {
        if self.batches.remove(&record).is_none() {
            return;
        }
        let mut note = Vec::new();
        segment::write_settled(record.offset, &mut note);
        if let Some(file) = self.segments.get_mut(&record.segment) {
            let end = file.length();
            // Not synced: if the note is lost, the batch is sent twice, but never lost.
            if let Err(error) = file.append(&note) {
                tracing::debug!(target: targets::EVENTS, %error, "an event spool could not be written");
                self.cut_back(record.segment, end);
            }
        }
        self.remove_if_settled(record.segment);
    }

    /// Removes the segment's file once all of its batches are settled.
    fn remove_if_settled(&mut self, segment: SegmentId) {
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

    fn read(&mut self, record: RecordId, place: BatchSpan) -> Option<SealedBatch> {
        let file = self.segments.get_mut(&record.segment)?;
        let bytes = file.read(record.offset, place.length).ok()?;
        let batch = segment::read_batch(&bytes)?;
        Some(SealedBatch {
            first: 0,
            events: u64::from(batch.events),
            attempts: place.attempts,
            is_urgent: false,
            sealed_at: None,
            body: Bytes::copy_from_slice(batch.body),
            record: Some(record),
        })
    }
}

impl Spool for DiskSpool {
    fn adopt(&self) -> io::Result<u64> {
        let mut adopted = 0;
        let mut unusable = BTreeSet::new();
        for found in self.directory.segments()? {
            match self.take_over(&found) {
                Ok(events) => adopted += events,
                // It is gone: its owner settled all of its batches.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    if !self.state().unusable.contains(&found.path) {
                        tracing::warn!(
                            target: targets::EVENTS, path = %found.path.display(), %error,
                            "a file of an event spool cannot be used, and is left alone"
                        );
                    }
                    unusable.insert(found.path);
                }
            }
        }
        self.state().unusable = unusable;
        Ok(adopted)
    }

    fn store(&self, batches: &[SealedBatch]) -> Stored {
        let mut state = self.state();
        let mut kept = Vec::with_capacity(batches.len());
        let mut made_room = 0;
        let appended: io::Result<()> = batches.iter().try_for_each(|batch| {
            kept.push(self.append(&mut state, batch, &mut made_room)?);
            Ok(())
        });
        let synced = state.sync(&mut kept);
        Stored {
            kept,
            made_room,
            outcome: appended.and(synced),
        }
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
                state.settle(record);
            } else if let Some(kept) = state.batches.get_mut(&record) {
                kept.is_taken_out = true;
            }
        }
        loaded
    }

    fn settle(&self, record: RecordId) {
        self.state().settle(record);
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

    fn put_all_back(&self) {
        let mut state = self.state();
        state
            .batches
            .values_mut()
            .for_each(|kept| kept.is_taken_out = false);
    }

    fn ready_at(&self, now: Instant) -> Option<Instant> {
        let state = self.state();
        let waiting = state.batches.values().filter(|kept| !kept.is_taken_out);
        waiting.map(|kept| kept.not_before.unwrap_or(now)).min()
    }

    fn close(&self) {
        *self.state() = SpoolState::default();
    }

    fn leave_to_parent(&self) {
        // If a thread of the parent held it during the fork, it is held forever.
        match self.state.try_lock() {
            Ok(mut state) => *state = SpoolState::default(),
            Err(TryLockError::Poisoned(state)) => *state.into_inner() = SpoolState::default(),
            Err(TryLockError::WouldBlock) => {
                log_aside(|| {
                    tracing::debug!(target: targets::EVENTS, "this process was forked during a write to the event spool: the spool stays locked until this process ends");
                });
            }
        }
    }
}

#[cfg(test)]
mod tests;
