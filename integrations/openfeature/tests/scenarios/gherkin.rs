//! Reads `*.feature` files, as far as the specification uses their syntax.

use std::fmt;

/// A scenario, or one example of an outline, after the steps of its background.
#[derive(Debug, Clone, Default)]
pub(crate) struct Case {
    pub(crate) feature: String,
    pub(crate) scenario: String,
    /// The row of the example.
    pub(crate) example: String,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Step {
    pub(crate) text: String,
    pub(crate) table: Vec<Vec<String>>,
}

/// A scenario before its examples are filled in.
#[derive(Debug, Default)]
struct Outline {
    name: String,
    steps: Vec<Step>,
    /// Each with its head.
    examples: Vec<Vec<Vec<String>>>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.feature, self.scenario)?;
        if self.example.is_empty() {
            return Ok(());
        }
        write!(f, " / {}", self.example)
    }
}

pub(crate) fn cases(text: &str) -> Vec<Case> {
    let mut feature = String::new();
    let mut background = Outline::default();
    let mut outlines: Vec<Outline> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', '@']) {
            continue;
        }
        let current = outlines.last_mut().unwrap_or(&mut background);
        if let Some(name) = line.strip_prefix("Feature:") {
            name.trim().clone_into(&mut feature);
        } else if line.starts_with("Background:") {
        } else if let Some(name) = after(line, &["Scenario Outline:", "Scenario:"]) {
            outlines.push(Outline {
                name: name.to_owned(),
                ..Outline::default()
            });
        } else if line.starts_with("Examples:") {
            current.examples.push(Vec::new());
        } else if line.starts_with('|') {
            let steps = current.steps.last_mut();
            let table = match current.examples.last_mut() {
                Some(examples) => examples,
                None => &mut steps.expect("a step before its table").table,
            };
            table.push(cells(line));
        } else if let Some(text) = after(line, &["Given ", "When ", "Then ", "And ", "But "]) {
            current.steps.push(Step {
                text: text.to_owned(),
                table: Vec::new(),
            });
        } else {
            panic!("expected a line of a feature, found {line:?}");
        }
    }
    let expanded = outlines.iter();
    expanded
        .flat_map(|outline| expand(&feature, &background.steps, outline))
        .collect()
}

fn after<'a>(line: &'a str, beginnings: &[&str]) -> Option<&'a str> {
    let mut rests = beginnings.iter().filter_map(|it| line.strip_prefix(it));
    rests.next().map(str::trim)
}

fn cells(line: &str) -> Vec<String> {
    let inside = line.trim_matches('|').split('|');
    inside.map(|cell| cell.trim().to_owned()).collect()
}

fn expand(feature: &str, background: &[Step], outline: &Outline) -> Vec<Case> {
    let case = |row: &[(&String, &String)]| {
        let fill = |text: &String| {
            row.iter().fold(text.clone(), |text, (name, value)| {
                text.replace(&format!("<{name}>"), value)
            })
        };
        let own = outline.steps.iter().map(|step| Step {
            text: fill(&step.text),
            table: step
                .table
                .iter()
                .map(|row| row.iter().map(fill).collect())
                .collect(),
        });
        let values: Vec<_> = row.iter().map(|(_, value)| value.as_str()).collect();
        Case {
            feature: feature.to_owned(),
            scenario: outline.name.clone(),
            example: values.join(", "),
            steps: background.iter().cloned().chain(own).collect(),
        }
    };
    if outline.examples.is_empty() {
        return vec![case(&[])];
    }
    let tables = outline
        .examples
        .iter()
        .filter_map(|table| table.split_first());
    let rows = tables.flat_map(|(head, rows)| rows.iter().map(move |row| (head, row)));
    rows.map(|(head, row)| case(&head.iter().zip(row).collect::<Vec<_>>()))
        .collect()
}

/// The text of a step with `{}` for each quoted text and each number, and what they are.
pub(crate) fn shape(text: &str) -> (String, Vec<String>) {
    let (mut shape, mut arguments) = (String::new(), Vec::new());
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        let begins_word = shape.is_empty() || shape.ends_with(' ');
        let mut argument = String::new();
        if char == '"' {
            while let Some(inside) = rest.next() {
                match inside {
                    '"' => break,
                    '\\' => argument.extend(rest.next()),
                    _ => argument.push(inside),
                }
            }
        } else if begins_word && char.is_ascii_digit() {
            argument.push(char);
            while let Some(digit) = rest.next_if(|next| next.is_ascii_digit() || *next == '.') {
                argument.push(digit);
            }
        } else {
            shape.push(char);
            continue;
        }
        shape.push_str("{}");
        arguments.push(argument);
    }
    (shape, arguments)
}
