//! One sync of all lists: plans downloads from the lists in use and a manifest, and applies their
//! results to the lists. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

use super::manifest::{Entry, Manifest};
use super::{FileProblem, IdListFileRequest, IdListsError, Limits};
use crate::specs::id_list::{IdList, IdLists, Ids, ListFile, Origin, changes};
use crate::specs::order::is_far_ahead;
use crate::text::SharedStr;

/// A running sync.
#[derive(Debug)]
pub(super) struct Round {
    /// The lists so far.
    next: IdLists,
    has_changed: bool,
    downloads: VecDeque<Download>,
    failure: Option<IdListsError>,
}

/// A part of a file that a list lacks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Download {
    list: SharedStr,
    entry: Entry,
    /// The number of bytes that the list has. 0 means that the list starts empty.
    start: u64,
}

impl Download {
    pub(super) fn request(&self, limits: Limits) -> IdListFileRequest {
        IdListFileRequest {
            list: self.list.clone(),
            url: self.entry.url.clone(),
            start: self.start,
            size: self.entry.size,
            limit: limits.request,
            max_bytes: limits.max_file_bytes,
        }
    }
}

impl Round {
    /// Drops the lists that are not in the manifest, keeps those that need no download, and plans
    /// the downloads.
    ///
    /// A creation time far ahead of the clock does not make other files count as older.
    pub(super) fn begin(current: &IdLists, manifest: Manifest, now_ms: u64) -> Self {
        let Manifest { entries, malformed } = manifest;
        let mut next = current.clone();
        next.lists
            .retain(|name, _| entries.contains_key(name) || malformed.contains_key(name));
        let mut round = Self {
            has_changed: next.lists.len() != current.lists.len(),
            next,
            downloads: VecDeque::new(),
            failure: None,
        };
        for (list, problem) in malformed {
            round.note(IdListsError::Entry { list, problem });
        }
        for (name, entry) in entries {
            round.plan(name, entry, now_ms);
        }
        round
    }

    /// Plans the download of the rest of a list's file, or of another file. Another file replaces
    /// the list, unless it is older: then the manifest is old. Its time alone does not make it
    /// another file, because every append changes the time.
    fn plan(&mut self, list: SharedStr, entry: Entry, now_ms: u64) {
        let known = self.next.lists.get(&list).and_then(|list| list.file());
        let same = known.filter(|file| file.id == entry.file_id);
        if same.is_none() && known.is_some_and(|file| entry.is_older_than(file, now_ms)) {
            return;
        }
        let start = same.map_or(0, |file| file.size);
        if entry.size > start {
            self.downloads.push_back(Download { list, entry, start });
        } else if same.is_none_or(|file| file.creation_time != entry.creation_time) {
            let is_other = same.is_none();
            self.change(&list, |list| {
                if is_other {
                    list.ids = Ids::default();
                }
                list.origin = entry.read_up_to(start);
            });
        }
    }

    fn change(&mut self, list: &SharedStr, change: impl FnOnce(&mut IdList)) {
        change(Arc::make_mut(
            self.next.lists.entry(list.clone()).or_default(),
        ));
        self.has_changed = true;
    }

    pub(super) fn next_download(&mut self) -> Option<Download> {
        self.downloads.pop_front()
    }

    /// Applies the result of a download: all of it, or nothing if it is not a list or exceeds the
    /// limit.
    pub(super) fn absorb(&mut self, download: &Download, body: &[u8], max_ids: usize) {
        // Lines without content must not count as read, regardless of their number.
        let mut changes = changes(body).into_iter().flatten().peekable();
        if changes.peek().is_none() {
            self.fail(download, FileProblem::NoList);
            return;
        }
        let known = self.next.lists.get(&download.list);
        let others = self.next.member_count() - known.map_or(0, |list| list.ids.count());
        let kept = known.filter(|_| download.start > 0);
        let mut ids = kept.map_or_else(Ids::default, |list| list.ids.clone());
        ids.apply(changes);
        if others + ids.count() > max_ids {
            self.fail(download, FileProblem::TooManyIds { limit: max_ids });
            return;
        }
        let size = download.start + body.len() as u64;
        self.change(&download.list, |list| {
            list.ids = ids;
            list.origin = download.entry.read_up_to(size);
        });
    }

    /// Does not change the list, so that the next sync requests the same part again.
    pub(super) fn fail(&mut self, download: &Download, problem: FileProblem) {
        self.note(IdListsError::File {
            list: download.list.clone(),
            problem,
        });
    }

    fn note(&mut self, error: IdListsError) {
        tracing::debug!(target: crate::targets::SYNC, %error, "an ID list stays as it was");
        let is_replaced =
            |known: &IdListsError| error.refusal().is_some() || known.is_malformed_entry();
        if self.failure.as_ref().is_none_or(is_replaced) {
            self.failure = Some(error);
        }
    }

    /// The lists, if they changed, and the first failure.
    pub(super) fn end(self) -> (Option<Arc<IdLists>>, Option<IdListsError>) {
        (self.has_changed.then(|| Arc::new(self.next)), self.failure)
    }
}

impl Entry {
    fn read_up_to(&self, size: u64) -> Origin {
        Origin::File(ListFile {
            id: self.file_id.clone(),
            creation_time: self.creation_time,
            size,
        })
    }

    /// Whether this file is older than another one, whose time is not far ahead of the clock.
    fn is_older_than(&self, other: &ListFile, now_ms: u64) -> bool {
        let is_future = |time| u64::try_from(time).is_ok_and(|time| is_far_ahead(time, now_ms));
        self.creation_time < other.creation_time && !is_future(other.creation_time)
    }

    /// Whether a list has all bytes that the manifest lists.
    pub(super) fn is_read_by(&self, list: &IdList) -> bool {
        list.file().is_some_and(|file| {
            (&file.id, file.creation_time) == (&self.file_id, self.creation_time)
                && file.size >= self.size
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::IdLookup;

    const MARCOS: &str = "+2Tv4fIVX\n";
    const NO_LIMIT: usize = usize::MAX;
    const NOW_MS: u64 = 1_790_000_000_000;

    /// The lists, and the downloads still to come, as `list@start`.
    struct Lab {
        lists: IdLists,
    }

    /// How a download ends.
    type Files<'a> = &'a [(&'a str, &'a [u8])];

    impl Lab {
        fn new() -> Self {
            Self {
                lists: IdLists::default(),
            }
        }

        /// Syncs with a manifest of `(list, size, creation time, file)`; lists without a file among
        /// `files` fail. Returns the downloads, and whether there are new lists.
        fn sync(
            &mut self,
            manifest: &[(&str, u64, i64, &str)],
            files: Files<'_>,
        ) -> (Vec<String>, bool) {
            let entries = manifest.iter().map(|(name, size, creation_time, file)| {
                let entry = serde_json::json!({"name": name, "url": "u", "size": size, "creationTime": creation_time, "fileID": file});
                ((*name).to_owned(), entry)
            });
            let manifest = serde_json::Value::Object(entries.collect()).to_string();
            let manifest = Manifest::parse(manifest.as_bytes()).unwrap();
            let mut round = Round::begin(&self.lists, manifest, NOW_MS);
            let mut asked = Vec::new();
            while let Some(download) = round.next_download() {
                asked.push(format!("{}@{}", download.list, download.start));
                match files.iter().find(|(name, _)| *name == &*download.list) {
                    Some((_, body)) => round.absorb(&download, body, NO_LIMIT),
                    None => round.fail(&download, FileProblem::NoList),
                }
            }
            let (lists, _) = round.end();
            let has_changed = lists.is_some();
            if let Some(lists) = lists {
                self.lists = (*lists).clone();
            }
            (asked, has_changed)
        }

        fn file(&self, list: &str) -> (u64, i64) {
            let file = self.lists.lists[list].file().unwrap();
            (file.size, file.creation_time)
        }
    }

    fn asked(downloads: &[&str], has_changed: bool) -> (Vec<String>, bool) {
        (
            downloads.iter().map(|text| (*text).to_owned()).collect(),
            has_changed,
        )
    }

    #[test]
    fn a_list_is_read_once_and_then_only_what_is_new() {
        let mut lab = Lab::new();
        let first = lab.sync(&[("a", 10, 1, "f")], &[("a", MARCOS.as_bytes())]);
        assert_eq!(first, asked(&["a@0"], true));
        assert!(lab.lists.contains("a", "Marcos"));
        assert_eq!(lab.sync(&[("a", 10, 1, "f")], &[]), asked(&[], false));
        let grown = lab.sync(&[("a", 20, 2, "f")], &[("a", b"+pmWkWSBC\n")]);
        assert_eq!(grown, asked(&["a@10"], true));
        assert!(lab.lists.contains("a", "Marcos") && lab.lists.contains("a", "123"));
        let removed = lab.sync(&[("a", 30, 3, "f")], &[("a", b"-2Tv4fIVX\n")]);
        assert_eq!(removed, asked(&["a@20"], true));
        assert!(!lab.lists.contains("a", "Marcos"));
        assert_eq!(lab.file("a"), (30, 3));
    }

    #[test]
    fn a_part_that_says_nothing_is_not_counted_as_read() {
        let mut lab = Lab::new();
        lab.sync(&[("a", 10, 1, "f")], &[("a", MARCOS.as_bytes())]);
        let endless = "+".repeat(1_000);
        let nothing = lab.sync(&[("a", 20, 2, "f")], &[("a", endless.as_bytes())]);
        assert_eq!(nothing, asked(&["a@10"], false));
        let grown = lab.sync(&[("a", 20, 2, "f")], &[("a", b"+pmWkWSBC\n")]);
        assert_eq!(grown, asked(&["a@10"], true));
        assert!(lab.lists.contains("a", "Marcos") && lab.lists.contains("a", "123"));
    }

    #[test]
    fn an_empty_list_needs_no_download() {
        let mut lab = Lab::new();
        assert_eq!(lab.sync(&[("a", 0, 1, "f")], &[]), asked(&[], true));
        assert_eq!(lab.file("a"), (0, 1));
        let grown = lab.sync(&[("a", 10, 2, "f")], &[("a", MARCOS.as_bytes())]);
        assert_eq!(grown, asked(&["a@0"], true));
        assert!(lab.lists.contains("a", "Marcos"));
    }

    #[test]
    fn a_shorter_or_equal_size_adopts_the_time_alone() {
        let mut lab = Lab::new();
        lab.sync(&[("a", 10, 1, "f")], &[("a", MARCOS.as_bytes())]);
        assert_eq!(lab.sync(&[("a", 4, 9, "f")], &[]), asked(&[], true));
        assert_eq!(lab.file("a"), (10, 9));
        assert!(lab.lists.contains("a", "Marcos"));
    }

    #[test]
    fn another_file_replaces_the_list_unless_it_is_older() {
        let mut lab = Lab::new();
        lab.sync(&[("a", 10, 5, "f")], &[("a", MARCOS.as_bytes())]);
        let older = lab.sync(&[("a", 99, 4, "old")], &[("a", b"+pmWkWSBC\n")]);
        assert_eq!(older, asked(&[], false));
        assert_eq!(lab.file("a"), (10, 5));
        // A file of the same age is not older.
        let other = lab.sync(&[("a", 10, 5, "g")], &[("a", b"+pmWkWSBC\n")]);
        assert_eq!(other, asked(&["a@0"], true));
        assert!(!lab.lists.contains("a", "Marcos") && lab.lists.contains("a", "123"));
        let emptied = lab.sync(&[("a", 0, 6, "h")], &[]);
        assert_eq!(emptied, asked(&[], true));
        assert_eq!(lab.lists.member_count(), 0);
    }

    #[test]
    fn a_file_from_the_future_gives_way_to_the_next() {
        let mut lab = Lab::new();
        for time in [9_000_000_000_000_000, i64::MAX] {
            lab.sync(&[("a", 10, time, "future")], &[("a", MARCOS.as_bytes())]);
            assert!(lab.lists.contains("a", "Marcos"));
            let good = lab.sync(&[("a", 10, 5, "g")], &[("a", b"+pmWkWSBC\n")]);
            assert_eq!(good, asked(&["a@0"], true));
            assert!(lab.lists.contains("a", "123"));
        }
    }

    #[test]
    fn a_malformed_entry_leaves_its_list_as_it_was_and_is_reported() {
        let mut lab = Lab::new();
        lab.sync(&[("a", 10, 1, "f")], &[("a", MARCOS.as_bytes())]);
        let manifest = br#"{"a": {"name": "a", "url": "u", "size": -1, "creationTime": 2},
            "b": {"name": "b", "url": "u", "size": 10, "creationTime": 1}}"#;
        let mut round = Round::begin(&lab.lists, Manifest::parse(manifest).unwrap(), NOW_MS);
        let download = round.next_download().unwrap();
        round.absorb(&download, MARCOS.as_bytes(), NO_LIMIT);
        assert_eq!(round.next_download(), None);
        let (lists, failure) = round.end();
        let lists = lists.unwrap();
        assert!(lists.contains("a", "Marcos") && lists.contains("b", "Marcos"));
        let failure = failure.unwrap().to_string();
        assert!(
            failure.contains("`a`") && failure.contains("-1"),
            "{failure}"
        );
    }

    #[test]
    fn a_failed_download_leaves_everything_as_it_was() {
        let mut lab = Lab::new();
        lab.sync(&[("a", 10, 1, "f")], &[("a", MARCOS.as_bytes())]);
        let manifest = [("a", 20, 2, "f"), ("b", 10, 2, "g")];
        for files in [&[][..], &[("a", b"<html>".as_slice()), ("b", b"")]] {
            assert_eq!(lab.sync(&manifest, files), asked(&["a@10", "b@0"], false));
            assert_eq!(lab.file("a"), (10, 1));
            assert!(
                !lab.lists.lists.contains_key("b"),
                "a new list is not added"
            );
        }
        // A failed list does not prevent reading another.
        let one = lab.sync(&manifest, &[("b", MARCOS.as_bytes())]);
        assert_eq!(one, asked(&["a@10", "b@0"], true));
        assert!(lab.lists.contains("b", "Marcos") && lab.lists.contains("a", "Marcos"));
        // The replacement failed, so the old file stays in use.
        assert_eq!(
            lab.sync(&[("a", 10, 3, "h"), ("b", 10, 2, "g")], &[]),
            asked(&["a@0"], false)
        );
        assert!(lab.lists.contains("a", "Marcos"));
    }

    #[test]
    fn lists_that_the_manifest_lacks_are_dropped() {
        let mut lab = Lab::new();
        lab.sync(
            &[("a", 10, 1, "f"), ("b", 10, 1, "g")],
            &[("a", MARCOS.as_bytes()), ("b", MARCOS.as_bytes())],
        );
        assert_eq!(lab.sync(&[("b", 10, 1, "g")], &[]), asked(&[], true));
        assert!(!lab.lists.contains("a", "Marcos") && lab.lists.contains("b", "Marcos"));
        assert_eq!(lab.sync(&[], &[]), asked(&[], true));
        assert!(lab.lists.lists.is_empty());
    }

    #[test]
    fn more_ids_than_the_limit_are_refused() {
        let body = (0..5).fold(String::new(), |mut body, number| {
            body.push('+');
            IdLookup::of(&number.to_string()).append_to(&mut body);
            body + "\n"
        });
        let manifest = br#"{"a": {"name": "a", "url": "u", "size": 50, "creationTime": 1},
            "b": {"name": "b", "url": "u", "size": 50, "creationTime": 1}}"#;
        for (max_ids, expected) in [(10, 10), (9, 5), (4, 0)] {
            let manifest = Manifest::parse(manifest).unwrap();
            let mut round = Round::begin(&IdLists::default(), manifest, NOW_MS);
            while let Some(download) = round.next_download() {
                round.absorb(&download, body.as_bytes(), max_ids);
            }
            let (lists, failure) = round.end();
            let ids = lists.map_or(0, |lists| lists.member_count());
            assert_eq!(ids, expected, "{max_ids}");
            assert_eq!(failure.is_some(), ids < 10, "{max_ids}");
        }
    }
}
