//! Writes JSON from parts that are already JSON.
//!
//! A response consists of hundreds of kilobytes of names and values that are the same for all
//! users. The SDK renders these texts once and copies them. A generic serializer would check every
//! byte for escapes.

use serde::Serialize;

/// A key of an object in its written form: in quotes, with its colon.
macro_rules! key {
    ($name:literal) => {
        concat!("\"", $name, "\":")
    };
}
pub(super) use key;

/// A JSON text under construction. Every item ends with a comma. The end of its object or list
/// removes the last comma.
#[derive(Debug, Default)]
pub(super) struct Json(String);

impl Json {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Begins an object.
    #[inline]
    pub(super) fn open(&mut self) {
        self.0.push('{');
    }

    /// Ends an object.
    #[inline]
    pub(super) fn close(&mut self) {
        self.end_with("},");
    }

    /// Begins a list.
    #[inline]
    pub(super) fn open_list(&mut self) {
        self.0.push('[');
    }

    /// Ends a list.
    #[inline]
    pub(super) fn close_list(&mut self) {
        self.end_with("],");
    }

    fn end_with(&mut self, end: &str) {
        if self.0.ends_with(',') {
            self.0.pop();
        }
        self.0.push_str(end);
    }

    /// A key, made by [`key!`].
    #[inline]
    pub(super) fn key(&mut self, key: &'static str) {
        self.0.push_str(key);
    }

    /// A key that is already a JSON text in quotes.
    #[inline]
    pub(super) fn quoted_key(&mut self, quoted: &str) {
        self.0.push_str(quoted);
        self.0.push(':');
    }

    /// A key given as text.
    pub(super) fn text_key(&mut self, text: &str) {
        self.value(text);
        self.0.pop();
        self.0.push(':');
    }

    /// A value that is already JSON.
    #[inline]
    pub(super) fn raw(&mut self, json: &str) {
        self.0.push_str(json);
        self.0.push(',');
    }

    #[inline]
    pub(super) fn bool(&mut self, value: bool) {
        self.0.push_str(if value { "true," } else { "false," });
    }

    /// Any other value.
    pub(super) fn value(&mut self, value: &(impl Serialize + ?Sized)) {
        // Serialization of the parts of a response cannot fail.
        self.raw(&serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()));
    }

    /// The entries of a value that serializes to an object.
    pub(super) fn entries_of(&mut self, object: &impl Serialize) {
        let json = serde_json::to_string(object).unwrap_or_default();
        let entries = json
            .strip_prefix('{')
            .and_then(|json| json.strip_suffix('}'));
        if let Some(entries) = entries.filter(|entries| !entries.is_empty()) {
            self.raw(entries);
        }
    }

    /// A key with a value that is already JSON.
    #[inline]
    pub(super) fn entry(&mut self, key: &'static str, json: &str) {
        self.key(key);
        self.raw(json);
    }

    #[inline]
    pub(super) fn bool_entry(&mut self, key: &'static str, value: bool) {
        self.key(key);
        self.bool(value);
    }

    /// The text written so far.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The complete text, without the last comma.
    pub(super) fn finish(mut self) -> String {
        if self.0.ends_with(',') {
            self.0.pop();
        }
        self.0
    }
}
