//! The served specs, and the decision which clients need them.
//!
//! A client describes its specs by `time` and, if they have one, `checksum`. It ignores a strictly
//! older `time` and an identical `checksum`. A person who edits a file seldom changes either.
//! [`ServedSpecs::is_news_to`] and [`ServedSpecs::parse`] solve this: the server sends the text
//! verbatim until an edit keeps both. From then on, as long as both stay, it sends the text with a
//! `checksum` made from its content, and changes nothing else.

use std::fmt;
use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::error::LocalError;
use crate::limits::MAX_SPECS_BYTES;

/// The specs of a server without configured specs: a project without definitions, older than any
/// real one.
pub(crate) const EMPTY_SPECS: &str = r#"{"has_updates":true,"time":1,"feature_gates":{},"dynamic_configs":{},"layer_configs":{},"condition_map":{},"experiment_to_layer":{}}"#;

/// The answer for a client that already has the specs.
pub(crate) const NO_UPDATES: &str = r#"{"has_updates":false}"#;

/// One accepted text, ready to be sent.
#[derive(Debug)]
pub(crate) struct ServedSpecs {
    pub(crate) text: Bytes,
    pub(crate) gzip: Bytes,
    pub(crate) summary: SpecsSummary,
    /// The checksum as sent. After an edit that keeps time and checksum, it differs from the
    /// source's.
    checksum: Option<String>,
    source_checksum: Option<String>,
    source_digest: [u8; 32],
}

impl ServedSpecs {
    /// Checks a text and prepares it as the successor of `previous`.
    pub(crate) fn parse(
        text: String,
        origin: &str,
        previous: Option<&Self>,
    ) -> Result<Self, LocalError> {
        LocalError::check_size(&text, MAX_SPECS_BYTES, origin)?;
        let source_digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        let top: TopLevel<'_> =
            serde_json::from_str(&text).map_err(|error| LocalError::syntax(origin, &error))?;
        let mut summary = top.summary(origin)?;
        let source_checksum = top.checksum.as_ref().and_then(|sum| sum.value.clone());

        let keeps_both = |previous: &Self| {
            summary.time == previous.summary.time && source_checksum == previous.source_checksum
        };
        let own = previous.is_some_and(keeps_both);
        let own = own.then(|| own_checksum(&source_digest));
        summary.older_than_previous =
            previous.is_some_and(|previous| summary.time < previous.summary.time);
        let changed = own
            .as_ref()
            .map(|own| with_checksum(&text, top.checksum.as_ref(), own));
        let text = Bytes::from(changed.unwrap_or(text));
        let gzip = gzip(&text).map_err(|source| LocalError::Read {
            path: origin.into(),
            source,
        })?;
        Ok(Self {
            text,
            gzip,
            summary,
            checksum: own.or_else(|| source_checksum.clone()),
            source_checksum,
            source_digest,
        })
    }

    /// Whether this was made from exactly this text.
    pub(crate) fn was_made_from(&self, text: &str) -> bool {
        self.source_digest == <[u8; 32]>::from(Sha256::digest(text.as_bytes()))
    }

    /// Whether a client that has specs of this time lacks these.
    pub(crate) fn is_newer_than(&self, since_time: Option<u64>) -> bool {
        since_time.is_none_or(|since| since < self.summary.time)
    }

    /// Whether a client with this `time` and `checksum` needs the text.
    ///
    /// It does not if its `time` is not older and its checksum is the served one. A client without
    /// a checksum is judged by `time` alone, but it always gets a text whose `time` and checksum an
    /// edit has kept.
    pub(crate) fn is_news_to(&self, since_time: Option<u64>, checksum: Option<&str>) -> bool {
        let is_recent = !self.is_newer_than(since_time);
        let is_same = match checksum {
            Some(checksum) => self.checksum.as_deref() == Some(checksum),
            None => self.checksum == self.source_checksum,
        };
        !(is_recent && is_same)
    }
}

/// A summary of a specs text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpecsSummary {
    /// The `time` field, epoch milliseconds.
    pub time: u64,
    /// Number of feature gates, segments and holdouts.
    pub gates: usize,
    /// Number of dynamic configs and experiments.
    pub configs: usize,
    /// Number of layers.
    pub layers: usize,
    /// False if the text itself says `"has_updates": false`, so that clients ignore it.
    pub has_updates: bool,
    /// True if `time` went backwards, so that running clients ignore the text.
    pub older_than_previous: bool,
}

impl fmt::Display for SpecsSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} gates, {} configs, {} layers, time {}",
            self.gates, self.configs, self.layers, self.time
        )?;
        if !self.has_updates {
            f.write_str("; clients ignore it: `has_updates` is false")?;
        }
        if self.older_than_previous {
            f.write_str("; running clients ignore it: `time` is older than before")?;
        }
        Ok(())
    }
}

/// The checksum, and the fields without which clients reject the whole response.
#[derive(Deserialize)]
#[serde(expecting = "an object with the fields of a specs response")]
struct TopLevel<'a> {
    has_updates: Option<bool>,
    time: Option<u64>,
    feature_gates: Option<Entries>,
    dynamic_configs: Option<Entries>,
    layer_configs: Option<Entries>,
    condition_map: Option<Entries>,
    #[serde(borrow, default, deserialize_with = "checksum")]
    checksum: Option<Checksum<'a>>,
}

impl TopLevel<'_> {
    fn summary(&self, origin: &str) -> Result<SpecsSummary, LocalError> {
        let missing = || LocalError::MissingFields {
            origin: origin.to_owned(),
            missing: [
                ("has_updates", self.has_updates.is_none()),
                ("time", self.time.is_none()),
                ("feature_gates", self.feature_gates.is_none()),
                ("dynamic_configs", self.dynamic_configs.is_none()),
                ("layer_configs", self.layer_configs.is_none()),
                ("condition_map", self.condition_map.is_none()),
            ]
            .into_iter()
            .filter_map(|(name, is_missing)| is_missing.then_some(name))
            .collect(),
        };
        self.condition_map.as_ref().ok_or_else(missing)?;
        Ok(SpecsSummary {
            time: self.time.ok_or_else(missing)?,
            gates: self.feature_gates.as_ref().ok_or_else(missing)?.0,
            configs: self.dynamic_configs.as_ref().ok_or_else(missing)?.0,
            layers: self.layer_configs.as_ref().ok_or_else(missing)?.0,
            has_updates: self.has_updates.ok_or_else(missing)?,
            older_than_previous: false,
        })
    }
}

/// The number of entries of an object. Their contents are not read.
struct Entries(usize);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Count;
        impl<'de> Visitor<'de> for Count {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with an entry for each name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut count = 0;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Entries(count))
            }
        }
        deserializer.deserialize_map(Count)
    }
}

/// The checksum's value and its text, which gives its place.
struct Checksum<'a> {
    raw: &'a RawValue,
    value: Option<String>,
}

/// Distinguishes `null`, which can be replaced, from a missing field.
fn checksum<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Checksum<'de>>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    let value = serde_json::from_str(raw.get()).map_err(|_| {
        de::Error::custom(format_args!(
            "`checksum` is `{}`; expected a string",
            raw.get()
        ))
    })?;
    Ok(Some(Checksum { raw, value }))
}

fn own_checksum(digest: &[u8; 32]) -> String {
    let first = digest.first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(first).to_string()
}

/// `text` with its top-level `checksum` replaced. Without one, the new checksum is put first.
fn with_checksum(text: &str, present: Option<&Checksum<'_>>, checksum: &str) -> String {
    let (before, after, field) = match present {
        Some(present) => {
            let raw = present.raw.get();
            let start = raw.as_ptr().addr().saturating_sub(text.as_ptr().addr());
            let before = text.get(..start).unwrap_or_default();
            let after = text.get(start + raw.len()..).unwrap_or_default();
            (before, after, format!("\"{checksum}\""))
        }
        None => {
            let start = text.find('{').map_or(0, |brace| brace + 1);
            let (before, after) = text.split_at(start);
            (before, after, format!("\"checksum\":\"{checksum}\","))
        }
    };
    [before, &field, after].concat()
}

fn gzip(text: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text)?;
    Ok(Bytes::from(encoder.finish()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(fields: &str, gates: &str) -> String {
        format!(
            r#"{{"has_updates":true,{fields}"feature_gates":{{{gates}}},"dynamic_configs":{{}},"layer_configs":{{}},"condition_map":{{}}}}"#
        )
    }

    fn parse(text: &str, previous: Option<&ServedSpecs>) -> Result<ServedSpecs, LocalError> {
        ServedSpecs::parse(text.to_owned(), "specs.json", previous)
    }

    fn loaded(text: &str, previous: Option<&ServedSpecs>) -> ServedSpecs {
        parse(text, previous).unwrap()
    }

    #[test]
    fn errors_name_the_file_the_place_and_all_that_is_missing() {
        for (text, expected) in [
            ("", "specs.json:1:0: EOF while parsing a value"),
            (
                "{\n  \"time\": 1,\n  oops\n}",
                "specs.json:3:3: key must be a string",
            ),
            (
                r#"{"has_updates":true,"feature_gates":{},"layer_configs":{}}"#,
                "specs.json: the top-level object lacks `time`, `dynamic_configs`, `condition_map`; expected the JSON of /v2/download_config_specs",
            ),
            (
                "{\"time\": 1000.5}",
                "specs.json:1:15: invalid type: floating point `1000.5`, expected u64",
            ),
            (
                "{\"feature_gates\": [1]}",
                "specs.json:1:18: invalid type: sequence, expected an object with an entry for each name",
            ),
            (
                "{\"checksum\": 5}",
                "specs.json:1:15: `checksum` is `5`; expected a string",
            ),
            (
                "{\"time\": 1, \"time\": 2}",
                "specs.json:1:18: duplicate field `time`",
            ),
            (
                "[]",
                "specs.json:1:2: invalid length 0, expected an object with the fields of a specs response",
            ),
        ] {
            let error = parse(text, None).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn one_byte_beyond_the_limit_is_refused() {
        let full = text("\"time\":1,", "");
        let padding = MAX_SPECS_BYTES - full.len();
        let at_limit = full + &" ".repeat(padding);
        assert!(parse(&at_limit, None).is_ok());
        let error = parse(&(at_limit + " "), None).unwrap_err();
        assert!(
            matches!(error, LocalError::TooLarge { found, .. } if found == MAX_SPECS_BYTES + 1)
        );
    }

    #[test]
    fn no_news_for_a_client_that_has_the_time_and_the_checksum() {
        let plain = loaded(&text("\"time\":5,", ""), None);
        for (since, checksum, news) in [
            (None, None, true),
            (Some(4), None, true),
            (Some(5), None, false),
            (Some(6), None, false),
            (Some(5), Some("c"), true),
        ] {
            assert_eq!(
                plain.is_news_to(since, checksum),
                news,
                "{since:?} {checksum:?}"
            );
        }
        let summed = loaded(&text("\"time\":5,\"checksum\":\"c\",", ""), None);
        for (since, checksum, news) in [
            (Some(5), None, false),
            (Some(5), Some("c"), false),
            (Some(5), Some("d"), true),
            (Some(4), Some("c"), true),
        ] {
            assert_eq!(
                summed.is_news_to(since, checksum),
                news,
                "{since:?} {checksum:?}"
            );
        }
    }

    #[test]
    fn an_edit_that_keeps_time_and_checksum_goes_out_with_a_checksum_of_its_own() {
        for fields in [
            "\"time\":5,",
            "\"time\":5,\"checksum\" : null,",
            "\"time\":5,\"checksum\": \"c\" ,",
        ] {
            let first = loaded(&text(fields, ""), None);
            assert_eq!(first.text, text(fields, ""));

            let second = loaded(&text(fields, r#""g":{"checksum":"inner"}"#), Some(&first));
            let sent: serde_json::Value = serde_json::from_slice(&second.text).unwrap();
            let own = sent["checksum"].as_str().unwrap();
            assert_eq!(sent["time"], 5, "{fields}");
            assert_eq!(sent["feature_gates"]["g"]["checksum"], "inner");
            assert!(second.is_news_to(Some(5), None));
            assert!(second.is_news_to(Some(5), Some("c")));
            assert!(!second.is_news_to(Some(5), Some(own)));

            let back = loaded(&text(fields, ""), Some(&second));
            assert!(back.is_news_to(Some(5), Some(own)), "{fields}");
            assert!(back.is_news_to(Some(5), None), "{fields}");
        }
    }

    #[test]
    fn an_edit_that_moves_time_or_checksum_is_served_verbatim() {
        let first = loaded(&text("\"time\":5,\"checksum\":\"c\",", ""), None);
        for fields in [
            "\"time\":6,\"checksum\":\"c\",",
            "\"time\":5,\"checksum\":\"d\",",
        ] {
            assert_eq!(
                loaded(&text(fields, ""), Some(&first)).text,
                text(fields, "")
            );
        }
    }

    #[test]
    fn the_summary_warns_of_what_clients_will_ignore() {
        let first = loaded(&text("\"time\":5,", "\"g\":{}"), None);
        assert_eq!(
            first.summary.to_string(),
            "1 gates, 0 configs, 0 layers, time 5"
        );
        let older = loaded(&text("\"time\":4,", ""), Some(&first));
        assert!(older.summary.to_string().contains("`time` is older"));
    }
}
