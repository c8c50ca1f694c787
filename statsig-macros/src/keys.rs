//! The keys of `#[statsig(...)]`, the places where each is valid, and suggestions for invalid keys.

/// A kind of place for attributes. It decides which keys are valid.
pub(crate) struct AttributeTarget {
    name: &'static str,
    keys: &'static [&'static str],
    /// The other place in the same derive. In a derive for a struct, the hint "belongs on a
    /// variant" would not help.
    neighbour: &'static Self,
}

pub(crate) static STRUCT: AttributeTarget = AttributeTarget {
    name: "a struct",
    keys: &[
        "layer",
        "param_store",
        "experiment",
        "config",
        "embedded",
        "rename_all",
        "default",
        "expose",
        "id_type",
        "deny_unknown",
        "on_mismatch",
        "view",
        "vis",
        "bound",
        "open_feature",
        "crate",
    ],
    neighbour: &FIELD,
};

pub(crate) static FIELD: AttributeTarget = AttributeTarget {
    name: "a field",
    keys: &[
        "default",
        "default_with",
        "rename",
        "alias",
        "range",
        "clamp",
        "one_of",
        "non_empty",
        "validate",
        "unit",
        "json",
        "with",
        "decode_with",
        "nested",
        "flatten",
        "skip",
        "expose",
        "layer",
        "param_store",
        "experiment",
        "config",
        "gate",
    ],
    neighbour: &STRUCT,
};

pub(crate) static ENUM: AttributeTarget = AttributeTarget {
    name: "an enum",
    keys: &["rename_all", "crate"],
    neighbour: &VARIANT,
};

pub(crate) static VARIANT: AttributeTarget = AttributeTarget {
    name: "a variant",
    keys: &["rename", "alias", "other"],
    neighbour: &ENUM,
};

/// Keys of other crates and terms of Statsig's console, each with the right key.
const SYNONYMS: &[(&str, &str)] = &[
    ("choices", "one_of"),
    ("default_value", "default"),
    ("default_value_t", "default"),
    ("deny_unknown_fields", "deny_unknown"),
    ("deserialize_with", "decode_with"),
    ("dynamic_config", "config"),
    ("enum", "one_of"),
    ("feature_gate", "gate"),
    ("key", "rename"),
    ("max", "range"),
    ("min", "range"),
    ("name", "rename"),
    ("openfeature", "open_feature"),
    ("parameter", "rename"),
    ("parameter_store", "param_store"),
    ("possible_values", "one_of"),
    ("serde", "json"),
    ("store", "param_store"),
    ("value_parser", "decode_with"),
    ("values", "one_of"),
];

impl AttributeTarget {
    pub(crate) fn takes(&self, key: &str) -> bool {
        self.keys.contains(&key)
    }
}

/// The message for a key that is not valid here.
pub(crate) fn unknown(key: &str, target: &AttributeTarget) -> String {
    let (here, neighbour) = (target.name, target.neighbour);
    if neighbour.takes(key) {
        return format!("`{key}` belongs on {}, not on {here}", neighbour.name);
    }
    let synonym = SYNONYMS.iter().find(|(theirs, _)| *theirs == key);
    let meant = synonym
        .map(|(_, ours)| *ours)
        .filter(|ours| target.takes(ours))
        .or_else(|| closest(key, target.keys.iter().copied()));
    if let Some(meant) = meant {
        let example = match key {
            "min" => ", as in `range = 1..`",
            "max" => ", as in `range = ..=5`",
            _ => "",
        };
        return format!("unknown attribute `{key}`, did you mean `{meant}`{example}?");
    }
    let valid = list(target.keys.iter().copied());
    format!("unknown attribute `{key}`; on {here}, valid are {valid}")
}

/// "`a`, `b`, `c`".
pub(crate) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The most similar candidate: at most two edits away, and at most half of the word.
pub(crate) fn closest<'a>(
    word: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let edits = candidates.map(|candidate| (edits(word, candidate), candidate));
    let (edits, closest) = edits.min_by_key(|(edits, _)| *edits)?;
    (edits <= 2 && edits * 2 <= closest.chars().count()).then_some(closest)
}

/// Insertions, deletions and replacements between two words.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (position, char) in from.to_lowercase().chars().enumerate() {
        let mut next = vec![position + 1];
        for (above, target) in row.windows(2).zip(&to) {
            if let ([diagonal, above], Some(left)) = (above, next.last()) {
                let replaced = diagonal + usize::from(char != *target);
                next.push(replaced.min(above + 1).min(left + 1));
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
