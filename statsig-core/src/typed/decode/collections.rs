//! Decodes lists, sets and maps.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

use serde_json::{Map, Value};

use super::FromParam;
use crate::typed::schema::ParamKind;
use crate::typed::wrong_value::WrongValue;

impl<T: FromParam, const N: usize> FromParam for [T; N] {
    const KIND: ParamKind = ParamKind::Array;

    fn from_param(value: &Value) -> Result<Self, WrongValue> {
        let list: Vec<T> = elements(value)?;
        let array = list.try_into();
        array.map_err(|_| WrongValue::expected(format!("a list of {N}")))
    }

    fn to_param(&self) -> Option<Value> {
        list_of(self)
    }
}

fn list_of<'a, T: FromParam + 'a>(elements: impl IntoIterator<Item = &'a T>) -> Option<Value> {
    let list: Option<Vec<Value>> = elements.into_iter().map(T::to_param).collect();
    list.map(Value::Array)
}

fn object_of<'a, T: FromParam + 'a>(
    entries: impl IntoIterator<Item = (&'a String, &'a T)>,
) -> Option<Value> {
    let entries = entries.into_iter();
    let object: Option<Map<String, Value>> = entries
        .map(|(key, entry)| Some((key.clone(), entry.to_param()?)))
        .collect();
    object.map(Value::Object)
}

/// The elements of a list, decoded.
fn elements<T: FromParam, C: FromIterator<T>>(value: &Value) -> Result<C, WrongValue> {
    let list = value.as_array();
    let list = list.ok_or_else(|| WrongValue::expected("a list"))?;
    let decoded = list.iter().enumerate().map(|(position, element)| {
        T::from_param(element).map_err(|wrong| wrong.inside(&format!("[{position}]")))
    });
    decoded.collect()
}

/// The entries of an object, decoded.
fn entries<T: FromParam, C: FromIterator<(String, T)>>(value: &Value) -> Result<C, WrongValue> {
    let object: Option<&Map<String, Value>> = value.as_object();
    let object = object.ok_or_else(|| WrongValue::expected("an object"))?;
    let decoded = object.iter().map(|(key, entry)| {
        let entry = T::from_param(entry).map_err(|wrong| wrong.inside(&format!(".{key}")))?;
        Ok((key.clone(), entry))
    });
    decoded.collect()
}

macro_rules! collections {
    ($($kind:ident $decode:ident $encode:ident: [$($params:tt)*] $ty:ty;)*) => {$(
        impl<$($params)*> FromParam for $ty {
            const KIND: ParamKind = ParamKind::$kind;

            fn from_param(value: &Value) -> Result<Self, WrongValue> {
                $decode(value)
            }

            fn to_param(&self) -> Option<Value> {
                $encode(self)
            }
        }
    )*};
}

collections! {
    Array elements list_of: [T: FromParam] Vec<T>;
    Array elements list_of: [T: FromParam + Ord] BTreeSet<T>;
    Array elements list_of: [T: FromParam + Eq + Hash, S: BuildHasher + Default] HashSet<T, S>;
    Object entries object_of: [T: FromParam] BTreeMap<String, T>;
    Object entries object_of: [T: FromParam, S: BuildHasher + Default] HashMap<String, T, S>;
}
