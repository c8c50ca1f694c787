//! ID lists: their source, the manifest, and the files that clients download in ranges.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::clock;
use crate::error::LocalError;
use crate::limits::MAX_ID_LISTS_BYTES;
use crate::sync::lock;

/// How many characters of a unit ID's hash a list holds.
const LOOKUP_CHARS: usize = 8;

/// List names, each with the lines of its file.
pub(crate) type IdListLines = BTreeMap<String, Bytes>;

/// The lines that add these unit IDs.
pub(crate) fn lines_of(unit_ids: impl IntoIterator<Item: AsRef<str>>) -> Bytes {
    let ids = unit_ids.into_iter();
    let lines: String = ids
        .map(|id| format!("+{}\n", lookup(id.as_ref())))
        .collect();
    lines.into()
}

/// Reads `{"list name": ["unit ID", 123]}`.
pub(crate) fn parse(text: &str, origin: &str) -> Result<IdListLines, LocalError> {
    LocalError::check_size(text, MAX_ID_LISTS_BYTES, origin)?;
    let lists: BTreeMap<String, Value> =
        serde_json::from_str(text).map_err(|error| LocalError::syntax(origin, &error))?;
    lists
        .into_iter()
        .map(|(list, ids)| match unit_ids(ids) {
            Ok(ids) => Ok((list, lines_of(ids))),
            Err(problem) => Err(LocalError::IdList {
                origin: origin.to_owned(),
                list,
                problem,
            }),
        })
        .collect()
}

fn unit_ids(ids: Value) -> Result<Vec<String>, String> {
    let Value::Array(ids) = ids else {
        return Err(format!("found `{ids}`"));
    };
    let texts = ids.into_iter().map(|id| match id {
        Value::String(id) => Ok(id),
        Value::Number(id) if id.is_i64() || id.is_u64() => Ok(id.to_string()),
        other => Err(format!("found the entry `{other}`")),
    });
    texts.collect()
}

/// The lists that the server serves; replaced as a whole.
#[derive(Debug, Default)]
pub(crate) struct IdListStore(Mutex<Arc<BTreeMap<String, IdList>>>);

impl IdListStore {
    /// Replaces the lists. A list that only grew keeps its file, so that clients download only the
    /// new lines.
    pub(crate) fn replace(&self, source: &IdListLines) {
        let now = clock::epoch_millis(clock::now());
        let mut current = lock(&self.0);
        let next = source
            .iter()
            .map(|(name, lines)| {
                let list = IdList::new(name, lines.clone(), current.get(name), now);
                (name.clone(), list)
            })
            .collect();
        *current = Arc::new(next);
    }

    /// The answer to `get_id_lists`. The client reaches this server at `base_url`.
    pub(crate) fn manifest(&self, base_url: &str) -> Value {
        let lists = Arc::clone(&lock(&self.0));
        let entries = lists.iter().map(|(name, list)| {
            let file = utf8_percent_encode(name, NON_ALPHANUMERIC);
            let entry = json!({
                "name": name,
                "url": format!("{base_url}/v1/download_id_list_file/{file}"),
                "size": list.lines.len(),
                "creationTime": list.created,
                "fileID": list.file_id,
            });
            (name.clone(), entry)
        });
        Value::Object(entries.collect())
    }

    /// For each of these lookups, the names of the lists that contain it.
    pub(crate) fn memberships(&self, lookups: &[String]) -> BTreeMap<String, Vec<String>> {
        let lists = Arc::clone(&lock(&self.0));
        let mut found: BTreeMap<_, Vec<String>> = lookups
            .iter()
            .map(|lookup| (lookup.clone(), Vec::new()))
            .collect();
        for (name, list) in &*lists {
            let lines = std::str::from_utf8(&list.lines).unwrap_or_default();
            for (sign, id) in lines.lines().filter_map(|line| line.split_at_checked(1)) {
                if let Some(names) = found.get_mut(id) {
                    // The last line for an ID decides.
                    names.pop_if(|last| last == name);
                    if sign == "+" {
                        names.push(name.clone());
                    }
                }
            }
        }
        found
    }

    pub(crate) fn names(&self) -> Vec<String> {
        lock(&self.0).keys().cloned().collect()
    }

    pub(crate) fn lines(&self, name: &str) -> Option<Bytes> {
        lock(&self.0).get(name).map(|list| list.lines.clone())
    }
}

#[derive(Debug)]
struct IdList {
    lines: Bytes,
    /// Identifies the file. It changes when the client's copy is no longer the beginning of
    /// `lines`.
    file_id: String,
    /// When the list last changed, as in the protocol of the service.
    created: u64,
}

impl IdList {
    fn new(name: &str, lines: Bytes, previous: Option<&Self>, now: u64) -> Self {
        let file_id = match previous {
            Some(previous) if lines.starts_with(&previous.lines) => previous.file_id.clone(),
            _ => STANDARD.encode(
                Sha256::new()
                    .chain_update(name)
                    .chain_update(now.to_be_bytes())
                    .chain_update(&lines)
                    .finalize(),
            ),
        };
        let created = match previous {
            None => now,
            Some(previous) if previous.lines == lines => previous.created,
            Some(previous) => now.max(previous.created + 1),
        };
        Self {
            lines,
            file_id,
            created,
        }
    }
}

/// The form of a unit ID in a list. Clients look it up.
fn lookup(id: &str) -> String {
    let mut text = STANDARD.encode(Sha256::digest(id.as_bytes()));
    text.truncate(LOOKUP_CHARS);
    text
}

/// Where a range of a file begins: `bytes=N-` or `N-`. `None` for a range that this server does not
/// understand. HTTP allows a server to ignore it.
pub(crate) fn start_of(range: &str) -> Option<usize> {
    let range = range.trim();
    let range = range.strip_prefix("bytes=").unwrap_or(range);
    range.strip_suffix('-')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(ids: &[&str]) -> IdListLines {
        IdListLines::from([("a list".to_owned(), lines_of(ids))])
    }

    fn entry(store: &IdListStore) -> Value {
        store.manifest("http://here")["a list"].clone()
    }

    #[test]
    fn unit_ids_are_hashed_as_clients_look_them_up() {
        let store = IdListStore::default();
        store.replace(&source(&["Marcos", "123", "a-user"]));
        assert_eq!(
            store.lines("a list").unwrap(),
            "+2Tv4fIVX\n+pmWkWSBC\n+Z/hEKLio\n"
        );
        assert_eq!(store.lines("another"), None);
    }

    #[test]
    fn memberships_name_every_list_once_and_every_lookup() {
        let store = IdListStore::default();
        let lists = [("even", ["2", "4", "2"]), ("small", ["1", "2", "3"])];
        let mut lists =
            IdListLines::from(lists.map(|(name, ids)| (name.to_owned(), lines_of(ids))));
        let left = [lines_of(["7", "8"]), format!("-{}\n", lookup("7")).into()].concat();
        lists.insert("left".to_owned(), left.into());
        store.replace(&lists);
        let lookups = ["2", "3", "7", "8"].map(lookup);
        let found = store.memberships(&lookups);
        let names = |id| found[&lookup(id)].join(" ");
        assert_eq!(
            [names("2"), names("3"), names("7"), names("8")],
            ["even small", "small", "", "left"]
        );
    }

    #[test]
    fn a_list_that_grows_keeps_its_file_and_any_other_change_starts_a_new_one() {
        let store = IdListStore::default();
        store.replace(&source(&["a"]));
        let first = entry(&store);
        assert_eq!(first["size"], 10);
        assert_eq!(
            first["url"],
            "http://here/v1/download_id_list_file/a%20list"
        );

        store.replace(&source(&["a", "b"]));
        let grown = entry(&store);
        assert_eq!(
            (&grown["fileID"], &grown["size"]),
            (&first["fileID"], &json!(20))
        );
        assert!(grown["creationTime"].as_u64() > first["creationTime"].as_u64());
        store.replace(&source(&["a", "b"]));
        assert_eq!(entry(&store), grown);

        store.replace(&source(&["b"]));
        let other = entry(&store);
        assert_ne!(other["fileID"], first["fileID"]);
        assert!(other["creationTime"].as_u64() > first["creationTime"].as_u64());

        store.replace(&IdListLines::new());
        assert_eq!(store.manifest("http://here"), json!({}));
    }

    #[test]
    fn source_errors_name_the_list_and_what_was_found() {
        let parsed = parse(r#"{"a": ["x", 7]}"#, "lists.json").unwrap();
        assert_eq!(parsed["a"], lines_of(["x", "7"]));
        for (text, expected) in [
            (
                r#"{"a": "x"}"#,
                "lists.json: ID list `a`: found `\"x\"`; expected an array",
            ),
            (
                r#"{"a": [1.5]}"#,
                "lists.json: ID list `a`: found the entry `1.5`; expected",
            ),
            ("{\n  \"a\": [", "lists.json:2:8: EOF while parsing a list"),
        ] {
            let error = parse(text, "lists.json").unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn ranges() {
        for (range, start) in [
            ("bytes=0-", Some(0)),
            (" bytes=9-", Some(9)),
            ("9-", Some(9)),
            ("bytes=-5", None),
            ("bytes=1-5", None),
            ("x-", None),
        ] {
            assert_eq!(start_of(range), start, "{range}");
        }
    }
}
