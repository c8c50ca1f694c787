//! Reads a segment of another process, damaged or not, in pieces.
//!
//! An interrupted write leaves a last record that is longer than the file. It is removed, because
//! its write never succeeded. Any other record with a wrong checksum was damaged later. Its length
//! is not reliable, so the reader searches for the next intact record. The bytes before that count
//! as damaged batches.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use flate2::Crc;

use super::segment::{
    BATCH, BATCH_HEAD, BatchSpan, HEADER, Head, MAX_EVENTS, NOTE_BYTES, RECORD_HEAD, SETTLED,
};

/// The part of a segment in memory while it is read.
const PIECE_BYTES: usize = 64 * 1024;
/// An upper bound of the batches in a segment.
const MAX_BATCHES: usize = 65_536;
/// The bytes checksummed in a search for intact records, which bounds the time that damage costs.
const MAX_SEARCHED_BYTES: u64 = 64 * 1024 * 1024;
/// A compressed byte expands to about a thousand at most, and an event has at least 64.
const MAX_EVENTS_A_BYTE: u64 = 16;

/// The content of a segment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// Unsettled batches by offset, including damaged ones.
    pub(super) batches: BTreeMap<u64, BatchSpan>,
    /// Bytes up to the end of the last complete record. An incomplete write follows.
    pub(super) whole: u64,
}

/// Reads a whole segment of this length, which may be new and empty. `None` if it is no segment of
/// this version.
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
    /// Adds an intact record. Ignores kinds of later versions.
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
                .insert(offset, BatchSpan::new(end - offset, *numbers, false));
        } else if head.kind == SETTLED && head.length as usize == BATCH_HEAD {
            self.batches.remove(&u64::from_le_bytes(*numbers));
        }
        Ok(())
    }

    /// Adds the bytes before the next intact record or the end as damaged batches. A damaged note
    /// loses nothing: its batch is sent twice.
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
                let mut place = BatchSpan::new(stop - offset, *numbers, true);
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

    /// This many bytes from the position: at most a piece, fewer at the end of the file.
    fn at(&mut self, offset: u64, wanted: usize) -> io::Result<&[u8]> {
        let rest = self.rest(offset, wanted)?;
        Ok(rest.get(..wanted).unwrap_or(rest))
    }

    /// The window from the position on: at least the wanted bytes, up to a piece, unless the file
    /// ends.
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

    /// Whether this record, apart from its length, is intact and ends here.
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
