//! Secondary exposures: the nested gates of an entity, without repeats.

use std::collections::HashSet;

use super::evaluated::{Evaluated, Item};
use super::json::{Json, key};
use super::names::Names;
use crate::evaluation::NestedGate;
use crate::hash::{FastMap, FastState, djb2};

/// The maximum length for linear search. Longer lists use a hash set.
const SHORT: usize = 32;

/// The gates without repeats, in order.
pub(super) fn distinct(gates: &[NestedGate]) -> impl Iterator<Item = &NestedGate> {
    let mut seen: HashSet<&NestedGate, FastState> = HashSet::default();
    gates.iter().enumerate().filter_map(move |(place, gate)| {
        let is_new = if gates.len() <= SHORT {
            !gates.iter().take(place).any(|earlier| earlier == gate)
        } else {
            seen.insert(gate)
        };
        is_new.then_some(gate)
    })
}

/// Writes one exposure in full.
pub(super) fn write_exposure(json: &mut Json, names: Names<'_>, gate: NestedGate) {
    json.open();
    json.entry(key!("gate"), names.name(gate.gate));
    json.entry(
        key!("gateValue"),
        if gate.value { "\"true\"" } else { "\"false\"" },
    );
    json.entry(key!("ruleID"), names.text(gate.rule_id));
    json.close();
}

/// The form of references to exposures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// By a hash of the content (V2).
    ByContent,
    /// By numbers in the order of first use (InitV2).
    Numbered,
}

/// The exposures of a whole response. Each appears once and is referred to by key.
#[derive(Debug)]
pub(super) struct ExposureTable<'a> {
    names: Names<'a>,
    style: Keys,
    keys: FastMap<Shown, Box<str>>,
    in_order: Vec<Shown>,
}

/// An exposure in its written form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Shown {
    gate: NestedGate,
    has_plain_name: bool,
}

impl<'a> ExposureTable<'a> {
    pub(super) fn new(names: Names<'a>, style: Keys, evaluated: &Evaluated) -> Self {
        let mut table = Self {
            names,
            style,
            keys: FastMap::default(),
            in_order: Vec::new(),
        };
        for item in evaluated.all() {
            let has_plain_name = table.keeps_as_is(item);
            let undelegated = item.evaluation.undelegated_gates().unwrap_or_default();
            for gate in item.evaluation.nested_gates.iter().chain(undelegated) {
                table.add(Shown {
                    gate: *gate,
                    has_plain_name,
                });
            }
        }
        table
    }

    /// In InitV2, exposures of contextual bandits keep plain names and repeats, as in the official
    /// SDK.
    fn keeps_as_is(&self, item: &Item) -> bool {
        item.is_cmab && self.style == Keys::Numbered
    }

    fn add(&mut self, shown: Shown) {
        if self.keys.contains_key(&shown) {
            return;
        }
        let key = match self.style {
            Keys::Numbered => format!("\"{}\"", self.in_order.len()),
            Keys::ByContent => {
                let specs = self.names.specs;
                let name = self.names.hashed(specs.text(shown.gate.gate));
                let rule = specs.text(shown.gate.rule_id);
                let key = djb2(&format!("{name}:{}:{rule}", shown.gate.value));
                format!("\"{key}\"")
            }
        };
        self.keys.insert(shown, key.into());
        self.in_order.push(shown);
    }

    fn key(&self, shown: &Shown) -> &str {
        self.keys.get(shown).map_or("\"\"", |key| key)
    }

    /// Writes an entity's list of exposures, as keys.
    pub(super) fn write_keys(&self, json: &mut Json, item: &Item, gates: &[NestedGate]) {
        let has_plain_name = self.keeps_as_is(item);
        let mut write = |gate: &NestedGate| {
            let gate = *gate;
            json.raw(self.key(&Shown {
                gate,
                has_plain_name,
            }));
        };
        if has_plain_name {
            gates.iter().for_each(&mut write);
        } else {
            distinct(gates).for_each(&mut write);
        }
    }

    /// Writes the table of exposures by key.
    pub(super) fn write(&self, json: &mut Json) {
        json.open();
        for shown in &self.in_order {
            let names = if shown.has_plain_name {
                self.names.plain()
            } else {
                self.names
            };
            json.quoted_key(self.key(shown));
            write_exposure(json, names, shown.gate);
        }
        json.close();
    }
}
