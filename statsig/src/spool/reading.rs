//! Reads a segment of another process, damaged or not.
//!
//! An interrupted write leaves a last record that is longer than the file. It is removed, because
//! its write never succeeded. Any other record with a wrong checksum was damaged later. Its length
//! is not reliable, so the reader searches for the next intact record. The bytes before that count
//! as damaged batches.

use std::collections::BTreeMap;

use super::segment::{
    BATCH, BATCH_HEAD, BatchRecord, BatchSpan, HEADER, Head, NOTE_BYTES, RECORD_HEAD, SETTLED,
};
use crate::events::seal;

/// An upper bound of the batches in a segment.
const MAX_BATCHES: usize = 65_536;
/// The bytes checksummed in a search for intact records, which bounds the time that damage costs.
const MAX_SEARCHED_BYTES: usize = 64 * 1024 * 1024;
/// The events of a damaged batch up to this size are counted. A larger batch counts with its own
/// number, within bounds.
const MAX_COUNTED_BYTES: usize = 4 * 1024 * 1024;
/// The most events in a batch. Bounds the number in a damaged one.
const MAX_EVENTS: usize = 2_000;
/// A compressed byte expands to about a thousand at most, and an event has at least 64.
const MAX_EVENTS_A_BYTE: usize = 16;

/// The content of a segment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// Unsettled batches by offset, including damaged ones.
    pub(super) batches: BTreeMap<u64, BatchSpan>,
    /// Bytes up to the end of the last complete record. An incomplete write follows.
    pub(super) whole: u64,
}

/// Reads a whole segment, which may be new and empty. The error is the reason why it cannot be one
/// of this version.
pub(super) fn read(bytes: &[u8]) -> Result<Contents, &'static str> {
    if HEADER.starts_with(bytes) && bytes != HEADER {
        return Ok(Contents::default());
    }
    if !bytes.starts_with(HEADER) {
        return Err("its content is of another format");
    }
    let mut offset = HEADER.len();
    let mut reader = Reader {
        bytes,
        contents: Contents {
            batches: BTreeMap::new(),
            whole: offset as u64,
        },
        searched: 0,
    };
    while let Some(rest) = bytes.get(offset..).filter(|rest| !rest.is_empty()) {
        if let Some((kind, payload)) = Head::read_record(rest) {
            reader.add(offset, kind, payload);
            offset += RECORD_HEAD + payload.len();
        } else {
            let next = reader.next_intact(offset + 1);
            reader.add_damaged(offset, next);
            offset = next.unwrap_or(bytes.len());
        }
        if reader.contents.batches.len() > MAX_BATCHES {
            return Err("it has more batches than a segment holds");
        }
    }
    Ok(reader.contents)
}

struct Reader<'a> {
    bytes: &'a [u8],
    contents: Contents,
    searched: usize,
}

impl Reader<'_> {
    /// Adds an intact record. Ignores kinds of later versions.
    fn add(&mut self, offset: usize, kind: u8, payload: &[u8]) {
        let length = RECORD_HEAD + payload.len();
        self.contents.whole = (offset + length) as u64;
        if let (BATCH, Some(batch)) = (kind, BatchRecord::of(payload)) {
            self.insert(offset, length, batch.events, batch.attempts);
        } else if let (SETTLED, Ok(settled)) = (kind, payload.try_into()) {
            self.contents.batches.remove(&u64::from_le_bytes(settled));
        }
    }

    fn insert(&mut self, offset: usize, length: usize, events: u32, attempts: u32) {
        let span = BatchSpan {
            length: length as u64,
            events,
            attempts,
        };
        self.contents.batches.insert(offset as u64, span);
    }

    /// Adds the bytes before the next intact record or the end as damaged batches. A damaged note
    /// loses nothing: its batch is sent twice.
    fn add_damaged(&mut self, mut offset: usize, next: Option<usize>) {
        let end = next.unwrap_or(self.bytes.len());
        while self.contents.batches.len() <= MAX_BATCHES
            && let Some(damaged) = self.bytes.get(offset..end)
            && damaged.len() > NOTE_BYTES
            && let Some((head, rest)) = Head::split(damaged)
        {
            let claimed = RECORD_HEAD.saturating_add(head.length as usize);
            let is_plausible = head.length as usize >= BATCH_HEAD && claimed <= damaged.len();
            let length = if self.is_intact_but_for_length(head, rest) {
                damaged.len()
            } else if is_plausible {
                claimed
            } else if next.is_some() {
                damaged.len()
            } else {
                break;
            };
            let payload = rest.get(..length - RECORD_HEAD);
            if length > NOTE_BYTES
                && let Some(batch) = payload.and_then(BatchRecord::of)
            {
                self.insert(offset, length, events_of_damaged(&batch), batch.attempts);
                self.contents.whole = (offset + length) as u64;
            }
            offset += length;
        }
    }

    fn is_intact_but_for_length(&mut self, head: Head, payload: &[u8]) -> bool {
        let length = u32::try_from(payload.len());
        length.is_ok_and(|length| {
            self.may_search(payload.len()) && Head { length, ..head }.is_of(payload)
        })
    }

    /// Where the next intact record of this version begins.
    fn next_intact(&mut self, from: usize) -> Option<usize> {
        for offset in from..self.bytes.len() {
            let (head, rest) = Head::split(self.bytes.get(offset..)?)?;
            let length = head.length as usize;
            let is_plausible = match head.kind {
                BATCH => length > BATCH_HEAD,
                SETTLED => length == BATCH_HEAD,
                _ => false,
            };
            let Some(payload) = rest.get(..length).filter(|_| is_plausible) else {
                continue;
            };
            if !self.may_search(length) {
                return None;
            }
            if head.is_of(payload) {
                return Some(offset);
            }
        }
        None
    }

    fn may_search(&mut self, bytes: usize) -> bool {
        self.searched = self.searched.saturating_add(bytes);
        self.searched <= MAX_SEARCHED_BYTES
    }
}

/// The events in a batch with a damaged record. The body itself may be intact.
fn events_of_damaged(batch: &BatchRecord<'_>) -> u32 {
    let body = Some(batch.body).filter(|body| body.len() <= MAX_COUNTED_BYTES);
    body.and_then(seal::events_in).unwrap_or_else(|| {
        let most = batch.body.len().saturating_mul(MAX_EVENTS_A_BYTE);
        batch.events.clamp(1, most.clamp(1, MAX_EVENTS) as u32)
    })
}
