//! Finds and reads the recorded answers of the official SDK.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::DateTime;
use flate2::read::GzDecoder;
use serde_json::{Map, Value};
use statsig::testing::OfflineClient;
use statsig::{StatsigOptions, StatsigOptionsBuilder, StatsigUser};

use crate::binary;
use crate::clock::FixedClock;
use crate::tally::Tally;

/// The variable with the directory of the data.
const DIRECTORY_VARIABLE: &str = "STATSIG_CONFORMANCE_DIR";
/// The suffixes of files with specs in the service's binary form: those with a JSON version, and
/// all.
const TWIN_SUFFIX: &str = "_dcs.pb.br";
const BINARY_SUFFIX: &str = ".pb.br";

/// The directory with the recorded answers. Its README describes every file.
#[derive(Debug)]
pub struct Conformance {
    directory: PathBuf,
    is_reduced: bool,
    users: Vec<(String, StatsigUser)>,
    id_lists: Vec<(String, Vec<[u8; 8]>)>,
    depends_on: Value,
    generated_at_ms: u64,
}

impl Conformance {
    /// Opens the data: in the directory in `STATSIG_CONFORMANCE_DIR`, or beside the repository, or
    /// the reduced set in the repository.
    ///
    /// # Panics
    /// If the variable contains no such directory, or the data is unreadable.
    #[must_use]
    pub fn find() -> Self {
        if let Some(directory) = std::env::var_os(DIRECTORY_VARIABLE) {
            let directory = PathBuf::from(directory);
            let cases = directory.join("cases.json");
            assert!(cases.is_file(), "expected {}", cases.display());
            return Self::read(directory);
        }
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        let beside = tests.join("../../shared/conformance");
        if beside.join("cases.json").is_file() {
            return Self::read(beside);
        }
        Self::read(tests.join("conformance/data"))
    }

    /// Whether this is the reduced set in the repository.
    #[must_use]
    pub fn is_reduced(&self) -> bool {
        self.is_reduced
    }

    /// Whether this file exists.
    #[must_use]
    pub fn has(&self, file: &str) -> bool {
        self.directory.join(file).is_file()
    }

    fn read(directory: PathBuf) -> Self {
        let mut data = Self {
            directory,
            is_reduced: false,
            users: Vec::new(),
            id_lists: Vec::new(),
            depends_on: Value::Null,
            generated_at_ms: 0,
        };
        data.is_reduced = data.json("cases.json")["is_reduced"] == true;
        for line in data.lines("users.jsonl") {
            let id = text(&line["id"]);
            let user = serde_json::from_value(line["user"].clone());
            data.users.push((id, user.expect("a user of users.jsonl")));
        }
        for (name, list) in entries(&data.json("id_lists.json")) {
            let hashes = items(&list["hashes"]).iter();
            let lookups = hashes.map(|hash| text(hash).into_bytes().try_into().expect("8 bytes"));
            data.id_lists.push((name.clone(), lookups.collect()));
        }
        data.depends_on = data.json("depends_on.json");
        data.generated_at_ms = data.json("time_dependent.json")["generated_at_ms"]
            .as_u64()
            .expect("a time");
        data
    }

    /// The text of a file, decompressed if its name ends in `.gz` or if only a file with that
    /// ending exists. Specs in the service's binary form are returned as JSON.
    ///
    /// # Panics
    /// If the file does not exist.
    #[must_use]
    pub fn text(&self, file: &str) -> String {
        let compressed = format!("{file}.gz");
        let is_compressed = !self.has(file) && self.has(&compressed);
        let file = if is_compressed { &compressed } else { file };
        let path = self.directory.join(file);
        if file.ends_with(BINARY_SUFFIX) {
            let read = std::fs::read(&path).map_err(|problem| problem.to_string());
            let twin = self.json_twin(file);
            let json = read.and_then(|body| binary::to_json(&body, twin.as_ref()));
            return json.unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
        }
        let mut reader: Box<dyn Read> = match File::open(&path) {
            Ok(plain) if file.ends_with(".gz") => Box::new(GzDecoder::new(plain)),
            Ok(plain) => Box::new(plain),
            Err(problem) => panic!("{}: {problem}", path.display()),
        };
        let mut text = String::new();
        reader
            .read_to_string(&mut text)
            .unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
        text
    }

    /// The file with the same specs in the service's binary form, if there is one.
    #[must_use]
    pub fn binary_twin(&self, case: &Case) -> Option<String> {
        let file = format!("specs_binary/{}{TWIN_SUFFIX}", case.spec_name());
        self.has(&file).then_some(file)
    }

    /// The same specs in JSON, if there are any.
    fn json_twin(&self, binary: &str) -> Option<Value> {
        let name = binary.rsplit('/').next()?.strip_suffix(TWIN_SUFFIX)?;
        let files = ["json", "json.gz"].map(|suffix| format!("specs/{name}.{suffix}"));
        let mut files = files.iter();
        let file = files.find(|file| self.has(file))?;
        Some(self.json(file))
    }

    /// A file with one JSON value.
    ///
    /// # Panics
    /// If the file is not JSON.
    #[must_use]
    pub fn json(&self, file: &str) -> Value {
        parse(&self.text(file))
    }

    /// A file with one JSON value a line.
    ///
    /// # Panics
    /// If a line is not JSON.
    #[must_use]
    pub fn lines(&self, file: &str) -> Vec<Value> {
        self.text(file).lines().map(parse).collect()
    }

    /// The number of lines in a file.
    #[must_use]
    pub fn line_count(&self, file: &str) -> u64 {
        self.text(file).lines().count() as u64
    }

    /// All recorded users, in order.
    #[must_use]
    pub fn users(&self) -> &[(String, StatsigUser)] {
        &self.users
    }

    /// A recorded user.
    ///
    /// # Panics
    /// If there is no user with this ID.
    #[must_use]
    pub fn user(&self, id: &str) -> &StatsigUser {
        let found = self.users.iter().find(|(known, _)| known == id);
        &found.unwrap_or_else(|| panic!("no user {id}")).1
    }

    /// A client as in `cases.json`. Its clock stands at the time of the recording, or at the time
    /// in the case.
    ///
    /// # Panics
    /// If the specs are invalid although answers were recorded with them.
    #[must_use]
    pub fn client(&self, case: &Case, specs: &str) -> OfflineClient {
        self.client_with(case, specs, |options| options)
    }

    /// The same with more options, which may replace those of the case.
    ///
    /// # Panics
    /// If the specs are invalid although answers were recorded with them.
    #[must_use]
    pub fn client_with(
        &self,
        case: &Case,
        specs: &str,
        more: impl FnOnce(StatsigOptionsBuilder) -> StatsigOptionsBuilder,
    ) -> OfflineClient {
        let now_ms = case.clock_ms.unwrap_or(self.generated_at_ms);
        let mut options = StatsigOptions::builder().clock(Arc::new(FixedClock(now_ms)));
        for (option, value) in entries(&case.options) {
            options = match option.as_str() {
                "environment" => options.environment(text(value)),
                "global_custom_fields" => entries(value).fold(options, |options, (name, value)| {
                    options.global_custom_field(name, value.clone())
                }),
                "disable_country_lookup" => options.disable_country_lookup(*value == true),
                // Every entity that depends on this option is skipped.
                "use_third_party_ua_parser" => options,
                unknown => panic!("{}: unknown option {unknown}", case.file),
            };
        }
        let options = more(options).build().expect("valid options");
        let client = match OfflineClient::new(specs, options.clone()) {
            Ok(client) => client,
            Err(problem) => {
                assert!(case.spec_name() == "not_a_spec", "{}: {problem}", case.spec);
                OfflineClient::without_specs(options)
            }
        };
        if case.has_id_lists {
            client.set_id_list_lookups(
                self.id_lists
                    .iter()
                    .map(|(name, lookups)| (name.as_str(), lookups.iter().copied())),
            );
        }
        client
    }

    /// The skipped entities of one kind (`gates`, `configs`, `layers`, `conditions`).
    #[must_use]
    pub fn skips(&self, case: &Case, sort: &str) -> Skips {
        let has_other_parser = case.options.get("use_third_party_ua_parser").is_some();
        let dependent = &self.depends_on["user_agent"][case.spec_name()][sort];
        let dependent = items(dependent).iter().map(text);
        Skips {
            need_other_parser: dependent.filter(|_| has_other_parser).collect(),
        }
    }

    /// The cases of one section of `cases.json`.
    #[must_use]
    pub fn cases(&self, section: &str) -> Vec<Case> {
        items(&self.json("cases.json")[section])
            .iter()
            .map(Case::read)
            .collect()
    }

    /// Every file with this suffix that `cases.json` does not contain.
    ///
    /// # Panics
    /// If the directory is unreadable.
    #[must_use]
    pub fn files(&self, folder: &str, suffix: &str) -> BTreeSet<String> {
        let listing = self.directory.join(folder).read_dir().expect("a folder");
        listing
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(suffix))
            .map(|name| format!("{folder}/{name}"))
            .collect()
    }
}

/// The skipped entities, with reasons.
#[derive(Debug)]
pub struct Skips {
    need_other_parser: BTreeSet<String>,
}

impl Skips {
    /// The reason to skip an entity, if there is one.
    #[must_use]
    pub fn reason(&self, name: &str) -> Option<&'static str> {
        self.need_other_parser
            .contains(name)
            .then_some("the other user-agent parser does not exist here")
    }
}

/// One file of recorded answers, and the inputs of the recording.
#[derive(Debug, Clone)]
pub struct Case {
    /// The file with the answers.
    pub file: String,
    /// The file with the specs.
    pub spec: String,
    /// The file with the values that answers refer to, if there is one.
    pub values: Option<String>,
    /// The file with the calls, if there is one.
    pub calls: Option<String>,
    /// The time at which the clock stood, if it did.
    pub clock_ms: Option<u64>,
    /// Whether the file contains the answers of many moments.
    pub is_by_clock: bool,
    options: Value,
    has_id_lists: bool,
}

impl Case {
    fn read(case: &Value) -> Self {
        let optional = |key: &str| case.get(key).map(text);
        Self {
            file: text(&case["file"]),
            spec: text(&case["spec"]),
            values: optional("values"),
            calls: optional("calls"),
            clock_ms: optional("clock").map(|clock| {
                let time = DateTime::parse_from_rfc3339(&clock).expect("a time");
                u64::try_from(time.timestamp_millis()).expect("a time after 1970")
            }),
            is_by_clock: case["by_clock"] == true,
            options: case["options"].clone(),
            has_id_lists: case["id_lists"] == true,
        }
    }

    /// A case with default options for a file that `cases.json` does not contain.
    #[must_use]
    pub fn plain(file: &str, spec: &str) -> Self {
        Self {
            file: file.to_owned(),
            spec: spec.to_owned(),
            values: None,
            calls: None,
            clock_ms: None,
            is_by_clock: false,
            options: Value::Null,
            has_id_lists: false,
        }
    }

    /// The same answers, with the specs of another file.
    #[must_use]
    pub fn with_specs(&self, file: String) -> Self {
        Self {
            spec: file,
            ..self.clone()
        }
    }

    /// Whether the specs are in the service's binary form.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        self.spec.ends_with(BINARY_SUFFIX)
    }

    /// The name of the specs, without folder and suffix.
    #[must_use]
    pub fn spec_name(&self) -> &str {
        let name = self.spec.rsplit('/').next().unwrap_or_default();
        let name = name.strip_suffix(TWIN_SUFFIX).unwrap_or(name);
        name.split('.').next().unwrap_or_default()
    }
}

/// A named comparison.
pub type Job<'a> = (String, Box<dyn Fn() -> Tally + Send + Sync + 'a>);

/// Runs all jobs on as many threads as there are processors. Prints a line for each job when it
/// ends, and returns the sum.
///
/// # Panics
/// If a job panics.
#[must_use]
pub fn run(jobs: &[Job<'_>]) -> Tally {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut sum = Tally::default();
        while let Some((name, compare)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let tally = compare();
            println!("{name}: {tally}");
            sum.merge(&tally);
        }
        sum
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut sum = Tally::default();
        for worker in workers {
            sum.merge(&worker.join().expect("a job panicked"));
        }
        sum
    })
}

/// Prints the skipped answers, the differences and the last line. Fails on any difference.
///
/// # Panics
/// If an answer differs, or nothing was compared.
pub fn conclude(suite: &str, sum: &Tally) {
    for (reason, answers) in &sum.skipped {
        println!("skipped {answers}: {reason}");
    }
    for example in &sum.examples {
        println!("{example}");
    }
    println!("{suite}: {sum}");
    assert_eq!(sum.different, 0, "the first differences are listed above");
    assert!(sum.equal > 0, "expected something to compare");
}

/// Prints that the reduced set does not contain the data of a test.
pub fn announce_absence(suite: &str) {
    println!(
        "{suite}: skipped, the reduced set of recorded answers has none; {DIRECTORY_VARIABLE} names the full set"
    );
}

fn parse(text: &str) -> Value {
    text.parse().unwrap_or_else(|problem| {
        let start: String = text.chars().take(80).collect();
        panic!("{problem} in {start}")
    })
}

/// The text of a JSON string.
///
/// # Panics
/// If the value is not a string.
#[must_use]
pub fn text(value: &Value) -> String {
    let text = value.as_str();
    text.unwrap_or_else(|| panic!("expected a text, found {value}"))
        .to_owned()
}

/// The elements of a JSON array; none for other values.
#[must_use]
pub fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The entries of a JSON object; none for other values.
pub fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}
