//! Config mappings: redirections from a name to another name.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{Compiler, bytes_of, push};
use crate::specs::compiled::{Entry, Mapping, MappingId, MappingRule, ShareByKind, UnitIdType};
use crate::specs::model;

impl Compiler<'_> {
    /// Compiles redirections. They need both maps: the redirections, and the rules that they name.
    pub(super) fn compile_mappings(
        &mut self,
        mappings: Option<&model::RawEntries<'_>>,
        rules: Option<&model::RawEntries<'_>>,
    ) {
        let (Some(mappings), Some(rules)) = (mappings, rules) else {
            return;
        };
        let rules: BTreeMap<&str, &RawValue> =
            rules.0.iter().map(|(name, raw)| (&**name, *raw)).collect();
        for (name, raw) in &mappings.0 {
            let Some(wire) = (self.left_out).read::<Vec<model::ConfigMapping<'_>>>(
                bytes_of(raw),
                "config mapping",
                name,
            ) else {
                continue;
            };
            let redirections = wire
                .iter()
                .map(|mapping| self.mapping(name, mapping, &rules))
                .collect();
            let id = MappingId(push(&mut self.specs.mappings, redirections));
            if let Some(entry) = self.entry_mut(name) {
                entry.mapping = Some(id);
            }
        }
    }

    fn mapping(
        &mut self,
        name: &str,
        mapping: &model::ConfigMapping<'_>,
        rules: &BTreeMap<&str, &RawValue>,
    ) -> Mapping {
        let entry = self.entry(name);
        let specs = |entry: &Entry| (entry.gate, entry.config, entry.layer);
        let (gate, config, layer) = self.specs.entry(entry).map(specs).unwrap_or_default();
        let rules = mapping
            .rules
            .iter()
            .filter_map(|reference| {
                let raw = rules.get(&*reference.rule_name)?;
                let rule = (self.left_out).read::<model::Rule<'_>>(
                    bytes_of(raw),
                    "override rule",
                    &reference.rule_name,
                )?;
                Some(MappingRule {
                    name: self.symbol(&reference.rule_name),
                    start_time: reference.start_time.unwrap_or(0),
                    conditions: self.rule_conditions(&rule),
                    unit: UnitIdType::new(&rule.id_type),
                    share: ShareByKind {
                        gate: self.share(&rule, gate),
                        config: self.share(&rule, config),
                        layer: self.share(&rule, layer),
                    },
                })
            })
            .collect();
        Mapping {
            to: self.entry(&mapping.new_config_name),
            rules,
        }
    }
}
