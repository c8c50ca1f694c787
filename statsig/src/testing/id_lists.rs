//! The ID lists of the scripted network.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use url::Url;

use super::answer::Answer;
use crate::hash::IdLookup;
use crate::transport::Request;

/// The base URL of the files, at Statsig's own host, so that a client requests them as from
/// Statsig.
const FILES: &str = "https://api.statsigcdn.com/v1/download_id_list_file/";

/// The lines of a file that adds these unit IDs.
pub(super) fn lines(ids: &[String]) -> String {
    let mut lines = String::new();
    for id in ids {
        lines.push('+');
        IdLookup::of(id).append_to(&mut lines);
        lines.push('\n');
    }
    lines
}

/// Lists by name, as files that grow.
#[derive(Debug, Default)]
pub(super) struct ServedIdLists {
    lists: BTreeMap<String, ServedFile>,
    /// Numbers the files. Also their creation time.
    files: u64,
}

#[derive(Debug)]
struct ServedFile {
    number: u64,
    lines: String,
}

impl ServedIdLists {
    pub(super) fn set(&mut self, list: String, lines: String) {
        let known = self.lists.get(&list);
        let number = match known.filter(|file| lines.starts_with(&file.lines)) {
            Some(file) => file.number,
            None => {
                self.files += 1;
                self.files
            }
        };
        self.lists.insert(list, ServedFile { number, lines });
    }

    pub(super) fn remove(&mut self, list: &str) {
        self.lists.remove(list);
    }

    pub(super) fn manifest(&self) -> String {
        let entries = self.lists.iter().map(|(name, file)| {
            let entry = json!({
                "name": name,
                "url": format!("{FILES}{}?sig=a%2Fb", file.number),
                "size": file.lines.len(),
                "creationTime": file.number,
                "fileID": format!("file-{}", file.number),
            });
            (name.clone(), entry)
        });
        Value::Object(entries.collect()).to_string()
    }

    /// The answer to a request for the lists of a user; `None` if the request cannot be read.
    pub(super) fn memberships(&self, gzipped: &[u8]) -> Option<String> {
        let question: Value =
            serde_json::from_reader(flate2::read::GzDecoder::new(gzipped)).ok()?;
        let lookups = question.get("id_list_lookups")?.as_array()?;
        let found = lookups.iter().filter_map(|lookup| {
            let lookup = lookup.as_str()?;
            let names = self.lists.iter().filter(|(_, file)| {
                let mut changes = file.lines.lines().rev();
                let last = changes.find(|line| line.get(1..) == Some(lookup));
                last.is_some_and(|line| line.starts_with('+'))
            });
            let names = names.map(|(name, _)| Value::from(name.as_str()));
            Some((lookup.to_owned(), names.collect()))
        });
        let found = found.collect::<serde_json::Map<_, _>>();
        Some(json!({ "id_lists": found }).to_string())
    }

    /// The file at a URL of the manifest.
    pub(super) fn file(&self, url: &str) -> Option<&str> {
        let url = Url::parse(url).ok()?;
        let number: u64 = url.path_segments()?.next_back()?.parse().ok()?;
        let mut files = self.lists.values();
        let file = files.find(|file| file.number == number)?;
        Some(&file.lines)
    }
}

/// The service's answer to a request for a part of an ID list's file.
pub(super) fn file_answer(lists: &ServedIdLists, request: &Request) -> Answer {
    let start = in_query(&request.url, "range").or_else(|| {
        let range = request.headers.get("range")?;
        let start = range.strip_prefix("bytes=")?.strip_suffix('-')?;
        start.parse().ok()
    });
    let Some(file) = lists.file(&request.url) else {
        return Answer::status(404);
    };
    let start = start.unwrap_or(0);
    match usize::try_from(start)
        .ok()
        .and_then(|start| file.get(start..))
    {
        None | Some("") => Answer::status(416),
        Some(part) => Answer::response(206, part.to_owned()).header(
            "content-range",
            format!("bytes {start}-{}/{}", file.len() - 1, file.len()),
        ),
    }
}

/// A number in the query of a URL; for a range, its start.
pub(super) fn in_query(url: &str, name: &str) -> Option<u64> {
    let url = Url::parse(url).ok()?;
    let (_, value) = url.query_pairs().find(|(found, _)| found == name)?;
    value.trim_end_matches('-').parse().ok()
}
