//! Parses a mostly known payload quickly. An entity with the bytes of the known entity of its name
//! is not parsed again.

use serde::Deserialize;
use serde_json::Deserializer;
use serde_json::value::RawValue;

use super::compiled::origins::{Fingerprint, Origins};
use super::lenient::{Entries, Text};
use super::lenient::{Name, warn_of_names};
use super::model::{Payload, RawEntities, RawEntity};

/// Parses a payload. Returns `None` for an unexpected structure, valid or not.
///
/// `rest` receives the small parts, for the normal parser.
pub(super) fn skim<'a>(
    bytes: &'a [u8],
    known: &Origins,
    rest: &'a mut Vec<u8>,
) -> Option<Payload<'a>> {
    let mut sections: [Option<RawEntities<'a>>; SECTIONS.len()] = Default::default();
    let mut reader = Reader { bytes, at: 0 };
    reader.object(|reader, name| {
        let key = name?;
        let place = SECTIONS.iter().position(|section| *section == &*key);
        let section = place.and_then(|place| Some((place, sections.get_mut(place)?)));
        let value = match section {
            Some((place, section @ None)) if reader.peek()? == b'{' => {
                *section = Some(reader.section(known, place)?);
                "{}"
            }
            // A null section is small. The normal parser rejects a repeated section.
            _ => reader.value::<&RawValue>()?.get(),
        };
        rest.push(if rest.is_empty() { b'{' } else { b',' });
        serde_json::to_writer(&mut *rest, &*key).ok()?;
        rest.push(b':');
        rest.extend_from_slice(value.as_bytes());
        Some(())
    })?;
    rest.push(b'}');

    let mut payload: Payload<'a> = serde_json::from_slice(rest).ok()?;
    let [gates, configs, layers, conditions, stores, cmabs] = sections;
    payload.feature_gates = gates?;
    payload.dynamic_configs = configs?;
    payload.layer_configs = layers?;
    payload.condition_map = conditions?;
    payload.param_stores = stores.or(payload.param_stores);
    payload.cmab_configs = cmabs.or(payload.cmab_configs);
    Some(payload)
}

/// The maps of entities.
const SECTIONS: [&str; 6] = [
    "feature_gates",
    "dynamic_configs",
    "layer_configs",
    "condition_map",
    "param_stores",
    "cmab_configs",
];

impl Origins {
    /// The fingerprint of the known entity with this name in a section.
    fn fingerprint(&self, section: usize, name: &str) -> Option<Fingerprint> {
        match section {
            0 => self.gates.get(name).map(|origin| origin.from),
            1 => self.configs.get(name).map(|origin| origin.from),
            2 => self.layers.get(name).map(|origin| origin.from),
            3 => self.conditions.get(name).map(|origin| origin.from),
            4 => self.param_stores.get(name).map(|origin| origin.from),
            _ => self.cmabs.get(name).map(|origin| origin.from),
        }
    }
}

/// A position in JSON. The reader walks objects itself and leaves other values to serde.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next byte that is not a blank.
    fn peek(&mut self) -> Option<u8> {
        let blanks = |byte: &&u8| matches!(byte, b' ' | b'\n' | b'\t' | b'\r');
        let rest = self.bytes.get(self.at..)?;
        self.at += rest.iter().take_while(blanks).count();
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, expected: u8) -> Option<()> {
        (self.peek()? == expected).then(|| self.at += 1)
    }

    fn value<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let rest = self.bytes.get(self.at..)?;
        let mut values = Deserializer::from_slice(rest).into_iter::<T>();
        let value = values.next()?.ok()?;
        self.at += values.byte_offset();
        Some(value)
    }

    /// Walks an object. `entry` must read the value of each entry. The name is `None` if it is not
    /// text.
    fn object(
        &mut self,
        mut entry: impl FnMut(&mut Self, Option<Text<'a>>) -> Option<()>,
    ) -> Option<()> {
        self.eat(b'{')?;
        if self.peek()? == b'}' {
            return self.eat(b'}');
        }
        loop {
            let Name(name) = self.value()?;
            self.eat(b':')?;
            self.peek()?;
            entry(self, name)?;
            match self.peek()? {
                b',' => self.eat(b',')?,
                _ => return self.eat(b'}'),
            }
        }
    }

    fn section(&mut self, known: &Origins, section: usize) -> Option<RawEntities<'a>> {
        let mut entries = Vec::new();
        let mut left_out = 0;
        self.object(|reader, name| {
            let Some(name) = name else {
                left_out += 1;
                return reader.value::<&RawValue>().map(|_| ());
            };
            let entity = match reader.known_entity(known.fingerprint(section, &name)) {
                Some(entity) => entity,
                None => reader.value()?,
            };
            entries.push((name, entity));
            Some(())
        })?;
        warn_of_names(left_out);
        Some(Entries(entries))
    }

    /// The entity at this position, if it has this fingerprint.
    fn known_entity(&mut self, known: Option<Fingerprint>) -> Option<RawEntity<'a>> {
        let known = known?;
        let end = self.at.checked_add(known.length)?;
        let json = self.bytes.get(self.at..end)?;
        let entity = RawEntity::new(json);
        (entity.from == known).then(|| {
            self.at = end;
            entity
        })
    }
}
