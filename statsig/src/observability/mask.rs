//! Keeping SDK keys out of whatever leaves the process.

/// Every kind of SDK key begins like this.
const KEY_PREFIX: &str = "secret-";
/// How much of a key is shown after the prefix.
const SHOWN: usize = 5;
const MASK: &str = "*****";

/// Masks one client's key, and everything else that looks like a server key.
#[derive(Debug)]
pub(crate) struct Masked<'a> {
    key: &'a str,
}

impl<'a> Masked<'a> {
    pub(crate) fn new(key: &'a str) -> Self {
        Self { key }
    }

    /// The text with `secret-…` cut to its first few characters, and no trace of the client's own key, whatever that looks like.
    pub(crate) fn text(&self, text: &str) -> String {
        let is_plain = self.key.starts_with(KEY_PREFIX) || self.key.is_empty();
        if is_plain {
            return mask_keys(text);
        }
        mask_keys(&text.replace(self.key, MASK))
    }
}

/// Cuts every `secret-…` to its first few characters.
pub(crate) fn mask_keys(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(KEY_PREFIX) {
        let end = after
            .find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')
            .unwrap_or(after.len());
        let (secret, tail) = after.split_at(end);
        masked.push_str(before);
        masked.push_str(KEY_PREFIX);
        masked.extend(secret.chars().take(SHOWN.min(secret.chars().count() / 2)));
        masked.push_str(MASK);
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
            // Of a short key not even so much.
            ("secret-abcd", "secret-ab*****"),
            ("secret-", "secret-*****"),
            ("secret-ééééééééééé!", "secret-ééééé*****!"),
            ("secret-a-b_c-d_e-f_g", "secret-a-b_c*****"),
        ];
        for (text, expected) in cases {
            assert_eq!(mask_keys(text), expected);
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
