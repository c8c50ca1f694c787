//! Compiled conditions: the origin of the value, and a test with a parsed operand. Large parts are
//! shared, so that the next specs can take over a condition at low cost.

use std::sync::Arc;

use fancy_regex::Regex;

use super::EntryId;
use super::spec::UnitIdType;
use crate::hash::{FastMap, SaltedHash};
use crate::specs::symbols::Symbol;
use crate::text::SharedStr;

/// One condition of a rule.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all conditions are comparisons: boxing them would cost a jump each"
)]
pub enum Condition {
    /// All users.
    Public,
    /// Whether another gate passes or fails.
    Gate { gate: Option<EntryId>, passes: bool },
    /// Whether a value passes a test, or fails it if the test is negated.
    Compare {
        subject: Subject,
        /// The name in the specs, for explanations.
        operator: Symbol,
        test: Test,
        negated: bool,
    },
    /// A condition type that this SDK does not know.
    Unsupported(SharedStr),
}

/// The origin of a comparison's value.
#[derive(Debug, Clone)]
pub enum Subject {
    UserField(Option<FieldName>),
    /// A user field that may be derived from another field.
    Derived {
        field: FieldName,
        from: Source,
    },
    EnvironmentField(Option<FieldName>),
    CurrentTime,
    /// The bucket out of 1000.
    UserBucket(Bucket),
    UnitId(UnitIdType),
    TargetApp,
    /// The group name of an experiment.
    ExperimentGroup(Option<EntryId>),
}

/// Identifies a bucket of a user.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Equal for all conditions with the same bucket. The groups of an experiment share a bucket.
    pub id: BucketId,
    pub salt: Arc<SaltedHash>,
    pub unit: UnitIdType,
}

/// Identifies a bucket within one set of specs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketId(pub u32);

/// The source of a derived field, used if the user lacks the field.
#[derive(Debug, Clone)]
pub enum Source {
    /// The country, from this field with an IP address.
    Ip(FieldName),
    /// Browser or operating system, from this field with a user agent.
    UserAgent(FieldName),
}

/// A field, by the name in the condition.
#[derive(Debug, Clone)]
pub struct FieldName {
    pub exact: SharedStr,
    pub lower: SharedStr,
    /// The user's own field that wins over custom fields, unless it is empty.
    pub top_level: Option<TopLevelField>,
    /// The user's own field that is the last fallback.
    pub alias_of: Option<TopLevelField>,
}

/// One of the user's own fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopLevelField {
    UserId,
    Email,
    Ip,
    Country,
    Locale,
    AppVersion,
    UserAgent,
}

impl FieldName {
    pub fn new(field: &str) -> Self {
        let lower = field.to_lowercase();
        let top_level = match lower.as_str() {
            "userid" => Some(TopLevelField::UserId),
            "email" => Some(TopLevelField::Email),
            "ip" => Some(TopLevelField::Ip),
            "country" => Some(TopLevelField::Country),
            "locale" => Some(TopLevelField::Locale),
            "appversion" => Some(TopLevelField::AppVersion),
            "useragent" => Some(TopLevelField::UserAgent),
            _ => None,
        };
        let alias_of = match lower.as_str() {
            "user_id" => Some(TopLevelField::UserId),
            "app_version" => Some(TopLevelField::AppVersion),
            "user_agent" => Some(TopLevelField::UserAgent),
            _ => None,
        };
        Self {
            exact: field.into(),
            lower: lower.into(),
            top_level,
            alias_of,
        }
    }
}

/// The test of a value. A negated form (`none`, `neq`, …) has the test of the positive form.
#[derive(Debug, Clone)]
pub enum Test {
    /// `gt`, `gte`, `lt`, `lte`. Without a number as the target, the result is false.
    Number { order: Order, target: Option<f64> },
    /// `version_gt` and its variants. Without a text as the target, the result is false.
    Version {
        order: Order,
        target: Option<Version>,
    },
    /// `any`, `none`.
    Any(Members),
    /// `any`, `none` for a bucket, which is a number below 1000.
    BucketAny(BucketSet),
    /// `any_case_sensitive`, `none_case_sensitive`.
    AnyCaseSensitive(Members),
    /// `str_starts_with_any` and its variants. The parts are lower-cased.
    Part { place: Place, parts: Vec<SharedStr> },
    /// `str_matches`. An invalid pattern matches nothing.
    Matches(Option<Arc<Regex>>),
    /// `before`, `after`, `on`, in epoch milliseconds.
    Time {
        order: TimeOrder,
        target: Option<i64>,
    },
    /// `eq`, `neq`.
    Equals(Operand),
    /// `in_segment_list`, `not_in_segment_list`.
    IdList(Option<SharedStr>),
    /// `array_contains_any` and its variants. `None` if the target is not an array; the result is
    /// then false.
    Array {
        wanted: ArrayMatch,
        members: Option<Vec<SharedStr>>,
    },
    /// An unknown operator, or a missing operator.
    Unsupported,
}

/// The required order of two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
}

impl Order {
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
        }
    }
}

/// The required order of two times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeOrder {
    Before,
    After,
    /// On the same UTC day.
    On,
}

/// The required position of a part in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Start,
    End,
    Anywhere,
}

/// The required relation of an array to the members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrayMatch {
    Any,
    None,
    All,
    NotAll,
}

/// The components of a version. A component that is not a number makes the comparison false when it
/// is reached.
#[derive(Debug, Clone)]
pub struct Version(pub Vec<Option<i128>>);

impl Version {
    /// The parts between the dots before the first `-`, as numbers.
    pub fn components(text: &str) -> impl Iterator<Item = Option<i128>> + '_ {
        let release = text.split_once('-').map_or(text, |(release, _)| release);
        release
            .split('.')
            .map(|component| component.trim().parse().ok())
    }
}

/// A set of texts.
#[derive(Debug, Clone)]
pub enum Members {
    /// A small set, for which linear search is fastest.
    Few(Vec<SharedStr>),
    Many(Arc<FastMap<SharedStr, ()>>),
}

impl Members {
    const FEW: usize = 4;

    pub fn contains(&self, text: &str) -> bool {
        match self {
            Self::Few(members) => members.iter().any(|member| member == text),
            Self::Many(members) => members.contains_key(text),
        }
    }
}

impl FromIterator<SharedStr> for Members {
    fn from_iter<I: IntoIterator<Item = SharedStr>>(members: I) -> Self {
        let mut members: Vec<_> = members.into_iter().collect();
        if members.len() > Self::FEW {
            let members = members.into_iter().map(|member| (member, ())).collect();
            return Self::Many(Arc::new(members));
        }
        members.shrink_to_fit();
        Self::Few(members)
    }
}

/// A set of buckets out of 1000.
#[derive(Debug, Clone, Copy, Default)]
pub struct BucketSet([u64; 16]);

impl BucketSet {
    pub const BUCKETS: u64 = 1000;

    pub fn insert(&mut self, bucket: u64) {
        if let Some(word) = self.0.get_mut((bucket / 64) as usize) {
            *word |= 1 << (bucket % 64);
        }
    }

    pub fn contains(self, bucket: u64) -> bool {
        self.0
            .get((bucket / 64) as usize)
            .is_some_and(|word| word & (1 << (bucket % 64)) != 0)
    }
}

/// The target of `eq`.
#[derive(Debug, Clone)]
pub enum Operand {
    Null,
    Bool(bool),
    Number(f64),
    Text(SharedStr),
    /// Elements with their position in the target. Elements that differ only in case collapse to
    /// the last of them.
    Array(Vec<(usize, SharedStr)>),
    /// The texts of the members by key.
    Object(Vec<(SharedStr, SharedStr)>),
}
