//! The forms of specs that callers can pass.

use std::collections::BTreeMap;

use statsig_core::authoring::Specs;

use crate::error::SpecsError;

/// Specs for a client or a network of tests: a text, or a described project.
///
/// Functions take `impl Into<SpecsInput>`: a text with the JSON of `/v2/download_config_specs`, or
/// `statsig::testing::Specs`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SpecsInput {
    /// The JSON that the specs endpoint would return.
    Json(String),
    /// A described project.
    Project(Box<Specs>),
}

impl SpecsInput {
    /// The JSON.
    ///
    /// # Errors
    /// If the service would not accept the project.
    pub fn into_json(self) -> Result<String, SpecsError> {
        match self {
            Self::Json(json) => Ok(json),
            Self::Project(specs) => Ok(specs.to_json()?),
        }
    }

    /// The ID lists of the project, by name, with the unit IDs in each.
    pub(crate) fn id_lists(&self) -> BTreeMap<String, Vec<String>> {
        match self {
            Self::Json(_) => BTreeMap::new(),
            Self::Project(specs) => specs.id_lists.clone(),
        }
    }
}

impl From<&str> for SpecsInput {
    fn from(json: &str) -> Self {
        Self::Json(json.to_owned())
    }
}

impl From<String> for SpecsInput {
    fn from(json: String) -> Self {
        Self::Json(json)
    }
}

impl From<&String> for SpecsInput {
    fn from(json: &String) -> Self {
        Self::Json(json.clone())
    }
}

impl From<Specs> for SpecsInput {
    fn from(specs: Specs) -> Self {
        Self::Project(Box::new(specs))
    }
}

impl From<&Specs> for SpecsInput {
    fn from(specs: &Specs) -> Self {
        specs.clone().into()
    }
}
