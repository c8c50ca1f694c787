//! Reading a segment that another process left: a piece at a time, whatever happened to it.
//!
//! A write that was cut off leaves a record at the end that is longer than the file: it is cut, as nobody was promised that it is
//! safe. Everything else whose checksum is wrong was damaged later. Its length cannot be believed then, so the next intact record
//! is looked for; what lies before it counts as damaged batches.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use flate2::Crc;

use super::segment::{
    BATCH, BATCH_HEAD, HEADER, Head, MAX_EVENTS, NOTE_BYTES, Place, RECORD_HEAD, SETTLED,
};

/// What is in memory of a segment while it is read.
const PIECE_BYTES: usize = 64 * 1024;
/// More batches than a segment holds.
const MAX_BATCHES: usize = 65_536;
/// What is summed up while intact records are looked for: damage costs time, but not any time.
const MAX_SEARCHED_BYTES: u64 = 64 * 1024 * 1024;
/// A compressed byte stands for about a thousand at most, and no event is smaller than 64.
const MAX_EVENTS_A_BYTE: u64 = 16;

/// What a segment holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// The batches that are not settled, damaged ones among them, by their offset.
    pub(super) batches: BTreeMap<u64, Place>,
    /// Bytes up to the end of the last whole record; what follows was not written to its end.
    pub(super) whole: u64,
}

/// Reads a whole segment of this length, one that was just created and never written included. `None` if it is none, or one of
/// another version.
pub(super) fn read(source: impl Read + Seek, length: u64) -> io::Result<Option<Contents>> {
    let mut pieces = Pieces::new(source, length);
    let mut contents = Contents::default();
    let header = pieces.at(0, HEADER.len())?;
    if header != HEADER {
        return Ok(HEADER.starts_with(header).then_some(contents));
    }
    let mut offset = HEADER.len() as u64;
    contents.whole = offset;
    while offset < length {
        if let Some((head, end)) = pieces.intact(offset)? {
            contents.add(&mut pieces, offset, head, end)?;
            offset = end;
        } else {
            let next = pieces.next_intact(offset + 1)?;
            contents.add_damaged(&mut pieces, offset, next)?;
            offset = next.unwrap_or(length);
        }
        if contents.batches.len() > MAX_BATCHES {
            let problem = "it has more batches than a segment holds";
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
    }
    Ok(Some(contents))
}

impl Contents {
    /// Adds an intact record. One of a later version has no meaning here.
    fn add<R: Read + Seek>(
        &mut self,
        pieces: &mut Pieces<R>,
        offset: u64,
        head: Head,
        end: u64,
    ) -> io::Result<()> {
        self.whole = end;
        let numbers = pieces.at(offset + RECORD_HEAD as u64, BATCH_HEAD)?;
        let Some(numbers) = numbers.first_chunk::<BATCH_HEAD>() else {
            return Ok(());
        };
        if head.kind == BATCH && head.length as usize >= BATCH_HEAD {
            self.batches
                .insert(offset, Place::new(end - offset, *numbers, false));
        } else if head.kind == SETTLED && head.length as usize == BATCH_HEAD {
            self.batches.remove(&u64::from_le_bytes(*numbers));
        }
        Ok(())
    }

    /// Adds what lies before the next intact record, or before the end: batches that are damaged. A damaged note costs nothing:
    /// its batch is sent twice, and never lost.
    fn add_damaged<R: Read + Seek>(
        &mut self,
        pieces: &mut Pieces<R>,
        from: u64,
        next: Option<u64>,
    ) -> io::Result<()> {
        let end = next.unwrap_or(pieces.length);
        let mut offset = from;
        while end - offset > NOTE_BYTES && self.batches.len() <= MAX_BATCHES {
            let Some(head) = pieces.head(offset)? else {
                break;
            };
            let claimed = offset + RECORD_HEAD as u64 + u64::from(head.length);
            let is_plausible = head.length as usize >= BATCH_HEAD && claimed <= end;
            let stop = if pieces.is_intact_up_to(offset, head, end)? {
                end
            } else if is_plausible {
                claimed
            } else if next.is_some() {
                end
            } else {
                break;
            };
            if stop - offset > NOTE_BYTES {
                let numbers = pieces.at(offset + RECORD_HEAD as u64, BATCH_HEAD)?;
                let Some(numbers) = numbers.first_chunk::<BATCH_HEAD>() else {
                    break;
                };
                let mut place = Place::new(stop - offset, *numbers, true);
                let body = place.length - NOTE_BYTES;
                let most = body
                    .saturating_mul(MAX_EVENTS_A_BYTE)
                    .min(MAX_EVENTS.into());
                place.events = place
                    .events
                    .clamp(1, u32::try_from(most).unwrap_or(MAX_EVENTS));
                self.batches.insert(offset, place);
                self.whole = stop;
            }
            offset = stop;
        }
        Ok(())
    }
}

/// A file that is read through a window.
struct Pieces<R> {
    source: R,
    length: u64,
    window: Vec<u8>,
    start: u64,
    searched: u64,
}

impl<R: Read + Seek> Pieces<R> {
    fn new(source: R, length: u64) -> Self {
        Self {
            source,
            length,
            window: Vec::new(),
            start: 0,
            searched: 0,
        }
    }

    /// So many bytes from here, at most a piece, and fewer at the end.
    fn at(&mut self, offset: u64, wanted: usize) -> io::Result<&[u8]> {
        let rest = self.rest(offset, wanted)?;
        Ok(rest.get(..wanted).unwrap_or(rest))
    }

    /// What the window holds from here on: at least as much as is wanted, up to a piece, unless the file ends before.
    fn rest(&mut self, offset: u64, wanted: usize) -> io::Result<&[u8]> {
        let left = self.length.saturating_sub(offset);
        let wanted = (wanted.min(PIECE_BYTES) as u64).min(left);
        let end = self.start + self.window.len() as u64;
        if offset < self.start || offset + wanted > end {
            self.source.seek(SeekFrom::Start(offset))?;
            self.window.clear();
            self.start = offset;
            let piece = left.min(PIECE_BYTES as u64);
            (&mut self.source)
                .take(piece)
                .read_to_end(&mut self.window)?;
        }
        let from = usize::try_from(offset - self.start).unwrap_or(usize::MAX);
        Ok(self.window.get(from..).unwrap_or_default())
    }

    fn head(&mut self, offset: u64) -> io::Result<Option<Head>> {
        let head = self.at(offset, RECORD_HEAD)?.first_chunk();
        Ok(head.map(|head| Head::read(*head)))
    }

    /// The head of an intact record and where it ends.
    fn intact(&mut self, offset: u64) -> io::Result<Option<(Head, u64)>> {
        let Some(head) = self.head(offset)? else {
            return Ok(None);
        };
        let end = offset + RECORD_HEAD as u64 + u64::from(head.length);
        let is_intact = end <= self.length && self.sum(offset, head)? == head.checksum;
        Ok(is_intact.then_some((head, end)))
    }

    /// Whether this record is intact but for its length, and ends here.
    fn is_intact_up_to(&mut self, offset: u64, head: Head, end: u64) -> io::Result<bool> {
        let Ok(length) = u32::try_from(end - offset - RECORD_HEAD as u64) else {
            return Ok(false);
        };
        if !self.may_search(length) {
            return Ok(false);
        }
        Ok(self.sum(offset, Head { length, ..head })? == head.checksum)
    }

    /// The checksum of a record with this head.
    fn sum(&mut self, offset: u64, head: Head) -> io::Result<u32> {
        let mut crc = Crc::new();
        crc.update(&[head.kind]);
        crc.update(&head.length.to_le_bytes());
        let mut from = offset + RECORD_HEAD as u64;
        let end = from + u64::from(head.length);
        while from < end {
            let left = usize::try_from(end - from).unwrap_or(usize::MAX);
            let piece = self.rest(from, 1)?;
            let piece = piece.get(..left).unwrap_or(piece);
            if piece.is_empty() {
                break;
            }
            crc.update(piece);
            from += piece.len() as u64;
        }
        Ok(crc.sum())
    }

    /// Where the next intact record of this version begins.
    fn next_intact(&mut self, from: u64) -> io::Result<Option<u64>> {
        let mut offset = from;
        while offset < self.length {
            let piece = self.rest(offset, 1)?;
            if piece.is_empty() {
                break;
            }
            let kind = piece
                .iter()
                .position(|byte| matches!(*byte, BATCH | SETTLED));
            let Some(kind) = kind else {
                offset += piece.len() as u64;
                continue;
            };
            offset += kind as u64;
            let Some(head) = self.head(offset)? else {
                break;
            };
            let is_plausible = match head.kind {
                SETTLED => head.length as usize == BATCH_HEAD,
                _ => head.length as usize > BATCH_HEAD,
            };
            let end = offset + RECORD_HEAD as u64 + u64::from(head.length);
            if is_plausible && end <= self.length {
                if !self.may_search(head.length) {
                    break;
                }
                if self.sum(offset, head)? == head.checksum {
                    return Ok(Some(offset));
                }
            }
            offset += 1;
        }
        Ok(None)
    }

    fn may_search(&mut self, length: u32) -> bool {
        self.searched = self.searched.saturating_add(length.into());
        self.searched <= MAX_SEARCHED_BYTES
    }
}
