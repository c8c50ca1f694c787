//! Files of the SDK: private, regular, and replaced as a whole, so that a reader finds the old or
//! the new content, never a part.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, FileType, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::targets;

/// The suffix of temporary files.
const BESIDE_SUFFIX: &str = ".tmp";
/// Attempts to create a temporary file. One fails only if another process removes the file as a
/// leftover before it is locked.
const MAX_NAMES: usize = 8;

/// Creates a directory and its missing parents. Only their owner can enter them, where the system
/// has owners.
pub(crate) fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Options for opening a file of ours: a new file is private to its owner, and links are not
/// followed.
#[cfg(unix)]
pub(crate) fn private() -> OpenOptions {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;

    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(flags.bits().cast_signed());
    options
}

/// Options for opening a file of ours. The directory decides who may read it.
#[cfg(not(unix))]
pub(crate) fn private() -> OpenOptions {
    OpenOptions::new()
}

/// Makes an existing file private to its owner.
#[cfg(feature = "spool")]
pub(crate) fn make_private(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Opens a file of ours.
///
/// # Errors
/// When it is a link, a pipe, a device or a directory, or its owner is neither this user nor the
/// owner of the directory.
pub(crate) fn open_own(path: &Path, options: &OpenOptions) -> io::Result<File> {
    // Opening a device or a pipe may already have effects.
    match fs::symlink_metadata(path) {
        Ok(metadata) => expect_regular(metadata.file_type())?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let file = options.open(path)?;
    expect_regular(file.metadata()?.file_type())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;

        let owner = file.metadata()?.uid();
        let is_ours = owner == rustix::process::geteuid().as_raw();
        if !is_ours && owner != fs::metadata(directory_of(path))?.uid() {
            let problem = "expected a file of this user, found one of another user";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
        }
    }
    Ok(file)
}

/// Opens a file that may be someone else's, perhaps behind a link.
///
/// # Errors
/// When it is not a regular file: opening a pipe would block, and a device may be endless.
fn open_regular(path: &Path) -> io::Result<File> {
    expect_regular(fs::metadata(path)?.file_type())?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    let file = options.open(path)?;
    expect_regular(file.metadata()?.file_type())?;
    Ok(file)
}

fn expect_regular(found: FileType) -> io::Result<()> {
    if found.is_file() {
        return Ok(());
    }
    let found = if found.is_symlink() {
        "a symbolic link"
    } else if found.is_dir() {
        "a directory"
    } else {
        "a pipe, a socket or a device"
    };
    let problem = format!("expected a regular file, found {found}");
    Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
}

/// The directory of a file.
pub(crate) fn directory_of(path: &Path) -> &Path {
    let directory = path.parent().filter(|parent| *parent != Path::new(""));
    directory.unwrap_or(Path::new("."))
}

/// Identifies a content of a file without reading it. A replacement is a new file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    length: u64,
    modified: Option<SystemTime>,
    inode: Option<u64>,
}

/// The version of the file. `None` if there is no file.
pub(crate) fn version(path: &Path) -> Option<Version> {
    let metadata = fs::metadata(path).ok()?;
    #[cfg(unix)]
    let inode = Some(std::os::unix::fs::MetadataExt::ino(&metadata));
    #[cfg(not(unix))]
    let inode = None;
    Some(Version {
        length: metadata.len(),
        modified: metadata.modified().ok(),
        inode,
    })
}

/// Locks a file for this process until it is closed. Returns false if another process holds the
/// lock.
pub(crate) fn try_lock(file: &File) -> io::Result<bool> {
    match fs4::FileExt::try_lock(file) {
        Ok(()) => Ok(true),
        Err(fs4::TryLockError::WouldBlock) => Ok(false),
        Err(fs4::TryLockError::Error(error)) => Err(error),
    }
}

/// Replaces the file, or leaves it unchanged. Writes the new content to a temporary file and syncs
/// it before the rename.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let (beside, file) = create_beside(path)?;
    let mut file = BufWriter::new(file);
    let replaced = write(&mut file)
        .and_then(|()| file.flush())
        .and_then(|()| file.get_ref().sync_all())
        .and_then(|()| fs::rename(&beside, path));
    if replaced.is_err() {
        // The temporary file is useless. If its removal fails, too, the first problem is the one to
        // report.
        let _ = fs::remove_file(&beside);
    }
    replaced
}

/// A new file with a name that no other writer uses, in any process. It is locked, so that no
/// process removes it as a leftover.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    for _ in 0..MAX_NAMES {
        let mut name = OsString::from(path);
        name.push(format!(".{}{BESIDE_SUFFIX}", uuid::Uuid::new_v4().simple()));
        let beside = PathBuf::from(name);
        let file = private().write(true).create_new(true).open(&beside)?;
        // Where files cannot be locked, leftovers are not removed either.
        if try_lock(&file).unwrap_or(true) && beside.try_exists()? {
            return Ok((beside, file));
        }
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// Removes temporary files of this file from killed writers.
pub(crate) fn sweep_beside(path: &Path) {
    let name = path.file_name().and_then(OsStr::to_str);
    sweep(directory_of(path), |replaced| Some(replaced) == name);
}

/// Removes temporary files of the files with these names from killed writers.
pub(crate) fn sweep(directory: &Path, is_ours: impl Fn(&str) -> bool) {
    // If it cannot be read, other calls report that.
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        if !name.to_str().and_then(replaced_by).is_some_and(&is_ours) {
            continue;
        }
        let path = entry.path();
        let removed = open_own(&path, private().read(true).write(true)).and_then(|file| {
            if try_lock(&file)? {
                fs::remove_file(&path)?;
            }
            Ok(())
        });
        if let Err(error) = removed {
            tracing::debug!(target: targets::CLIENT, path = %path.display(), %error, "a temporary file could not be removed");
        }
    }
}

/// The name of the file that this temporary file should replace.
fn replaced_by(name: &str) -> Option<&str> {
    let (replaced, id) = name.strip_suffix(BESIDE_SUFFIX)?.rsplit_once('.')?;
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then_some(replaced)
}

/// The content of a file. `None` if it exceeds `max_bytes`.
pub(crate) fn read_at_most(path: &Path, max_bytes: usize) -> io::Result<Option<Vec<u8>>> {
    read_up_to(open_regular(path)?, max_bytes)
}

/// All that a reader returns. `None` if it exceeds `max_bytes`.
pub(crate) fn read_up_to(reader: impl Read, max_bytes: usize) -> io::Result<Option<Vec<u8>>> {
    let mut content = Vec::new();
    reader
        .take((max_bytes as u64).saturating_add(1))
        .read_to_end(&mut content)?;
    Ok((content.len() <= max_bytes).then_some(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_replacement_leaves_the_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        replace(&path, |file| file.write_all(b"old")).unwrap();
        let error = replace(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("no space left"))
        });
        error.unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        assert_eq!(read_at_most(&path, 3).unwrap().unwrap(), b"old");
        assert_eq!(read_at_most(&path, 2).unwrap(), None);
    }

    #[test]
    fn what_is_being_written_is_no_leftover() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        replace(&path, |file| {
            sweep(directory.path(), |_| true);
            file.write_all(b"new")
        })
        .unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");

        let (beside, file) = create_beside(&path).unwrap();
        drop(file);
        sweep(directory.path(), |name| name == "other");
        assert!(beside.exists());
        sweep(directory.path(), |name| name == "file");
        assert!(!beside.exists());
    }
}
