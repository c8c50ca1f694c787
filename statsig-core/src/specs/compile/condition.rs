//! Compiles a condition. The operand is parsed once, here.

use std::sync::Arc;

use fancy_regex::Regex;
use serde_json::Value;

use super::Compiler;
use crate::hash::{FastMap, SaltedHash};
use crate::specs::compiled::UnitIdType;
use crate::specs::compiled::condition::{
    ArrayMatch, Bucket, BucketSet, Condition, FieldName, Members, Operand, Order, Place, Source,
    Subject, Test, TimeOrder, Version,
};
use crate::specs::model;
use crate::text::SharedStr;
use crate::value::{float_of, float_of_number, lower_case, target_text_of, target_time_of};

pub(in crate::specs) fn compile(
    condition: &model::Condition<'_>,
    compiler: &mut Compiler<'_>,
) -> Condition {
    let target = condition.target_value.as_ref();
    let field = || condition.field.as_ref().map(|field| FieldName::new(field));
    let subject = match &*condition.kind {
        "public" => return Condition::Public,
        kind @ ("pass_gate" | "fail_gate") => {
            let name = target
                .and_then(Value::as_str)
                .filter(|name| !name.is_empty());
            return Condition::Gate {
                gate: name.map(|name| compiler.entry(name)),
                passes: kind == "pass_gate",
            };
        }
        "user_field" => Subject::UserField(field()),
        "ip_based" => derived(field(), |field| {
            (field.exact == "country").then(|| Source::Ip(FieldName::new("ip")))
        }),
        "ua_based" => derived(field(), |field| {
            USER_AGENT_PARTS
                .contains(&field.lower.as_str())
                .then(|| Source::UserAgent(FieldName::new("userAgent")))
        }),
        "environment_field" => Subject::EnvironmentField(field()),
        "current_time" => Subject::CurrentTime,
        "user_bucket" => Subject::UserBucket(bucket(condition, compiler)),
        "unit_id" => Subject::UnitId(UnitIdType::new(&condition.id_type)),
        "target_app" => Subject::TargetApp,
        "experiment_group" => {
            Subject::ExperimentGroup(condition.field.as_ref().map(|name| compiler.entry(name)))
        }
        kind => return Condition::Unsupported(kind.into()),
    };
    let operator = condition.operator.as_deref().unwrap_or_default();
    let target = target.unwrap_or(&Value::Null);
    let test = match subject {
        Subject::UserBucket(_) if matches!(operator, "any" | "none") => {
            Test::BucketAny(buckets(target))
        }
        _ => compile_test(operator, target),
    };
    Condition::Compare {
        subject,
        operator: compiler.symbol(operator),
        test,
        negated: NEGATED.contains(&operator),
    }
}

/// The operators that negate the test of another operator.
const NEGATED: [&str; 5] = [
    "none",
    "none_case_sensitive",
    "str_contains_none",
    "neq",
    "not_in_segment_list",
];

/// The parts of a user agent.
const USER_AGENT_PARTS: [&str; 8] = [
    "os_name",
    "osname",
    "os_version",
    "osversion",
    "browser_name",
    "browsername",
    "browser_version",
    "browserversion",
];

fn derived(field: Option<FieldName>, source: impl FnOnce(&FieldName) -> Option<Source>) -> Subject {
    let from = field.as_ref().and_then(source);
    match (field, from) {
        (Some(field), Some(from)) => Subject::Derived { field, from },
        (field, _) => Subject::UserField(field),
    }
}

fn bucket(condition: &model::Condition<'_>, compiler: &mut Compiler<'_>) -> Bucket {
    let values = condition.additional_values.iter();
    // For duplicates, the last entry wins.
    let salt = values
        .flat_map(|values| &values.0)
        .rfind(|(key, _)| &**key == "salt")
        .map_or("", |(_, salt)| salt);
    Bucket {
        id: compiler.bucket_id(salt, &condition.id_type),
        salt: Arc::new(SaltedHash::new(&format!("{salt}."))),
        unit: UnitIdType::new(&condition.id_type),
    }
}

fn compile_test(operator: &str, target: &Value) -> Test {
    let number = |order| Test::Number {
        order,
        target: float_of(target),
    };
    let version = |order| Test::Version {
        order,
        target: (target.as_str()).map(|text| Version(Version::components(text).collect())),
    };
    let part = |place| Test::Part {
        place,
        parts: lower_cased(target),
    };
    let time = |order| Test::Time {
        order,
        target: target_time(target),
    };
    let array = |wanted| Test::Array {
        wanted,
        members: array_members(target),
    };
    match operator {
        "gt" => number(Order::Greater),
        "gte" => number(Order::GreaterOrEqual),
        "lt" => number(Order::Less),
        "lte" => number(Order::LessOrEqual),
        "version_gt" => version(Order::Greater),
        "version_gte" => version(Order::GreaterOrEqual),
        "version_lt" => version(Order::Less),
        "version_lte" => version(Order::LessOrEqual),
        "version_eq" => version(Order::Equal),
        "version_neq" => version(Order::NotEqual),
        "any" | "none" => Test::Any(any_members(target)),
        "any_case_sensitive" | "none_case_sensitive" => {
            let members = array_members(target).unwrap_or_default();
            Test::AnyCaseSensitive(members.into_iter().collect())
        }
        "str_starts_with_any" => part(Place::Start),
        "str_ends_with_any" => part(Place::End),
        "str_contains_any" | "str_contains_none" => part(Place::Anywhere),
        "str_matches" => Test::Matches(
            target
                .as_str()
                .and_then(|text| Regex::new(text).ok())
                .map(Arc::new),
        ),
        "before" => time(TimeOrder::Before),
        "after" => time(TimeOrder::After),
        "on" => time(TimeOrder::On),
        "eq" | "neq" => Test::Equals(operand(target)),
        "in_segment_list" | "not_in_segment_list" => {
            Test::IdList(target.as_str().map(SharedStr::from))
        }
        "array_contains_any" => array(ArrayMatch::Any),
        "array_contains_none" => array(ArrayMatch::None),
        "array_contains_all" => array(ArrayMatch::All),
        "not_array_contains_all" => array(ArrayMatch::NotAll),
        _ => Test::Unsupported,
    }
}

/// Epoch milliseconds, as written. Unlike for users, a small number is not in seconds.
#[expect(
    clippy::cast_possible_truncation,
    reason = "saturating is what the protocol says"
)]
fn target_time(target: &Value) -> Option<i64> {
    let written = target.as_str().and_then(target_time_of);
    written.or_else(|| float_of(target).map(|number| number as i64))
}

/// The elements of an array. Elements that differ only in case collapse to the last of them, at its
/// position.
fn distinct_elements(elements: &[Value]) -> Vec<(usize, SharedStr)> {
    let mut last_of: FastMap<String, usize> = FastMap::default();
    for (place, element) in elements.iter().enumerate() {
        last_of.insert(target_text_of(element).to_lowercase(), place);
    }
    let mut places: Vec<_> = last_of.into_values().collect();
    places.sort_unstable();
    places
        .into_iter()
        .filter_map(|place| Some((place, (*target_text_of(elements.get(place)?)).into())))
        .collect()
}

/// Lower-cased elements of an array, or the keys of an object as written.
fn any_members(target: &Value) -> Members {
    match target {
        Value::Object(object) => object.keys().map(|key| key.as_str().into()).collect(),
        _ => lower_cased(target).into_iter().collect(),
    }
}

/// Elements as written.
fn array_members(target: &Value) -> Option<Vec<SharedStr>> {
    let elements = distinct_elements(target.as_array()?);
    Some(elements.into_iter().map(|(_, text)| text).collect())
}

/// Lower-cased elements of an array.
fn lower_cased(target: &Value) -> Vec<SharedStr> {
    let elements = target.as_array().into_iter().flatten();
    elements
        .map(|element| SharedStr::from(&*lower_case(&target_text_of(element))))
        .collect()
}

/// The members that can equal a bucket: whole numbers below 1000 in the service's notation.
fn buckets(target: &Value) -> BucketSet {
    let mut buckets = BucketSet::default();
    let mut insert = |text: &str| {
        if let Ok(bucket) = text.parse::<u64>()
            && bucket < BucketSet::BUCKETS
            && bucket.to_string() == text
        {
            buckets.insert(bucket);
        }
    };
    match target {
        Value::Array(all) => all
            .iter()
            .for_each(|element| insert(&target_text_of(element))),
        Value::Object(object) => object.keys().for_each(|key| insert(key)),
        _ => {}
    }
    buckets
}

fn operand(target: &Value) -> Operand {
    match target {
        Value::Null => Operand::Null,
        Value::Bool(value) => Operand::Bool(*value),
        Value::Number(number) => Operand::Number(float_of_number(number)),
        Value::String(text) => Operand::Text(text.as_str().into()),
        Value::Array(elements) => Operand::Array(distinct_elements(elements)),
        Value::Object(object) => Operand::Object(
            object
                .iter()
                .map(|(key, member)| (key.as_str().into(), (*target_text_of(member)).into()))
                .collect(),
        ),
    }
}
