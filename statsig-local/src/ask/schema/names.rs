//! Converts names of the console to names in Rust.

use std::collections::BTreeSet;

/// Words that cannot be names, but can be raw identifiers.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Words that cannot even be raw identifiers.
const NEVER: &[&str] = &["crate", "self", "super"];

/// Types that the written code uses.
const TAKEN_TYPES: &[&str] = &["Option", "Self", "StatsigParams", "String", "Vec"];

/// The names in use. Each name is used once.
#[derive(Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// A field for a parameter, such as `call_to_action` for `callToAction`.
    pub(super) fn field(&mut self, parameter: &str) -> String {
        let mut name = words(parameter).join("_");
        if name.is_empty() {
            "param".clone_into(&mut name);
        }
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            name.insert_str(0, "p_");
        }
        if NEVER.contains(&name.as_str()) {
            name.push('_');
        }
        let name = self.unique(name, "_");
        if KEYWORDS.contains(&name.as_str()) {
            format!("r#{name}")
        } else {
            name
        }
    }

    /// A struct for an entity, such as `UserPromoExperiments` for `user_promo_experiments`. If two
    /// entities have the same name, `kind` makes the names of their structs different.
    pub(super) fn structure(&mut self, entity: &str, kind: &str) -> String {
        let mut name: String = words(entity).iter().map(|word| capitalized(word)).collect();
        if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
            name.insert_str(0, kind);
        }
        if TAKEN_TYPES.contains(&name.as_str()) || self.0.contains(&name) {
            name.push_str(kind);
        }
        self.unique(name, "")
    }

    fn unique(&mut self, name: String, separator: &str) -> String {
        let mut unique = name.clone();
        let mut number = 2;
        while !self.0.insert(unique.clone()) {
            unique = format!("{name}{separator}{number}");
            number += 1;
        }
        unique
    }
}

/// The words of a name in lower case. A word ends at any character that is no ASCII letter or
/// digit, and before an upper-case letter that follows a lower-case one.
fn words(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    let mut was_lower = false;
    for char in name.chars() {
        if char.is_ascii_uppercase() && was_lower {
            spaced.push(' ');
        }
        let is_part = char.is_ascii_alphanumeric();
        spaced.push(if is_part {
            char.to_ascii_lowercase()
        } else {
            ' '
        });
        was_lower = char.is_ascii_lowercase() || char.is_ascii_digit();
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_snake_case_and_unique() {
        let cases = [
            ("title", "title"),
            ("callToAction", "call_to_action"),
            ("Call To Action", "call_to_action_2"),
            ("HTMLBody", "htmlbody"),
            ("type", "r#type"),
            ("self", "self_"),
            ("2nd", "p_2nd"),
            ("größe", "gr_e"),
            ("日本", "param"),
            ("", "param_2"),
            ("title ", "title_2"),
            ("title_2", "title_2_2"),
        ];
        let mut names = Names::default();
        for (parameter, field) in cases {
            assert_eq!(names.field(parameter), field, "{parameter:?}");
        }
    }

    #[test]
    fn structs_are_pascal_case_and_unique() {
        let cases = [
            ("user_promo_experiments", "Layer", "UserPromoExperiments"),
            (
                "user-promo experiments",
                "Experiment",
                "UserPromoExperimentsExperiment",
            ),
            (
                "userPromoExperiments",
                "Experiment",
                "UserPromoExperimentsExperiment2",
            ),
            ("string", "Config", "StringConfig"),
            ("3d", "Config", "Config3d"),
            ("", "Store", "Store"),
        ];
        let mut names = Names::default();
        for (entity, kind, structure) in cases {
            assert_eq!(names.structure(entity, kind), structure, "{entity:?}");
        }
    }
}
