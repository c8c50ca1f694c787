//! The directory of a spool and the files in it.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::reading::{self, Contents};
use super::segment::HEADER;
use crate::events::seal::CONTENT_ENCODING;
use crate::files;
use crate::hash::sha256_base64;
use crate::targets;

/// The largest file that can be a segment.
const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;
/// Attempts to create a segment. One fails only if another process locks the new file first.
const MAX_NAMES: usize = 8;

/// The segments of one SDK key and one encoding in a directory.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    prefix: String,
    suffix: String,
}

/// A segment of any process. Older ones compare as smaller.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FoundSegment {
    pub(super) created_ms: u64,
    pub(super) path: PathBuf,
}

/// A segment that this process has locked.
#[derive(Debug)]
pub(super) struct SegmentFile {
    file: File,
    path: PathBuf,
    length: u64,
}

impl Directory {
    pub(super) fn new(path: PathBuf, sdk_key: &str) -> Self {
        // Distinguishes projects without revealing the key.
        let hash: String = sha256_base64(sdk_key)
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(16)
            .collect();
        Self {
            path,
            prefix: format!("{hash}-"),
            suffix: format!(".{CONTENT_ENCODING}.spool"),
        }
    }

    /// All segments, also of other processes, oldest first.
    pub(super) fn segments(&self) -> io::Result<Vec<FoundSegment>> {
        files::create_directory(&self.path)?;
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let created_ms = entry
                .file_name()
                .to_str()
                .and_then(|it| self.created_ms(it));
            found.extend(created_ms.map(|created_ms| FoundSegment {
                created_ms,
                path: entry.path(),
            }));
        }
        found.sort();
        Ok(found)
    }

    /// A new, empty segment.
    pub(super) fn create(&self, now_ms: u64) -> io::Result<SegmentFile> {
        files::create_directory(&self.path)?;
        for _ in 0..MAX_NAMES {
            let random = fastrand::u64(..);
            let name = format!("{}{now_ms:015}-{random:016x}{}", self.prefix, self.suffix);
            let mut segment = SegmentFile::create(self.path.join(name))?;
            match self.begin(&mut segment) {
                Ok(true) => return Ok(segment),
                Ok(false) => {}
                Err(error) => {
                    segment.remove();
                    return Err(error);
                }
            }
        }
        Err(io::ErrorKind::WouldBlock.into())
    }

    /// Locks and starts a new segment. Returns false if another process locked it first.
    fn begin(&self, segment: &mut SegmentFile) -> io::Result<bool> {
        if !segment.claim()? {
            return Ok(false);
        }
        segment.append(HEADER)?;
        self.sync()?;
        Ok(true)
    }

    /// The creation time of the segment with this name. `None` if it is not ours.
    fn created_ms(&self, name: &str) -> Option<u64> {
        let rest = name
            .strip_prefix(&self.prefix)?
            .strip_suffix(&self.suffix)?;
        rest.split_once('-')?.0.parse().ok()
    }

    /// Makes the creation of a file survive a crash of the machine, where directories can be
    /// synced.
    fn sync(&self) -> io::Result<()> {
        if cfg!(unix) {
            File::open(&self.path)?.sync_all()?;
        }
        Ok(())
    }
}

impl SegmentFile {
    fn create(path: PathBuf) -> io::Result<Self> {
        let mut options = files::private();
        let file = options
            .read(true)
            .append(true)
            .create_new(true)
            .open(&path)?;
        Ok(Self {
            file,
            path,
            length: 0,
        })
    }

    /// Locks a new file. Returns false if another process locked it first; that one removes it.
    fn claim(&self) -> io::Result<bool> {
        // Names are used once, so the path leads to this file, and nothing removes a locked file.
        Ok(files::try_lock(&self.file)? && self.path.try_exists()?)
    }

    /// Locks a segment; `None` if another process has it.
    ///
    /// # Errors
    /// When it is too large, or not a regular file of this user.
    pub(super) fn take_over(path: &Path) -> io::Result<Option<Self>> {
        let file = files::open_own(path, files::private().read(true).append(true))?;
        if !files::try_lock(&file)? {
            return Ok(None);
        }
        let length = file.metadata()?.len();
        if length > MAX_FILE_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        files::make_private(&file)?;
        Ok(Some(Self {
            file,
            path: path.to_owned(),
            length,
        }))
    }

    /// Its content. `None` if it is not a segment of this version.
    pub(super) fn contents(&self) -> io::Result<Option<Contents>> {
        reading::read(&self.file, self.length)
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    pub(super) fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.length = length;
        Ok(())
    }

    pub(super) fn read(&mut self, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(offset))?;
        (&self.file).take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Deletes the file. Truncates it first, so that a process that already opened it finds nothing
    /// when it gets the lock.
    pub(super) fn remove(self) {
        let removed = self
            .file
            .set_len(0)
            .and_then(|()| fs::remove_file(&self.path));
        if let Err(error) = removed {
            tracing::debug!(target: targets::EVENTS, %error, "a segment of an event spool could not be deleted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(directory: &tempfile::TempDir) -> SegmentFile {
        SegmentFile::create(directory.path().join("new")).unwrap()
    }

    #[test]
    fn a_new_file_that_another_process_has_found_is_not_written_to() {
        let directory = tempfile::tempdir().unwrap();
        let mine = segment(&directory);
        let theirs = SegmentFile::take_over(&mine.path).unwrap().unwrap();
        assert_eq!(theirs.contents().unwrap(), Some(Contents::default()));
        assert!(!mine.claim().unwrap(), "locked");
        theirs.remove();
        assert!(!mine.claim().unwrap(), "removed");

        let mine = segment(&directory);
        assert!(mine.claim().unwrap());
        assert!(SegmentFile::take_over(&mine.path).unwrap().is_none());
    }

    #[test]
    fn a_file_that_is_larger_than_any_segment_is_left_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let large = segment(&directory);
        // Without content on disk.
        large.file.set_len(MAX_FILE_BYTES + 1).unwrap();
        let error = SegmentFile::take_over(&large.path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(fs::metadata(&large.path).unwrap().len(), MAX_FILE_BYTES + 1);
    }
}
