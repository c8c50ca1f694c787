//! ID lists in the form of a data store: a manifest, and the complete members of each list. Pure.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::manifest::Manifest;
use crate::hash::{IdLookup, text_hash};
use crate::mask::shown;
use crate::sources::DataStoreError;
use crate::specs::id_list::{IdList, IdLists, Ids, Origin};
use crate::text::SharedStr;

/// `+`, eight characters and the end of the line.
const LINE_BYTES: usize = 10;

/// The names in a stored manifest, and whether a list may be empty.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StoredManifest {
    pub(super) names: Vec<SharedStr>,
    may_be_empty: bool,
}

/// Why stored lists cannot be used. One problem makes all of them unusable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoredProblem {
    #[error(transparent)]
    Store(#[from] DataStoreError),
    #[error("expected ID lists in the data store, found none")]
    Nothing,
    #[error("expected a stored manifest of ID lists, found something else: {problem}")]
    Manifest { problem: String },
    #[error("expected the members of ID list `{}`, found none stored", shown(list))]
    Missing { list: SharedStr },
    #[error(
        "expected distinct lines of + and eight characters in stored ID list `{}`, found something else in line {line}",
        shown(list)
    )]
    Line { list: SharedStr, line: usize },
    #[error(
        "expected at most {limit} bytes of ID list `{}`, found more stored",
        shown(list)
    )]
    TooLarge { list: SharedStr, limit: usize },
    #[error("expected at most {limit} IDs in all stored lists, found more")]
    TooManyIds { limit: usize },
    #[error("an internal task ended early")]
    Interrupted,
}

impl StoredProblem {
    /// Whether the written values are missing or damaged, so that another write helps.
    pub(super) fn is_loss(&self) -> bool {
        match self {
            Self::Nothing | Self::Manifest { .. } | Self::Missing { .. } | Self::Line { .. } => {
                true
            }
            Self::Store(_)
            | Self::TooLarge { .. }
            | Self::TooManyIds { .. }
            | Self::Interrupted => false,
        }
    }
}

impl StoredManifest {
    pub(super) fn parse(text: &str) -> Result<Self, StoredProblem> {
        serde_json::from_str(text).map_err(|problem| StoredProblem::Manifest {
            problem: shown(problem),
        })
    }

    /// Parses a list from this text, which holds all of its members and nothing else.
    pub(super) fn list(&self, name: &SharedStr, text: &str) -> Result<IdList, StoredProblem> {
        let origin = Origin::Text(text_hash(text));
        let wrong = |line| StoredProblem::Line {
            list: name.clone(),
            line,
        };
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let mut lookups = Vec::with_capacity(text.len() / LINE_BYTES + 1);
        if !text.is_empty() {
            for (line, number) in text.split('\n').zip(1..) {
                let line = line.strip_suffix('\r').unwrap_or(line);
                let lookup = line.strip_prefix('+');
                let lookup = lookup.and_then(|lookup| IdLookup::parse(lookup.as_bytes()));
                lookups.push(lookup.ok_or_else(|| wrong(number))?);
            }
        } else if !self.may_be_empty {
            return Err(wrong(1));
        }
        let count = lookups.len();
        let mut ids = Ids::default();
        ids.apply(lookups.into_iter().map(|lookup| (lookup, true)));
        if ids.count() != count {
            // Some lines occur twice. Their positions do not matter.
            return Err(wrong(count));
        }
        Ok(IdList { ids, origin })
    }
}

impl<'de> Deserialize<'de> for StoredManifest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ManifestVisitor)
    }
}

struct ManifestVisitor;

impl<'de> Visitor<'de> for ManifestVisitor {
    type Value = StoredManifest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object by list name, or an array of list names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut names = Vec::new();
        while let Some((name, entry)) = map.next_entry::<SharedStr, StoredEntry>()? {
            if entry.name.is_some_and(|embedded| embedded != name) {
                return Err(serde::de::Error::custom(
                    "an entry has another name than its key",
                ));
            }
            names.push(name);
        }
        distinct(names, true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = items.next_element::<SharedStr>()? {
            if name.is_empty() {
                return Err(serde::de::Error::custom("a name is empty"));
            }
            names.push(name);
        }
        distinct(names, false)
    }
}

fn distinct<E: serde::de::Error>(
    mut names: Vec<SharedStr>,
    may_be_empty: bool,
) -> Result<StoredManifest, E> {
    names.sort_unstable();
    if names
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a == b))
    {
        return Err(E::custom("a name occurs twice"));
    }
    Ok(StoredManifest {
        names,
        may_be_empty,
    })
}

/// An entry of a stored manifest. It has the service's fields, but all are optional, and the URL is
/// left out because it may contain the SDK key.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct StoredEntry {
    name: Option<SharedStr>,
    size: Option<u64>,
    creation_time: Option<i64>,
    #[serde(rename = "fileID", skip_serializing_if = "Option::is_none")]
    file_id: Option<SharedStr>,
}

/// The manifest in the stored form; `None` when some list is not up to date, because the stored
/// lists would then differ from it.
pub(super) fn stored_manifest(lists: &IdLists, manifest: &Manifest) -> Option<String> {
    let entries = &manifest.entries;
    let is_complete = lists.lists.len() == entries.len()
        && entries.iter().all(|(name, entry)| {
            (lists.lists.get(name)).is_some_and(|list| entry.is_read_by(list))
        });
    if !is_complete {
        return None;
    }
    let entries: BTreeMap<_, _> = entries
        .iter()
        .map(|(name, entry)| {
            let stored = StoredEntry {
                name: Some(name.clone()),
                size: Some(entry.size),
                creation_time: Some(entry.creation_time),
                file_id: entry.file_id.clone(),
            };
            (name, stored)
        })
        .collect();
    serde_json::to_string(&entries).ok()
}

/// The members of a list in the stored form.
pub(super) fn stored_members(list: &IdList) -> String {
    let mut text = String::with_capacity(list.ids.count() * LINE_BYTES);
    for lookup in list.ids.iter() {
        text.push('+');
        lookup.append_to(&mut text);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::specs::id_list::ListFile;

    fn names(text: &str) -> Option<Vec<String>> {
        let manifest = StoredManifest::parse(text).ok()?;
        Some(manifest.names.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn manifests_are_objects_or_arrays_of_names() {
        let whole = r#"{"b": {}, "a": {"name": "a", "size": 5, "url": "u", "creationTime": 1, "fileID": "f"}}"#;
        for (text, expected) in [
            (whole, Some(&["a", "b"][..])),
            (r#"["a"]"#, Some(&["a"])),
            ("{}", Some(&[])),
            ("[]", Some(&[])),
            (r#"{"a": {"name": "b"}}"#, None),
            (r#"{"a": {"size": "5"}}"#, None),
            (r#"{"a": {}, "a": {}}"#, None),
            (r#"["a", "a"]"#, None),
            (r#"[""]"#, None),
            (r#"["a"] x"#, None),
            ("7", None),
        ] {
            let expected = expected.map(|names| names.iter().map(ToString::to_string).collect());
            assert_eq!(names(text), expected, "{text}");
        }
    }

    #[test]
    fn members_are_read_whole_or_not_at_all() {
        let object = StoredManifest::parse(r#"{"a": {}}"#).unwrap();
        let array = StoredManifest::parse(r#"["a"]"#).unwrap();
        let count = |manifest: &StoredManifest, text: &str| {
            let list = manifest.list(&"a".into(), text);
            list.ok().map(|list| list.ids.count())
        };
        for (text, expected) in [
            ("+2Tv4fIVX\n+pmWkWSBC\n", Some(2)),
            ("+2Tv4fIVX\r\n+pmWkWSBC", Some(2)),
            ("-2Tv4fIVX\n", None),
            ("+2Tv4fIVX\n\n+pmWkWSBC\n", None),
            ("+2Tv4fIVX\n+2Tv4fIVX\n", None),
            ("+2Tv4fIV\n", None),
            ("+2Tv4fIVX \n", None),
        ] {
            assert_eq!(count(&object, text), expected, "{text}");
            assert_eq!(count(&array, text), expected, "{text}");
        }
        assert_eq!((count(&object, ""), count(&array, "")), (Some(0), None));
    }

    #[test]
    fn only_lists_that_are_up_to_the_manifest_are_stored_and_without_its_url() {
        let manifest = br#"{"a": {"name": "x", "url": "https://h?k=secret-1", "size": 20, "creationTime": 5, "fileID": "f"}}"#;
        let manifest = Manifest::parse(manifest).unwrap();
        let stored = |size, creation_time, id: &str| {
            let mut ids = Ids::default();
            ids.apply(["123", "Marcos"].map(|id| (IdLookup::of(id), true)));
            let file = ListFile {
                id: Some(id.into()),
                creation_time,
                size,
            };
            let list = IdList {
                ids,
                origin: Origin::File(file),
            };
            let mut lists = IdLists::default();
            lists.lists.insert("a".into(), Arc::new(list));
            stored_manifest(&lists, &manifest)
        };
        for (size, creation_time, id) in [(19, 5, "f"), (20, 4, "f"), (20, 5, "g")] {
            assert_eq!(stored(size, creation_time, id), None);
        }
        let text = stored(20, 5, "f").unwrap();
        assert_eq!(
            text,
            r#"{"a":{"name":"a","size":20,"creationTime":5,"fileID":"f"}}"#
        );
        assert_eq!(names(&text), Some(vec!["a".to_owned()]));
        assert_eq!(stored_manifest(&IdLists::default(), &manifest), None);
    }

    #[test]
    fn what_is_stored_is_read_back() {
        let manifest = StoredManifest::parse(r#"["a"]"#).unwrap();
        let list = manifest
            .list(&"a".into(), "+2Tv4fIVX\r\n+pmWkWSBC")
            .unwrap();
        let text = stored_members(&list);
        let again = manifest.list(&"a".into(), &text).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(again.ids.iter().eq(list.ids.iter()));
    }
}
