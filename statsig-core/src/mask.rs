//! Keeps SDK keys out of logs and errors, and shortens text from outside.

use std::fmt;

/// The maximum length of a text from outside in an error, a log line or a tag, in characters.
pub const MAX_SHOWN_CHARS: usize = 200;
/// The maximum length of a problem description, in characters. A description holds the message of
/// another crate, with its causes and texts from outside.
const MAX_PROBLEM_CHARS: usize = 1_000;

/// Makes text from a server, a file or a data store safe to show: one line, with masked keys, of at
/// most [`MAX_SHOWN_CHARS`].
pub fn shown(text: impl fmt::Display) -> String {
    shown_within(text, MAX_SHOWN_CHARS)
}

/// Makes a problem description safe to show. It may contain several texts from outside.
pub fn shown_problem(text: impl fmt::Display) -> String {
    shown_within(text, MAX_PROBLEM_CHARS)
}

/// Like [`shown`], with another limit. It never formats a large value completely.
pub fn shown_within(text: impl fmt::Display, max_chars: usize) -> String {
    // Masking shortens the text, so this reads more characters than it shows.
    let mut head = Head {
        text: String::new(),
        chars_left: max_chars.saturating_mul(2),
    };
    let is_whole = fmt::write(&mut head, format_args!("{text}")).is_ok();
    let mut masked = mask_keys(&head.text);
    let past_limit = masked.char_indices().nth(max_chars);
    if past_limit.is_some() || !is_whole {
        let last = masked.char_indices().nth(max_chars.saturating_sub(1));
        masked.truncate(last.map_or(masked.len(), |(end, _)| end));
        masked.push('…');
    }
    masked
}

/// The first characters of a text, on one line.
struct Head {
    text: String,
    chars_left: usize,
}

impl fmt::Write for Head {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        for char in part.chars() {
            self.chars_left = self.chars_left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(if char.is_control() { ' ' } else { char });
        }
        Ok(())
    }
}

/// The prefix of all SDK keys.
const KEY_PREFIX: &str = "secret-";
/// How many characters of a key stay visible after the prefix.
const SHOWN: usize = 5;
const MASK: &str = "*****";

/// Masks the key of one client, and all text that looks like a server key.
#[derive(Debug)]
pub struct Masked<'a> {
    key: &'a str,
}

impl<'a> Masked<'a> {
    /// Masks this key and all server keys.
    #[must_use]
    pub fn new(key: &'a str) -> Self {
        Self { key }
    }

    /// Cuts each `secret-…` to its first few characters, and masks the client's own key completely.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let is_plain = self.key.starts_with(KEY_PREFIX) || self.key.is_empty();
        if is_plain {
            return mask_keys(text);
        }
        mask_keys(&text.replace(self.key, MASK))
    }

    /// Like [`shown`], and masks the client's own key.
    #[must_use]
    pub fn shown(&self, text: &str) -> String {
        if self.key.is_empty() {
            return shown(text);
        }
        shown(text.replace(self.key, MASK))
    }
}

/// Cuts every `secret-…` to its first few characters.
#[must_use]
pub fn mask_keys(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(KEY_PREFIX) {
        let end = after
            .find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')
            .unwrap_or(after.len());
        let (secret, tail) = after.split_at(end);
        masked.push_str(before);
        masked.push_str(KEY_PREFIX);
        // Masked text stays as it is.
        if secret.chars().count() <= SHOWN && tail.starts_with(MASK) {
            masked.push_str(secret);
        } else {
            masked.extend(secret.chars().take(SHOWN.min(secret.chars().count() / 2)));
            masked.push_str(MASK);
        }
        rest = tail;
    }
    masked.push_str(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_cut_and_other_text_is_left_alone() {
        let cases = [
            ("no key here", "no key here"),
            ("secret-0123456789", "secret-01234*****"),
            (
                "https://h/v2/secret-abcdefghijkl.json?x=secret-ABCDEFGHIJKL&y",
                "https://h/v2/secret-abcde*****.json?x=secret-ABCDE*****&y",
            ),
            // A short key shows even fewer characters.
            ("secret-abcd", "secret-ab*****"),
            ("secret-", "secret-*****"),
            ("secret-ééééééééééé!", "secret-ééééé*****!"),
            ("secret-a-b_c-d_e-f_g", "secret-a-b_c*****"),
        ];
        for (text, expected) in cases {
            assert_eq!(mask_keys(text), expected);
            assert_eq!(mask_keys(expected), expected);
        }
    }

    #[test]
    fn what_is_shown_is_short_masked_and_one_line() {
        let long = "ü".repeat(1_000_000);
        let text = shown(&long);
        assert_eq!(text.chars().count(), MAX_SHOWN_CHARS);
        assert!(text.ends_with("ü…"));
        assert_eq!(shown("a\r\n\u{1b}[31mb"), "a   [31mb");
        let exact = "x".repeat(MAX_SHOWN_CHARS);
        assert_eq!(shown(&exact), exact);
        assert_eq!(shown(shown(&long)), shown(&long));

        let key = format!("secret-{}", "k".repeat(40));
        assert_eq!(shown(format!("got {key}.")), "got secret-kkkkk*****.");
        // At every cut position, the text shows no more of a key.
        for before in 0..2 * MAX_SHOWN_CHARS + 50 {
            let text = shown(format!("{}{key}{long}", "x".repeat(before)));
            assert!(!text.contains("kkkkkk"), "{text}");
            assert!(text.chars().count() <= MAX_SHOWN_CHARS, "{text}");
        }
    }

    #[test]
    fn a_key_of_another_form_is_masked_too() {
        let masked = Masked::new("k.1:2");
        assert_eq!(
            masked.text("got k.1:2 and secret-abcdefghijk"),
            "got ***** and secret-abcde*****"
        );
        assert_eq!(Masked::new("").text("plain"), "plain");
    }
}
