//! The manifest: the lists and their sizes.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::IdListsError;
use crate::mask::shown;
use crate::specs::lenient::{Name, as_text};
use crate::text::SharedStr;

/// The lists by name. The name inside an entry is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(super) entries: BTreeMap<SharedStr, Entry>,
    /// The names of lists with malformed entries.
    pub(super) malformed: BTreeMap<SharedStr, String>,
}

/// The manifest's entry of one list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(rename = "name", alias = "key")]
    _name: SharedStr,
    pub(super) url: SharedStr,
    /// The size of the file in bytes.
    pub(super) size: u64,
    /// Epoch milliseconds.
    pub(super) creation_time: i64,
    #[serde(rename = "fileID")]
    pub(super) file_id: Option<SharedStr>,
}

impl Manifest {
    /// A malformed entry affects only its own list, which does not change.
    pub(super) fn parse(body: &[u8]) -> Result<Self, IdListsError> {
        let read: Read =
            (serde_json::from_str(&as_text(body))).map_err(|problem| IdListsError::Manifest {
                problem: shown(problem),
            })?;
        Ok(read.0)
    }
}

/// A manifest while it is parsed: of several entries with one name, the last wins.
struct Read(Manifest);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ManifestVisitor;

        impl<'de> Visitor<'de> for ManifestVisitor {
            type Value = Read;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object by list name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = BTreeMap::new();
                let mut malformed = BTreeMap::new();
                while let Some((Name(name), entry)) = map.next_entry::<Name<'_>, &RawValue>()? {
                    // No condition can name a list whose name is not a string.
                    let Some(name) = name else { continue };
                    let name = SharedStr::from(&*name);
                    match serde_json::from_str::<Entry>(entry.get()) {
                        Ok(entry) => {
                            malformed.remove(&name);
                            entries.insert(name, entry);
                        }
                        Err(problem) => {
                            entries.remove(&name);
                            malformed.insert(name, shown(problem));
                        }
                    }
                }
                Ok(Read(Manifest { entries, malformed }))
            }
        }

        deserializer.deserialize_map(ManifestVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_the_service_writes_them() {
        let body = br#"{"a list": {"name": "another", "url": "https://h/f?k=1", "size": 20, "creationTime": -5, "fileID": "f-1", "new": 1},
            "b": {"key": "b", "url": "", "size": 0, "creationTime": 7, "fileID": null}}"#;
        let entries = Manifest::parse(body).unwrap().entries;
        let entry = &entries["a list"];
        assert_eq!(
            (&*entry.url, entry.size, entry.creation_time),
            ("https://h/f?k=1", 20, -5)
        );
        assert_eq!(entry.file_id.as_deref(), Some("f-1"));
        assert_eq!(entries["b"].file_id, None);
        assert_eq!(Manifest::parse(b"{}").unwrap().entries.len(), 0);
    }

    #[test]
    fn a_bad_entry_costs_its_list_alone() {
        let good = r#""a": {"name": "a", "url": "u", "size": 1, "creationTime": 1}"#;
        for bad in [
            r#"{"url": "u", "size": 1, "creationTime": 1}"#,
            r#"{"name": "b", "size": 1, "creationTime": 1}"#,
            r#"{"name": "b", "url": "u", "size": 50.0, "creationTime": 1}"#,
            r#"{"name": "b", "url": "u", "size": -1, "creationTime": 1}"#,
            r#"{"name": "b", "url": "u", "size": 99999999999999999999, "creationTime": 1}"#,
            r#"{"name": "b", "url": "u", "size": 1}"#,
            r#"{"name": "b", "url": "\ud800", "size": 1, "creationTime": 1}"#,
            r#"{"name": "b", "url": "u", "url": "u", "size": 1, "creationTime": 1}"#,
            "null",
            "7",
        ] {
            let body = format!("{{{good}, \"b\": {bad}}}");
            let manifest = Manifest::parse(body.as_bytes()).unwrap();
            assert_eq!(manifest.entries.len(), 1, "{bad}");
            assert!(manifest.malformed.contains_key("b"), "{bad}");
        }
        let nameless = format!("{{{good}, \"\\ud800\": 7}}");
        let manifest = Manifest::parse(nameless.as_bytes()).unwrap();
        assert_eq!((manifest.entries.len(), manifest.malformed.len()), (1, 0));
        for body in ["", "[]", "<html>", r#"["a"]"#, "{", "null"] {
            assert!(Manifest::parse(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn the_last_entry_of_a_name_counts() {
        let (good, bad) = (
            r#"{"name": "a", "url": "u", "size": 1, "creationTime": 1}"#,
            "5",
        );
        for (first, second, is_known) in [(good, bad, false), (bad, good, true)] {
            let body = format!(r#"{{"a": {first}, "a": {second}}}"#);
            let manifest = Manifest::parse(body.as_bytes()).unwrap();
            assert_eq!(manifest.entries.contains_key("a"), is_known);
            assert_eq!(manifest.malformed.contains_key("a"), !is_known);
        }
    }
}
