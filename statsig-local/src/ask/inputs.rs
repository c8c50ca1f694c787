//! The inputs of a question: specs, user, ID lists, time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use statsig::clock::Clock;
use statsig::explain::Explanation;
use statsig::offline::OfflineClient;
use statsig::{StatsigOptions, StatsigOptionsBuilder, StatsigUser};
use statsig_local::LocalError;
use statsig_local::limits::{MAX_ID_LISTS_BYTES, MAX_SPECS_BYTES};

use super::catalogue::Catalogue;
use super::{AskError, Terminal};
use crate::cli::{Only, Question};

/// Largest accepted user, in bytes.
const MAX_USER_BYTES: usize = 1024 * 1024;

const USER_HINT: &str = "Expected a user such as '{\"userID\": \"a-user\", \"custom\": {\"plan\": \"premium\"}}', @FILE to read one from a file, or - to read \
     it from the input. Some shells need single quotes around it.";
const ID_LISTS_HINT: &str = "Expected a JSON object of list name to array of unit IDs, such as {\"employees\": [\"u-1\", 2]}.";

/// The fields that a user can have.
const USER_FIELDS: [&str; 11] = [
    "userID",
    "customIDs",
    "email",
    "ip",
    "userAgent",
    "country",
    "locale",
    "appVersion",
    "custom",
    "privateAttributes",
    "statsigEnvironment",
];

/// The inputs, read and checked.
pub(crate) struct Inputs {
    pub(crate) client: OfflineClient,
    pub(crate) user: StatsigUser,
    pub(crate) catalogue: Catalogue,
}

/// A clock that stands still.
#[derive(Debug)]
struct FixedClock(u64);

impl Clock for FixedClock {
    fn now_ms(&self) -> u64 {
        self.0
    }
}

impl Inputs {
    pub(crate) fn read(question: &Question, terminal: &mut Terminal<'_>) -> Result<Self, AskError> {
        let mut options = StatsigOptions::builder();
        if let Some(tier) = &question.environment {
            options = options.environment(tier.as_str());
        }
        if let Some(now) = question.now {
            options = options.clock(Arc::new(FixedClock(now)));
        }
        let (client, catalogue) = open(&question.specs.path, options)?;
        if let Some(path) = &question.id_lists {
            client.set_id_lists(read_id_lists(path)?);
        }
        Ok(Self {
            client,
            user: read_user(&question.user, terminal)?,
            catalogue,
        })
    }

    /// Why the user gets what they get, for the selected names.
    pub(crate) fn explain(
        &self,
        only: &Only,
        names: &[String],
    ) -> Result<Vec<Explanation>, AskError> {
        let selected = self.catalogue.select(only.kind(), names)?;
        let explain = |(kind, name): (_, String)| self.client.explain(&self.user, kind, &name);
        Ok(selected.into_iter().map(explain).collect())
    }
}

/// A client with the specs in a file, and what they define.
pub(super) fn open(
    path: &Path,
    options: StatsigOptionsBuilder,
) -> Result<(OfflineClient, Catalogue), AskError> {
    let text = read_file(path, MAX_SPECS_BYTES)?;
    let catalogue = Catalogue::parse(&text, &origin(path))?;
    let options = options.max_specs_bytes(MAX_SPECS_BYTES).build()?;
    let client = OfflineClient::new(&text, options).map_err(|error| AskError::Specs {
        origin: origin(path),
        problem: error.to_string(),
    })?;
    Ok((client, catalogue))
}

/// What the specs in a file define.
pub(super) fn read_catalogue(path: &Path) -> Result<Catalogue, AskError> {
    Catalogue::parse(&read_file(path, MAX_SPECS_BYTES)?, &origin(path))
}

fn origin(path: &Path) -> String {
    path.display().to_string()
}

pub(super) fn read_file(path: &Path, limit: usize) -> Result<String, AskError> {
    let fail = |source| AskError::Read {
        origin: origin(path),
        source,
    };
    read_limited(File::open(path).map_err(fail)?, &origin(path), limit)
}

/// Reads at most one byte more than the limit.
fn read_limited(input: impl Read, origin: &str, limit: usize) -> Result<String, AskError> {
    let mut text = String::new();
    let read = input.take(limit as u64 + 1).read_to_string(&mut text);
    let found = read.map_err(|source| AskError::Read {
        origin: origin.to_owned(),
        source,
    })?;
    if found > limit {
        let origin = origin.to_owned();
        return Err(AskError::TooLarge(LocalError::TooLarge {
            origin,
            found,
            limit,
        }));
    }
    Ok(text)
}

/// Unit IDs are texts or whole numbers.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected unit IDs to be texts or whole numbers")]
enum UnitId {
    Text(String),
    Unsigned(u64),
    Signed(i64),
}

fn read_id_lists(path: &Path) -> Result<BTreeMap<String, Vec<String>>, AskError> {
    let text = read_file(path, MAX_ID_LISTS_BYTES)?;
    let lists: BTreeMap<String, Vec<UnitId>> = serde_json::from_str(&text)
        .map_err(|error| AskError::syntax(&origin(path), &error, ID_LISTS_HINT))?;
    let texts = lists.into_iter().map(|(name, ids)| {
        let ids = ids.into_iter().map(|id| match id {
            UnitId::Text(id) => id,
            UnitId::Unsigned(id) => id.to_string(),
            UnitId::Signed(id) => id.to_string(),
        });
        (name, ids.collect())
    });
    Ok(texts.collect())
}

fn read_user(argument: &str, terminal: &mut Terminal<'_>) -> Result<StatsigUser, AskError> {
    let (origin, text) = if argument == "-" {
        let input = &mut *terminal.input;
        let text = read_limited(input, "the input", MAX_USER_BYTES)?;
        ("the input", text)
    } else if let Some(path) = argument.strip_prefix('@') {
        (path, read_file(Path::new(path), MAX_USER_BYTES)?)
    } else {
        ("--user", argument.to_owned())
    };
    // First for the fields that are ignored, then for those that count.
    let fail = |error| AskError::syntax(origin, &error, USER_HINT);
    let fields: BTreeMap<String, Value> = serde_json::from_str(&text).map_err(fail)?;
    let plain = |text: &str| text.replace(['_', '-'], "").to_lowercase();
    for field in fields.keys().map(String::as_str) {
        if USER_FIELDS.contains(&field) {
            continue;
        }
        let mut known = USER_FIELDS.iter();
        let hint = match known.find(|known| plain(known) == plain(field)) {
            Some(meant) => &format!("did you mean `{meant}`?"),
            None => "fields of your own belong into `custom` or `privateAttributes`",
        };
        let notes = &mut terminal.notes;
        writeln!(notes, "note: the user's field `{field}` is ignored; {hint}")?;
    }
    serde_json::from_str(&text).map_err(fail)
}
