//! The directory of a spool and the files in it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::segment::HEADER;
use crate::events::seal::CONTENT_ENCODING;
use crate::hash::sha256_base64;
use crate::targets;

/// No segment is read beyond this size: a larger file is none of ours.
const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;

/// Where segments of one SDK key and one encoding are.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    prefix: String,
    suffix: String,
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
        // Tells projects apart and does not give the key away.
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

    /// The segments that no process has locked, oldest first, with their content. They are locked from now on.
    pub(super) fn abandoned(&self) -> io::Result<Vec<(SegmentFile, Vec<u8>)>> {
        fs::create_dir_all(&self.path)?;
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_ours = name
                .to_str()
                .is_some_and(|name| name.starts_with(&self.prefix) && name.ends_with(&self.suffix));
            if is_ours {
                paths.push(entry.path());
            }
        }
        // The names begin with the time of their creation.
        paths.sort();
        let mut abandoned = Vec::new();
        for path in paths {
            match take_over(&path) {
                Ok(segment) => abandoned.extend(segment),
                // Gone meanwhile: its owner was done with it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(abandoned)
    }

    /// A new, empty segment.
    pub(super) fn create(&self, now_ms: u64) -> io::Result<SegmentFile> {
        fs::create_dir_all(&self.path)?;
        let random = fastrand::u64(..);
        let name = format!("{}{now_ms:015}-{random:016x}{}", self.prefix, self.suffix);
        let path = self.path.join(name);
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .open(&path)?;
        let mut segment = SegmentFile {
            file,
            path,
            length: 0,
        };
        let written = lock(&segment.file)
            .and_then(|()| segment.append(HEADER))
            .and_then(|()| self.sync());
        match written {
            Ok(()) => Ok(segment),
            Err(error) => {
                segment.remove();
                Err(error)
            }
        }
    }

    /// Makes the creation of a file survive a crash of the machine, where directories can be synced.
    fn sync(&self) -> io::Result<()> {
        if cfg!(unix) {
            File::open(&self.path)?.sync_all()?;
        }
        Ok(())
    }
}

fn lock(file: &File) -> io::Result<()> {
    fs4::FileExt::try_lock(file).map_err(|_| io::ErrorKind::WouldBlock.into())
}

/// Locks and reads a segment; `None` if another process has it.
fn take_over(path: &Path) -> io::Result<Option<(SegmentFile, Vec<u8>)>> {
    let file = OpenOptions::new().read(true).append(true).open(path)?;
    if lock(&file).is_err() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    (&file).take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    let segment = SegmentFile {
        file,
        path: path.to_owned(),
        length: bytes.len() as u64,
    };
    Ok(Some((segment, bytes)))
}

impl SegmentFile {
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

    /// Deletes the file. It is emptied first: a process that has opened it already must not find anything once it gets the lock.
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
