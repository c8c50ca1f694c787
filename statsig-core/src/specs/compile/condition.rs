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
use crate::value::{lower_case, target_text_of, target_time_of};

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
        "experiment_group" => Subject::ExperimentGroup(
            condition
                .field
                .as_ref()
                .map(|experiment| compiler.entry(experiment)),
        ),
        kind => return Condition::Unsupported(kind.into()),
    };
    let operator = condition.operator.as_deref().unwrap_or_default();
    let target = target.unwrap_or(&Value::Null);
    let test = match subject {
        Subject::UserBucket(_) if matches!(operator, "any" | "none") => Test::BucketAny {
            buckets: buckets(target),
            negated: operator == "none",
        },
        _ => compile_test(operator, target),
    };
    Condition::Compare { subject, test }
}

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
    match field {
        None => Subject::UserField(None),
        Some(field) => match source(&field) {
            Some(from) => Subject::Derived { field, from },
            None => Subject::UserField(Some(field)),
        },
    }
}

fn bucket(condition: &model::Condition<'_>, compiler: &mut Compiler<'_>) -> Bucket {
    let salt = bucket_salt(condition);
    Bucket {
        id: compiler.bucket_id(salt, &condition.id_type),
        salt: Arc::new(SaltedHash::new(&format!("{salt}."))),
        unit: UnitIdType::new(&condition.id_type),
    }
}

fn bucket_salt<'a>(condition: &'a model::Condition<'_>) -> &'a str {
    let values = condition
        .additional_values
        .iter()
        .flat_map(|values| &values.0);
    // For duplicates, the last entry wins.
    values
        .rev()
        .find(|(key, _)| &**key == "salt")
        .map_or("", |(_, salt)| salt)
}

fn compile_test(operator: &str, target: &Value) -> Test {
    let number = |order| Test::Number {
        order,
        target: target_number(target),
    };
    let version = |order| Test::Version {
        order,
        target: target.as_str().map(version_of),
    };
    let part = |place, negated| Test::Part {
        place,
        parts: parts(target),
        negated,
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
        "any" => Test::Any {
            members: any_members(target),
            negated: false,
        },
        "none" => Test::Any {
            members: any_members(target),
            negated: true,
        },
        "any_case_sensitive" => Test::AnyCaseSensitive {
            members: exact_members(target),
            negated: false,
        },
        "none_case_sensitive" => Test::AnyCaseSensitive {
            members: exact_members(target),
            negated: true,
        },
        "str_starts_with_any" => part(Place::Start, false),
        "str_ends_with_any" => part(Place::End, false),
        "str_contains_any" => part(Place::Anywhere, false),
        "str_contains_none" => part(Place::Anywhere, true),
        "str_matches" => Test::Matches(
            target
                .as_str()
                .and_then(|text| Regex::new(text).ok())
                .map(Arc::new),
        ),
        "before" => time(TimeOrder::Before),
        "after" => time(TimeOrder::After),
        "on" => time(TimeOrder::On),
        "eq" => Test::Equals {
            target: operand(target),
            negated: false,
        },
        "neq" => Test::Equals {
            target: operand(target),
            negated: true,
        },
        "in_segment_list" => Test::IdList {
            list: list_name(target),
            negated: false,
        },
        "not_in_segment_list" => Test::IdList {
            list: list_name(target),
            negated: true,
        },
        "array_contains_any" => array(ArrayMatch::Any),
        "array_contains_none" => array(ArrayMatch::None),
        "array_contains_all" => array(ArrayMatch::All),
        "not_array_contains_all" => array(ArrayMatch::NotAll),
        _ => Test::Unsupported(operator.into()),
    }
}

fn target_number(target: &Value) -> Option<f64> {
    crate::value::float_of(target)
}

/// Epoch milliseconds, as written. Unlike for users, a small number is not in seconds.
#[expect(
    clippy::cast_possible_truncation,
    reason = "saturating is what the protocol says"
)]
fn target_time(target: &Value) -> Option<i64> {
    match target {
        Value::String(text) => {
            target_time_of(text).or_else(|| target_number(target).map(|number| number as i64))
        }
        _ => target_number(target).map(|number| number as i64),
    }
}

fn version_of(text: &str) -> Version {
    Version(Version::components(text).collect())
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
        .filter_map(|place| {
            Some((
                place,
                SharedStr::from(&*target_text_of(elements.get(place)?)),
            ))
        })
        .collect()
}

/// Lower-cased elements of an array, or the keys of an object as written.
fn any_members(target: &Value) -> Members {
    match target {
        Value::Array(elements) => elements
            .iter()
            .map(|element| SharedStr::from(&*lower_case(&target_text_of(element))))
            .collect(),
        Value::Object(object) => object
            .keys()
            .map(|key| SharedStr::from(key.as_str()))
            .collect(),
        _ => Members::from_iter([]),
    }
}

/// Elements as written.
fn exact_members(target: &Value) -> Members {
    array_members(target)
        .unwrap_or_default()
        .into_iter()
        .collect()
}

fn array_members(target: &Value) -> Option<Vec<SharedStr>> {
    let elements = target.as_array()?;
    Some(
        distinct_elements(elements)
            .into_iter()
            .map(|(_, text)| text)
            .collect(),
    )
}

/// Lower-cased elements, to search for in a text.
fn parts(target: &Value) -> Vec<SharedStr> {
    let elements = target.as_array().map(Vec::as_slice).unwrap_or_default();
    elements
        .iter()
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
        Value::Array(elements) => {
            elements
                .iter()
                .for_each(|element| insert(&target_text_of(element)));
        }
        Value::Object(object) => object.keys().for_each(|key| insert(key)),
        _ => {}
    }
    buckets
}

fn operand(target: &Value) -> Operand {
    match target {
        Value::Null => Operand::Null,
        Value::Bool(value) => Operand::Bool(*value),
        Value::Number(number) => Operand::Number(crate::value::float_of_number(number)),
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

fn list_name(target: &Value) -> Option<SharedStr> {
    target.as_str().map(SharedStr::from)
}
