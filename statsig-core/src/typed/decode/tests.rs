//! Decoding and encoding of each type.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::num::NonZero;
use std::sync::Arc;

use serde_json::json;

use super::*;

fn expected<T: FromParam>(value: &Value) -> String {
    match T::from_param(value) {
        Ok(_) => "accepted".to_owned(),
        Err(wrong) => match wrong.into_parts() {
            (expected, None) => expected,
            (expected, Some(problem)) => format!("{expected} ({problem})"),
        },
    }
}

macro_rules! accepts {
    ($($ty:ty: ($($value:tt)+) => $decoded:expr;)*) => {$(
        assert_eq!(<$ty>::from_param(&json!($($value)+)), Ok($decoded), "{} from {}", stringify!($ty), json!($($value)+));
    )*};
}

macro_rules! refuses {
    ($($ty:ty: ($($value:tt)+) => $expected:expr;)*) => {$(
        assert_eq!(expected::<$ty>(&json!($($value)+)), $expected, "{} from {}", stringify!($ty), json!($($value)+));
    )*};
}

#[test]
fn scalars_decode() {
    accepts! {
        bool: (true) => true;
        i8: (-128) => -128;
        u8: (255) => 255;
        i16: (1.0) => 1;
        u32: (4_294_967_295_u32) => u32::MAX;
        i64: (1.0) => 1;
        i64: (-0.0) => 0;
        i64: (1e18) => 1_000_000_000_000_000_000;
        i64: (i64::MIN) => i64::MIN;
        u64: (u64::MAX) => u64::MAX;
        u128: (u64::MAX) => u128::from(u64::MAX);
        i128: (u64::MAX) => i128::from(u64::MAX);
        usize: (7) => 7;
        isize: (-7) => -7;
        f64: (1) => 1.0;
        f64: (0.1) => 0.1;
        f64: (u64::MAX) => u64::MAX as f64;
        f32: (0.5) => 0.5;
        f32: (0.1) => 0.1;
        String: ("") => String::new();
        Box<str>: ("b") => "b".into();
        Arc<str>: ("a") => "a".into();
        char: ("ß") => 'ß';
        Cow<'static, str>: ("c") => Cow::Borrowed("c");
        NonZero<u8>: (5) => NonZero::new(5).unwrap();
        NonZero<i64>: (-5) => NonZero::new(-5).unwrap();
        Value: (null) => Value::Null;
        Value: ({"a": [1]}) => json!({"a": [1]});
    }
}

#[test]
fn scalars_refuse_other_types_and_ranges() {
    refuses! {
        bool: (1) => "true or false";
        bool: ("true") => "true or false";
        bool: (null) => "true or false";
        u8: (300) => "an integer in 0..=255";
        u8: (-1) => "an integer in 0..=255";
        u8: (1.5) => "an integer in 0..=255";
        u8: ("1") => "an integer in 0..=255";
        u8: (null) => "an integer in 0..=255";
        i64: (9_223_372_036_854_775_808_u64) => "an integer in -9223372036854775808..=9223372036854775807";
        i64: (9.3e18) => "an integer in -9223372036854775808..=9223372036854775807";
        u64: (18_446_744_073_709_551_616.0) => "an integer in 0..=18446744073709551615";
        u64: (1e300) => "an integer in 0..=18446744073709551615";
        f64: ("0.1") => "a number";
        f64: (null) => "a number";
        f32: (1e39) => "a number in -3.4028235e38..=3.4028235e38";
        String: (1) => "a string";
        String: (null) => "a string";
        Box<str>: (["a"]) => "a string";
        Arc<str>: ({"a": 1}) => "a string";
        NonZero<u8>: (0) => "an integer other than 0";
        NonZero<u8>: (256) => "an integer in 0..=255";
        char: ("") => "a string of one character";
        char: ("ab") => "a string of one character";
        char: (1) => "a string of one character";
    }
}

#[test]
fn options_take_null() {
    accepts! {
        Option<u8>: (null) => None;
        Option<u8>: (1) => Some(1);
        Option<String>: ("a") => Some("a".to_owned());
        Option<Vec<Option<u8>>>: ([null, 2]) => Some(vec![None, Some(2)]);
    }
    refuses! {
        Option<u8>: ("1") => "an integer in 0..=255";
    }
    const { assert!(Option::<u8>::NULLABLE && !u8::NULLABLE) };
}

#[test]
fn collections_decode() {
    accepts! {
        Vec<u8>: ([]) => vec![];
        Vec<u8>: ([1, 2.0]) => vec![1, 2];
        [u8; 2]: ([1, 2]) => [1, 2];
        Vec<String>: (["b", "a", "b"]) => vec!["b".to_owned(), "a".to_owned(), "b".to_owned()];
        BTreeSet<i8>: ([2, 1, 2]) => BTreeSet::from([1, 2]);
        HashSet<char>: (["x", "y"]) => HashSet::from(['x', 'y']);
        BTreeMap<String, bool>: ({"on": true}) => BTreeMap::from([("on".to_owned(), true)]);
        HashMap<String, Vec<u8>>: ({"a": [1]}) => HashMap::from([("a".to_owned(), vec![1])]);
    }
}

#[test]
fn collections_say_where_the_problem_is() {
    refuses! {
        Vec<u8>: ({"0": 1}) => "a list";
        Vec<u8>: (null) => "a list";
        Vec<u8>: ([1, 300]) => "an integer in 0..=255 (at [1])";
        [u8; 2]: ([1]) => "a list of 2";
        [u8; 2]: ([1, "x"]) => "an integer in 0..=255 (at [1])";
        HashSet<bool>: ([true, null]) => "true or false (at [1])";
        BTreeMap<String, u8>: ([1]) => "an object";
        HashMap<String, Vec<bool>>: ({"on": [true, 0]}) => "true or false (at .on[1])";
    }
}

#[test]
fn values_are_written_as_they_are_read() {
    fn assert_repeats<T: FromParam + PartialEq + std::fmt::Debug>(json: Value) {
        let value = T::from_param(&json).unwrap();
        assert_eq!(value.to_param(), Some(json));
    }
    assert_repeats::<bool>(json!(true));
    assert_repeats::<u64>(json!(u64::MAX));
    assert_repeats::<NonZero<i8>>(json!(-3));
    assert_repeats::<f64>(json!(0.1));
    assert_repeats::<f32>(json!(0.5));
    assert_repeats::<f32>(json!(0.1));
    assert_repeats::<f32>(json!(1e38));
    assert_repeats::<char>(json!("ß"));
    assert_repeats::<Arc<str>>(json!("a"));
    assert_repeats::<Cow<'static, str>>(json!("a"));
    assert_repeats::<Option<u8>>(json!(null));
    assert_repeats::<Option<u8>>(json!(1));
    assert_repeats::<[Vec<u8>; 2]>(json!([[1], []]));
    assert_repeats::<BTreeMap<String, HashSet<u8>>>(json!({"a": [1]}));
    assert_repeats::<Value>(json!({"a": null}));
    assert_eq!(f64::NAN.to_param(), None);
    assert_eq!(u128::MAX.to_param(), None, "JSON numbers end before");
}
