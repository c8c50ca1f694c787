//! The manifest: which lists there are, and how much of each.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::IdListsError;
use crate::text::SharedStr;

/// The lists by their name. The name that an entry itself carries plays no part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest(pub(super) BTreeMap<SharedStr, Entry>);

/// What the manifest says about one list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(rename = "name", alias = "key")]
    _name: SharedStr,
    pub(super) url: SharedStr,
    /// Bytes of the file.
    pub(super) size: u64,
    /// Epoch milliseconds.
    pub(super) creation_time: i64,
    #[serde(rename = "fileID")]
    pub(super) file_id: Option<SharedStr>,
}

impl Manifest {
    /// One bad entry makes the whole manifest bad: it is not known then which lists there are.
    pub(super) fn parse(body: &[u8]) -> Result<Self, IdListsError> {
        serde_json::from_slice(body)
            .map(Self)
            .map_err(|problem| IdListsError::Manifest {
                problem: problem.to_string(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_the_service_writes_them() {
        let body = br#"{"a list": {"name": "another", "url": "https://h/f?k=1", "size": 20, "creationTime": -5, "fileID": "f-1", "new": 1},
            "b": {"key": "b", "url": "", "size": 0, "creationTime": 7, "fileID": null}}"#;
        let Manifest(entries) = Manifest::parse(body).unwrap();
        let entry = &entries["a list"];
        assert_eq!(
            (&*entry.url, entry.size, entry.creation_time),
            ("https://h/f?k=1", 20, -5)
        );
        assert_eq!(entry.file_id.as_deref(), Some("f-1"));
        assert_eq!(entries["b"].file_id, None);
        assert_eq!(Manifest::parse(b"{}").unwrap().0.len(), 0);
    }

    #[test]
    fn one_bad_entry_makes_the_manifest_bad() {
        let good = r#""a": {"name": "a", "url": "u", "size": 1, "creationTime": 1}"#;
        assert!(Manifest::parse(format!("{{{good}}}").as_bytes()).is_ok());
        for bad in [
            r#"{"url": "u", "size": 1, "creationTime": 1}"#,
            r#"{"name": "b", "size": 1, "creationTime": 1}"#,
            r#"{"name": "b", "url": "u", "size": 50.0, "creationTime": 1}"#,
            r#"{"name": "b", "url": "u", "size": -1, "creationTime": 1}"#,
            r#"{"name": "b", "url": "u", "size": 1}"#,
            "null",
        ] {
            let body = format!("{{{good}, \"b\": {bad}}}");
            assert!(Manifest::parse(body.as_bytes()).is_err(), "{bad}");
        }
        for body in ["", "[]", "<html>", r#"["a"]"#] {
            assert!(Manifest::parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
