//! The format of a segment: a header, then records that are only ever appended. Pure.
//!
//! ```text
//! segment = "statsig1" record*
//! record  = kind (1 byte) · length of the payload (4) · CRC-32 of kind, length and payload (4) · payload
//! batch   = events (4) · failed attempts (4) · compressed body
//! settled = offset of a batch that is done with (8)
//! ```
//!
//! Numbers are little-endian. A write that was cut off leaves records that are too short or have another checksum at the end: they
//! are cut. One with another checksum before a whole one was damaged later: it is passed over, and a batch in it counts as lost.

use std::collections::BTreeMap;

use flate2::Crc;

/// What every segment begins with.
pub(super) const HEADER: &[u8; 8] = b"statsig1";

const BATCH: u8 = 1;
const SETTLED: u8 = 2;
/// Kind, length, checksum.
const RECORD_HEAD: usize = 1 + 4 + 4;
/// Events, attempts.
const BATCH_HEAD: usize = 4 + 4;

/// A batch as it is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchRecord<'a> {
    pub(super) events: u32,
    pub(super) attempts: u32,
    pub(super) body: &'a [u8],
}

/// A batch holds no more. What a damaged one says of its events is believed up to this.
const MAX_EVENTS: u32 = 2_000;

/// Where a batch is that is not settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Of the whole record, in bytes.
    pub(super) length: u64,
    pub(super) events: u32,
    pub(super) attempts: u32,
}

/// What a segment holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// The batches that are not settled, damaged ones among them, by their offset.
    pub(super) batches: BTreeMap<u64, Place>,
    /// Bytes up to the end of the last whole record; what follows was not written to its end.
    pub(super) whole: u64,
}

/// Appends a batch to the bytes. False, and nothing appended, if it is too large for the format.
pub(super) fn write_batch(batch: &BatchRecord<'_>, to: &mut Vec<u8>) -> bool {
    let events = batch.events.to_le_bytes();
    let attempts = batch.attempts.to_le_bytes();
    write_record(BATCH, &[&events, &attempts, batch.body], to)
}

/// Appends the note that the batch at this offset is done with.
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

/// Reads a whole segment, one that was just created and never written included. `None` if it is none, or one of another version.
pub(super) fn read(bytes: &[u8]) -> Option<Contents> {
    let mut contents = Contents::default();
    let Some(mut rest) = bytes.strip_prefix(HEADER) else {
        return HEADER.starts_with(bytes).then_some(contents);
    };
    contents.whole = HEADER.len() as u64;
    let mut offset = contents.whole;
    // Damaged batches, or the remains of a write that was cut off: what follows will tell.
    let mut doubtful = BTreeMap::new();
    while let Some(record) = first_record(rest) {
        let length = (rest.len() - record.after.len()) as u64;
        let place = batch_of(record.payload).map(|batch| Place {
            length,
            events: batch.events,
            attempts: batch.attempts,
        });
        if record.is_intact {
            contents.batches.append(&mut doubtful);
            contents.whole = offset + length;
        }
        match (record.kind, place) {
            (BATCH, Some(place)) if record.is_intact => {
                contents.batches.insert(offset, place);
            }
            (BATCH, Some(place)) => {
                let events = place.events.min(MAX_EVENTS);
                doubtful.insert(offset, Place { events, ..place });
            }
            (SETTLED, _) if record.is_intact => {
                if let Ok(settled) = record.payload.try_into() {
                    contents.batches.remove(&u64::from_le_bytes(settled));
                }
            }
            // Of a later version: whole, and of no meaning here. Or a damaged note: the batch is sent twice, and never lost.
            _ => {}
        }
        offset += length;
        rest = record.after;
    }
    Some(contents)
}

/// Reads the record of one batch.
pub(super) fn read_batch(bytes: &[u8]) -> Option<BatchRecord<'_>> {
    let record = first_record(bytes)?;
    let is_batch = record.is_intact && record.kind == BATCH && record.after.is_empty();
    is_batch.then(|| batch_of(record.payload)).flatten()
}

/// A record that has all of its bytes.
struct Record<'a> {
    kind: u8,
    payload: &'a [u8],
    /// Its checksum is right.
    is_intact: bool,
    after: &'a [u8],
}

/// `None` if there are too few bytes for a record.
fn first_record(bytes: &[u8]) -> Option<Record<'_>> {
    let (head, rest) = bytes.split_first_chunk::<RECORD_HEAD>()?;
    let [kind, l0, l1, l2, l3, c0, c1, c2, c3] = *head;
    let length = u32::from_le_bytes([l0, l1, l2, l3]);
    let expected = u32::from_le_bytes([c0, c1, c2, c3]);
    let (payload, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some(Record {
        kind,
        payload,
        is_intact: checksum(kind, length, &[payload]) == expected,
        after,
    })
}

fn batch_of(payload: &[u8]) -> Option<BatchRecord<'_>> {
    let (head, body) = payload.split_first_chunk::<BATCH_HEAD>()?;
    let [e0, e1, e2, e3, a0, a1, a2, a3] = *head;
    Some(BatchRecord {
        events: u32::from_le_bytes([e0, e1, e2, e3]),
        attempts: u32::from_le_bytes([a0, a1, a2, a3]),
        body,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
        // Half of a number can be damaged, too.
        bytes[offsets[1] + RECORD_HEAD + 2] = 0xff;
        let contents = read(&bytes).unwrap();
        assert_eq!(contents.whole, end as u64);
        let events: Vec<_> = contents.batches.values().map(|it| it.events).collect();
        assert_eq!(events, [3, MAX_EVENTS, 3, 3]);

        // With nothing whole behind them, they may never have been written to their end.
        let contents = read(&bytes[..offsets[3]]).unwrap();
        assert_eq!(contents.whole, offsets[1] as u64);
        assert_eq!(contents.batches.len(), 1);
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
