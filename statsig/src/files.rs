//! Files that are replaced as a whole: whoever reads one finds the old content or the new, never a part.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Replaces the file, or leaves it as it is. The new content is written beside it and synced to the disk before it takes its place.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let beside = name_beside(path);
    let replaced = File::create(&beside).and_then(|file| {
        let mut file = BufWriter::new(file);
        write(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        fs::rename(&beside, path)
    });
    if replaced.is_err() {
        // What is left of it is of no use; if it cannot be removed either, the first problem is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    replaced
}

/// A name that no other writer uses at the same time, in this process or in another.
fn name_beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{}.tmp", uuid::Uuid::new_v4().simple()));
    name.into()
}

/// The content of a file, but at most `max_bytes`; `None` when it is larger.
pub(crate) fn read_at_most(path: &Path, max_bytes: usize) -> io::Result<Option<Vec<u8>>> {
    let mut content = Vec::new();
    File::open(path)?
        .take((max_bytes as u64).saturating_add(1))
        .read_to_end(&mut content)?;
    Ok((content.len() <= max_bytes).then_some(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_replacement_leaves_the_file_and_nothing_else() {
        let directory = std::env::temp_dir().join(uuid::Uuid::new_v4().to_string());
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("file");
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
        fs::remove_dir_all(&directory).unwrap();
    }
}
