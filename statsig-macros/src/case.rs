//! `rename_all`: the naming conventions of serde, with the same results.

/// A naming convention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

/// The conventions by the names that `rename_all` accepts.
pub(crate) const CASES: [(&str, Case); 8] = [
    ("lowercase", Case::Lower),
    ("UPPERCASE", Case::Upper),
    ("PascalCase", Case::Pascal),
    ("camelCase", Case::Camel),
    ("snake_case", Case::Snake),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
    ("kebab-case", Case::Kebab),
    ("SCREAMING-KEBAB-CASE", Case::ScreamingKebab),
];

impl Case {
    /// Renames a field. Its name is in snake case. As in serde, `lowercase` and `UPPERCASE` keep
    /// the underscores.
    pub(crate) fn field(self, name: &str) -> String {
        match self {
            Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_uppercase(),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_uppercase().replace('_', "-"),
            Self::Pascal => name.split('_').map(capitalise).collect(),
            Self::Camel => uncapitalise(&Self::Pascal.field(name)),
        }
    }

    /// Renames a variant. Its name is in Pascal case. As in serde, each upper-case letter starts a
    /// word.
    pub(crate) fn variant(self, name: &str) -> String {
        match self {
            Self::Pascal => name.to_owned(),
            Self::Lower => name.to_lowercase(),
            Self::Upper => name.to_uppercase(),
            Self::Camel => uncapitalise(name),
            Self::Snake => {
                let mut snake = String::new();
                for char in name.chars() {
                    if char.is_uppercase() && !snake.is_empty() {
                        snake.push('_');
                    }
                    snake.extend(char.to_lowercase());
                }
                snake
            }
            Self::ScreamingSnake | Self::Kebab | Self::ScreamingKebab => {
                self.field(&Self::Snake.variant(name))
            }
        }
    }
}

fn capitalise(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars.clone()).collect()
}

fn uncapitalise(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().into_iter().flat_map(char::to_lowercase);
    first.chain(chars.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_convention_renames_fields_and_variants() {
        let expected = [
            ("call_to_action", "calltoaction"),
            ("CALL_TO_ACTION", "CALLTOACTION"),
            ("CallToAction", "CallToAction"),
            ("callToAction", "callToAction"),
            ("call_to_action", "call_to_action"),
            ("CALL_TO_ACTION", "CALL_TO_ACTION"),
            ("call-to-action", "call-to-action"),
            ("CALL-TO-ACTION", "CALL-TO-ACTION"),
        ];
        for ((name, case), (field, variant)) in CASES.into_iter().zip(expected) {
            assert_eq!(case.field("call_to_action"), field, "{name}");
            assert_eq!(case.variant("CallToAction"), variant, "{name}");
        }
    }

    #[test]
    fn unusual_names_are_renamed() {
        assert_eq!(Case::Camel.field("_a__b_2"), "aB2");
        assert_eq!(Case::Camel.field("größe"), "größe");
        assert_eq!(Case::Snake.variant("HTTPServer"), "h_t_t_p_server");
        assert_eq!(Case::Kebab.variant("Über"), "über");
    }
}
