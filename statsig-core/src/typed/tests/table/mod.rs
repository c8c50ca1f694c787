//! Every field type with every served value: the value, its origin, its exposure, and the reports.

mod own_decoding;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::num::{NonZero, NonZeroU8};
use std::time::Duration;

use serde_json::json;

use super::*;

/// The outcome of loading a struct with one parameter `value`, in one line.
fn outcome<P: StatsigParams + fmt::Debug>(served: Option<&Value>) -> String {
    let fake = Fake::new(match served {
        Some(value) => json!({ "value": value }),
        None => json!({}),
    });
    let strict = fake.try_load::<P>().map(drop);
    let loaded = fake.load::<P>();
    let value = format!("{:?}", loaded.peek());
    let (_, value) = value.split_once("value: ").unwrap();
    let value = value.strip_suffix(" }").unwrap();
    let _access: &P::View = &loaded;
    let is_exposed = fake.exposed() == ["value"];
    let origin = loaded.origin("value").unwrap();
    assert_eq!(is_exposed, origin == ParamOrigin::Served, "{value}");
    assert_eq!(strict.is_err(), origin == ParamOrigin::Mismatch, "{value}");
    match (origin, strict) {
        (ParamOrigin::Served, _) => format!("{value} served"),
        (_, Err(error)) => {
            let report = error.to_string();
            let (place, report) = report.split_once(": expected ").unwrap();
            assert!(
                place.ends_with(".value: layer \"l\", rule \"rule\", group \"Test\""),
                "{place}"
            );
            format!("{value} mismatch: expected {report}")
        }
        _ => format!("{value} default"),
    }
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "l")]
struct One<T> {
    #[statsig(default)]
    value: T,
}

/// Each row is a served value (`-` for none) and its outcome.
macro_rules! table {
    ($($ty:ty { $($served:tt => $expected:literal)* })*) => {$(
        $(assert_eq!(outcome::<$ty>(served!($served).as_ref()), $expected, "{} of {}", stringify!($ty), stringify!($served));)*
    )*};
}

macro_rules! served {
    (-) => {
        None::<Value>
    };
    ($served:tt) => {
        Some(json!($served))
    };
}
use {served, table};

#[test]
fn scalars() {
    table! {
        One<bool> {
            true => "true served"
            - => "false default"
            null => "false mismatch: expected true or false, found null"
            "true" => "false mismatch: expected true or false, found \"true\""
            1 => "false mismatch: expected true or false, found 1"
        }
        One<i8> {
            (-128) => "-128 served"
            2.0 => "2 served"
            - => "0 default"
            null => "0 mismatch: expected an integer in -128..=127, found null"
            "1" => "0 mismatch: expected an integer in -128..=127, found \"1\""
            128 => "0 mismatch: expected an integer in -128..=127, found 128"
            1.5 => "0 mismatch: expected an integer in -128..=127, found 1.5"
        }
        One<u8> {
            255 => "255 served"
            - => "0 default"
            null => "0 mismatch: expected an integer in 0..=255, found null"
            true => "0 mismatch: expected an integer in 0..=255, found true"
            (-1) => "0 mismatch: expected an integer in 0..=255, found -1"
        }
        One<i16> { 7 => "7 served" 40_000 => "0 mismatch: expected an integer in -32768..=32767, found 40000" }
        One<u16> { 7 => "7 served" 70_000 => "0 mismatch: expected an integer in 0..=65535, found 70000" }
        One<i32> { 7 => "7 served" 3e9 => "0 mismatch: expected an integer in -2147483648..=2147483647, found 3000000000.0" }
        One<u32> { 7 => "7 served" 5e9 => "0 mismatch: expected an integer in 0..=4294967295, found 5000000000.0" }
        One<i64> { (i64::MIN) => "-9223372036854775808 served" [] => "0 mismatch: expected an integer in -9223372036854775808..=9223372036854775807, found []" }
        One<u64> { (u64::MAX) => "18446744073709551615 served" (-1) => "0 mismatch: expected an integer in 0..=18446744073709551615, found -1" }
        One<isize> { 7 => "7 served" {} => "0 mismatch: expected an integer in -9223372036854775808..=9223372036854775807, found {}" }
        One<usize> { 7 => "7 served" "7" => "0 mismatch: expected an integer in 0..=18446744073709551615, found \"7\"" }
        One<i128> { 7 => "7 served" - => "0 default" }
        One<u128> { 7 => "7 served" (-7) => "0 mismatch: expected an integer in 0..=340282366920938463463374607431768211455, found -7" }
        One<f64> {
            0.5 => "0.5 served"
            3 => "3.0 served"
            - => "0.0 default"
            null => "0.0 mismatch: expected a number, found null"
            "0.5" => "0.0 mismatch: expected a number, found \"0.5\""
        }
        One<f32> {
            0.5 => "0.5 served"
            - => "0.0 default"
            null => "0.0 mismatch: expected a number, found null"
            1e39 => "0.0 mismatch: expected a number in -3.4028235e38..=3.4028235e38, found 1e+39"
        }
        One<char> {
            "ß" => "'ß' served"
            - => "'\\0' default"
            null => "'\\0' mismatch: expected a string of one character, found null"
            "ab" => "'\\0' mismatch: expected a string of one character, found \"ab\""
            1 => "'\\0' mismatch: expected a string of one character, found 1"
        }
        One<Option<NonZeroU8>> {
            3 => "Some(3) served"
            - => "None default"
            null => "None served"
            0 => "None mismatch: expected an integer other than 0, found 0"
            "3" => "None mismatch: expected an integer in 0..=255, found \"3\""
        }
        One<Option<NonZero<i64>>> { (-3) => "Some(-3) served" 0 => "None mismatch: expected an integer other than 0, found 0" }
    }
}

#[test]
fn texts() {
    table! {
        One<String> {
            "a" => "\"a\" served"
            - => "\"\" default"
            null => "\"\" mismatch: expected a string, found null"
            1 => "\"\" mismatch: expected a string, found 1"
        }
        One<Box<str>> { "a" => "\"a\" served" - => "\"\" default" null => "\"\" mismatch: expected a string, found null" }
        One<Arc<str>> { "a" => "\"a\" served" - => "\"\" default" [] => "\"\" mismatch: expected a string, found []" }
        One<Cow<'static, str>> { "a" => "\"a\" served" - => "\"\" default" {} => "\"\" mismatch: expected a string, found {}" }
        One<Option<String>> {
            "a" => "Some(\"a\") served"
            - => "None default"
            null => "None served"
            1 => "None mismatch: expected a string, found 1"
        }
    }
}

#[test]
fn collections_and_json() {
    table! {
        One<Vec<u8>> {
            [1, 2] => "[1, 2] served"
            - => "[] default"
            null => "[] mismatch: expected a list, found null"
            {"0": 1} => "[] mismatch: expected a list, found {\"0\":1}"
            [1, 300] => "[] mismatch: expected an integer in 0..=255, found [1,300] (at [1])"
        }
        One<BTreeSet<char>> { ["b", "a"] => "{'a', 'b'} served" "ab" => "{} mismatch: expected a list, found \"ab\"" }
        One<HashSet<u8>> { [1, 1] => "{1} served" null => "{} mismatch: expected a list, found null" }
        One<[u8; 2]> {
            [1, 2] => "[1, 2] served"
            - => "[0, 0] default"
            null => "[0, 0] mismatch: expected a list, found null"
            [1] => "[0, 0] mismatch: expected a list of 2, found [1]"
        }
        One<BTreeMap<String, bool>> {
            {"a": true} => "{\"a\": true} served"
            - => "{} default"
            null => "{} mismatch: expected an object, found null"
            [] => "{} mismatch: expected an object, found []"
            {"a": 1} => "{} mismatch: expected true or false, found {\"a\":1} (at .a)"
        }
        One<HashMap<String, Vec<u8>>> { {"a": [1]} => "{\"a\": [1]} served" 1 => "{} mismatch: expected an object, found 1" }
        One<Value> {
            "a" => "String(\"a\") served"
            - => "Null default"
            null => "Null served"
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, ParamEnum)]
#[statsig(rename_all = "snake_case")]
enum Tone {
    #[default]
    Friendly,
    VeryFormal,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, ParamEnum)]
enum Open {
    #[default]
    Known,
    #[statsig(other)]
    Other,
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "l")]
struct Timed {
    #[statsig(default = 1_500, unit = "ms", range = 0..=60_000)]
    value: Duration,
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "l")]
struct MaybeTimed {
    #[statsig(unit = "m")]
    value: Option<Duration>,
}

#[test]
fn enums_and_durations() {
    table! {
        One<Tone> {
            "very_formal" => "VeryFormal served"
            - => "Friendly default"
            null => "Friendly mismatch: expected one of \"friendly\", \"very_formal\", found null"
            1 => "Friendly mismatch: expected one of \"friendly\", \"very_formal\", found 1"
            "rude" => "Friendly mismatch: expected one of \"friendly\", \"very_formal\", found \"rude\""
        }
        One<Open> {
            "Known" => "Known served"
            "else" => "Other served"
            null => "Known mismatch: expected a string, found null"
        }
        Timed {
            250 => "250ms served"
            0.5 => "500µs served"
            - => "1.5s default"
            null => "1.5s mismatch: expected a number of milliseconds in 0.0..=60000.0, found null"
            "250ms" => "1.5s mismatch: expected a number of milliseconds in 0.0..=60000.0, found \"250ms\""
            60_001 => "1.5s mismatch: expected a number of milliseconds in 0.0..=60000.0, found 60001"
        }
        MaybeTimed {
            2 => "Some(120s) served"
            - => "None default"
            null => "None served"
            (-1) => "None mismatch: expected a number of minutes, found -1"
        }
    }
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "l")]
struct Ranged {
    #[statsig(default = 0.1, range = 0.0..=0.9)]
    value: f64,
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "l")]
struct Clamped {
    #[statsig(range = 1..=10, clamp)]
    value: Option<u32>,
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "l")]
struct Listed {
    #[statsig(default = "red", one_of = ["red", "blue"])]
    value: String,
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "l")]
struct Filled {
    #[statsig(default = ["US"].map(String::from), non_empty)]
    value: Vec<String>,
}

fn is_even(value: &u8) -> bool {
    value.is_multiple_of(2)
}

fn starts_upper(value: &str) -> Result<(), &'static str> {
    let first = value.chars().next();
    if first.is_some_and(char::is_uppercase) {
        Ok(())
    } else {
        Err("starts in lower case")
    }
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "l")]
struct Even {
    #[statsig(default = 2, validate = is_even)]
    value: u8,
}

#[derive(Debug, StatsigParams)]
#[statsig(layer = "l")]
struct Upper {
    #[statsig(default = "A", validate = starts_upper)]
    value: String,
}

#[test]
fn constraints() {
    table! {
        Ranged {
            0.9 => "0.9 served"
            0 => "0.0 served"
            - => "0.1 default"
            null => "0.1 mismatch: expected a number in 0.0..=0.9, found null"
            "x" => "0.1 mismatch: expected a number in 0.0..=0.9, found \"x\""
            1.2 => "0.1 mismatch: expected a number in 0.0..=0.9, found 1.2"
        }
        Clamped {
            10 => "Some(10) served"
            - => "None default"
            null => "None served"
            "x" => "None mismatch: expected a number in 1..=10, found \"x\""
            0 => "Some(1) mismatch: expected a number in 1..=10, found 0"
            99 => "Some(10) mismatch: expected a number in 1..=10, found 99"
        }
        Listed {
            "blue" => "\"blue\" served"
            - => "\"red\" default"
            null => "\"red\" mismatch: expected a string, found null"
            "green" => "\"red\" mismatch: expected one of \"red\", \"blue\", found \"green\""
        }
        Filled {
            ["CA"] => "[\"CA\"] served"
            - => "[\"US\"] default"
            [] => "[\"US\"] mismatch: expected a list that is not empty, found []"
        }
        Even {
            4 => "4 served"
            - => "2 default"
            null => "2 mismatch: expected an integer in 0..=255, found null"
            3 => "2 mismatch: expected a value that passes `is_even`, found 3"
        }
        Upper {
            "B" => "\"B\" served"
            "b" => "\"A\" mismatch: expected a value that passes `starts_upper`, found \"b\" (starts in lower case)"
        }
    }
}
