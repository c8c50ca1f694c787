//! The format of a segment: a header, then appended records. Pure.
//!
//! ```text
//! segment = "statsig1" record*
//! record  = kind (1 byte) · length (4) · CRC-32 of kind, length and payload (4) · payload
//! batch   = events (4) · failed attempts (4) · compressed body
//! settled = offset of a settled batch (8)
//! ```
//!
//! Numbers are little-endian. `reading` handles truncated and damaged segments.

use flate2::Crc;

/// The header of every segment.
pub(super) const HEADER: &[u8; 8] = b"statsig1";

pub(super) const BATCH: u8 = 1;
pub(super) const SETTLED: u8 = 2;
/// Kind, length, checksum.
pub(super) const RECORD_HEAD: usize = 1 + 4 + 4;
/// Events, attempts. An offset is as long.
pub(super) const BATCH_HEAD: usize = 4 + 4;
/// A note that a batch is settled. Batches are larger, because their bodies are not empty.
pub(super) const NOTE_BYTES: u64 = (RECORD_HEAD + BATCH_HEAD) as u64;

/// A batch on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchRecord<'a> {
    pub(super) events: u32,
    pub(super) attempts: u32,
    pub(super) body: &'a [u8],
}

/// The most events in a batch. Also bounds the number in a damaged one.
pub(super) const MAX_EVENTS: u32 = 2_000;

/// The place of an unsettled batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchSpan {
    /// Of the whole record, in bytes.
    pub(super) length: u64,
    pub(super) events: u32,
    pub(super) attempts: u32,
    /// Damaged: it can only be counted.
    pub(super) is_damaged: bool,
}

impl BatchSpan {
    /// A batch whose payload begins with these numbers.
    pub(super) fn new(length: u64, numbers: [u8; BATCH_HEAD], is_damaged: bool) -> Self {
        let [e0, e1, e2, e3, a0, a1, a2, a3] = numbers;
        Self {
            length,
            events: u32::from_le_bytes([e0, e1, e2, e3]),
            attempts: u32::from_le_bytes([a0, a1, a2, a3]),
            is_damaged,
        }
    }
}

/// Appends a batch to the bytes. Returns false and appends nothing if it is too large for the
/// format.
pub(super) fn write_batch(batch: &BatchRecord<'_>, to: &mut Vec<u8>) -> bool {
    let events = batch.events.to_le_bytes();
    let attempts = batch.attempts.to_le_bytes();
    write_record(BATCH, &[&events, &attempts, batch.body], to)
}

/// Appends the note that the batch at this offset is settled.
pub(super) fn write_settled(offset: u64, to: &mut Vec<u8>) {
    write_record(SETTLED, &[&offset.to_le_bytes()], to);
}

fn write_record(kind: u8, payload: &[&[u8]], to: &mut Vec<u8>) -> bool {
    let length = payload.iter().map(|part| part.len()).sum::<usize>();
    let Ok(length) = u32::try_from(length) else {
        return false;
    };
    to.push(kind);
    to.extend(length.to_le_bytes());
    to.extend(checksum(kind, length, payload).to_le_bytes());
    payload.iter().for_each(|part| to.extend(*part));
    true
}

fn checksum(kind: u8, length: u32, payload: &[&[u8]]) -> u32 {
    let mut crc = Crc::new();
    crc.update(&[kind]);
    crc.update(&length.to_le_bytes());
    payload.iter().for_each(|part| crc.update(part));
    crc.sum()
}

/// The head of a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) kind: u8,
    /// Of the payload.
    pub(super) length: u32,
    pub(super) checksum: u32,
}

impl Head {
    pub(super) fn read(bytes: [u8; RECORD_HEAD]) -> Self {
        let [kind, l0, l1, l2, l3, c0, c1, c2, c3] = bytes;
        Self {
            kind,
            length: u32::from_le_bytes([l0, l1, l2, l3]),
            checksum: u32::from_le_bytes([c0, c1, c2, c3]),
        }
    }
}

/// Reads the record of one batch. `None` if it is damaged.
pub(super) fn read_batch(bytes: &[u8]) -> Option<BatchRecord<'_>> {
    let (head, payload) = bytes.split_first_chunk()?;
    let head = Head::read(*head);
    let is_intact = head.kind == BATCH
        && usize::try_from(head.length) == Ok(payload.len())
        && checksum(head.kind, head.length, &[payload]) == head.checksum;
    let (numbers, body) = payload.split_first_chunk().filter(|_| is_intact)?;
    let place = BatchSpan::new(bytes.len() as u64, *numbers, false);
    Some(BatchRecord {
        events: place.events,
        attempts: place.attempts,
        body,
    })
}

/// The body of a batch with a damaged record. The body itself may be intact.
pub(super) fn body_of_damaged(bytes: &[u8]) -> &[u8] {
    bytes.get(RECORD_HEAD + BATCH_HEAD..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::super::reading::{self, Contents};
    use super::*;

    fn read(bytes: &[u8]) -> Option<Contents> {
        reading::read(Cursor::new(bytes), bytes.len() as u64).unwrap()
    }

    fn batch(events: u32, body: &[u8]) -> BatchRecord<'_> {
        BatchRecord {
            events,
            attempts: events % 7,
            body,
        }
    }

    #[test]
    fn what_is_written_is_read_and_what_is_settled_is_not() {
        let mut bytes = HEADER.to_vec();
        assert!(write_batch(&batch(3, b"abc"), &mut bytes));
        let second = bytes.len() as u64;
        assert!(write_batch(&batch(5, b""), &mut bytes));
        write_settled(HEADER.len() as u64, &mut bytes);
        let contents = read(&bytes).unwrap();
        assert_eq!(contents.whole, bytes.len() as u64);
        let left: Vec<_> = contents.batches.into_iter().collect();
        let [(offset, place)] = left[..] else {
            panic!("{left:?}");
        };
        assert_eq!((offset, place.events), (second, 5));
        let record = &bytes[second as usize..][..place.length as usize];
        assert_eq!(read_batch(record), Some(batch(5, b"")));
    }

    #[test]
    fn something_else_is_no_segment_and_the_beginning_of_one_is_an_empty_one() {
        for bytes in [&b""[..], b"stat", &HEADER[..7]] {
            assert_eq!(read(bytes), Some(Contents::default()));
        }
        for bytes in [&b"statsig2whatever"[..], b"x", &[0; 100]] {
            assert_eq!(read(bytes), None);
        }
    }

    #[test]
    fn damaged_records_cost_themselves_and_not_what_follows() {
        let mut bytes = HEADER.to_vec();
        let mut offsets = Vec::new();
        for body in [&b"first"[..], b"second", b"third", b"fourth"] {
            offsets.push(bytes.len());
            assert!(write_batch(&batch(3, body), &mut bytes));
        }
        let end = bytes.len();
        for damaged in [offsets[1], offsets[2]] {
            bytes[damaged + RECORD_HEAD + BATCH_HEAD] ^= 1;
        }
        // Half of a number can be damaged, too: six bytes hold less than it says.
        bytes[offsets[1] + RECORD_HEAD + 2] = 0xff;
        let contents = read(&bytes).unwrap();
        assert_eq!(contents.whole, end as u64);
        let events: Vec<_> = contents.batches.values().map(|it| it.events).collect();
        assert_eq!(events, [3, 96, 3, 3]);
        let damaged: Vec<_> = contents.batches.values().map(|it| it.is_damaged).collect();
        assert_eq!(damaged, [false, true, true, false]);

        // With nothing whole behind them, they have all of their bytes still.
        let contents = read(&bytes[..offsets[3]]).unwrap();
        assert_eq!(contents.whole, offsets[3] as u64);
        assert_eq!(contents.batches.len(), 3);
        // The last was not written to its end.
        let contents = read(&bytes[..offsets[3] - 1]).unwrap();
        assert_eq!(contents.whole, offsets[2] as u64);
        assert_eq!(contents.batches.len(), 2);
    }

    #[test]
    fn a_record_that_spans_many_pieces_is_read_and_found_behind_damage() {
        let mut bytes = HEADER.to_vec();
        let mut large = |byte: u8| {
            let offset = bytes.len();
            assert!(write_batch(&batch(3, &[byte; 300_000]), &mut bytes));
            offset
        };
        let (first, second) = (large(7), large(1));
        assert_eq!(read(&bytes).unwrap().batches.len(), 2);
        // The length.
        bytes[first + 3] ^= 0x40;
        let contents = read(&bytes).unwrap();
        let found: Vec<_> = contents.batches.into_iter().collect();
        assert_eq!((found[0].0, found[1].0), (first as u64, second as u64));
        assert_eq!(
            (found[0].1.is_damaged, found[1].1.is_damaged),
            (true, false)
        );
        assert_eq!(found[0].1.length, (second - first) as u64);
    }

    #[test]
    fn a_file_of_endless_batches_is_no_segment() {
        let mut bytes = HEADER.to_vec();
        for _ in 0..70_000 {
            assert!(write_batch(&batch(1, b""), &mut bytes));
        }
        let error = reading::read(Cursor::new(&bytes), bytes.len() as u64).unwrap_err();
        assert!(error.to_string().contains("more batches"), "{error}");
    }

    proptest! {
        #[test]
        fn a_write_that_was_cut_off_costs_nothing_that_was_written_before(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..8),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = HEADER.to_vec();
            let mut ends = vec![bytes.len()];
            for body in &bodies {
                prop_assert!(write_batch(&batch(1, body), &mut bytes));
                ends.push(bytes.len());
            }
            let cut = cut.index(bytes.len() + 1);
            let whole: Vec<_> = ends.iter().filter(|end| **end <= cut).collect();
            let contents = read(&bytes[..cut]).unwrap();
            prop_assert_eq!(contents.batches.len(), whole.len().saturating_sub(1));
            prop_assert_eq!(contents.whole, whole.last().map_or(0, |end| **end as u64));
        }

        #[test]
        fn a_flipped_bit_is_noticed(
            body in prop::collection::vec(any::<u8>(), 0..60),
            place in any::<prop::sample::Index>(),
            bit in 0..8_u32,
        ) {
            let mut record = Vec::new();
            prop_assert!(write_batch(&batch(2, &body), &mut record));
            let place = place.index(record.len());
            record[place] ^= 1 << bit;
            prop_assert_eq!(read_batch(&record), None);
        }

        #[test]
        fn anything_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut segment = HEADER.to_vec();
            segment.extend(&bytes);
            prop_assert!(read(&segment).unwrap().whole as usize <= segment.len());
            let _ = read_batch(&bytes);
        }
    }
}
