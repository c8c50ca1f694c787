//! Options of a client initialize response.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::hash::HashAlgorithm;

/// Options of a client initialize response. By default, the response contains all entities, with
/// names hashed by djb2.
///
/// ```
/// use statsig::client_init::{ClientInitResponseOptions, HashAlgorithm};
///
/// let options = ClientInitResponseOptions::new()
///     .hash_algorithm(HashAlgorithm::Sha256)
///     .client_sdk_key("client-key")
///     .feature_gate_filter(["a_gate", "another_gate"]);
/// # let _ = options;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "options do nothing until they are given to a call"]
pub struct ClientInitResponseOptions {
    pub(super) hash_algorithm: HashAlgorithm,
    pub(super) response_format: ClientInitResponseFormat,
    pub(super) client_sdk_key: Option<String>,
    pub(super) target_app_id: Option<String>,
    pub(super) include_local_overrides: bool,
    pub(super) feature_gate_filter: Option<BTreeSet<String>>,
    pub(super) experiment_filter: Option<BTreeSet<String>>,
    pub(super) dynamic_config_filter: Option<BTreeSet<String>>,
    pub(super) layer_filter: Option<BTreeSet<String>>,
    pub(super) param_store_filter: Option<BTreeSet<String>>,
    pub(super) remove_id_type: bool,
    pub(super) remove_default_value_gates: bool,
    pub(super) remove_experiments_in_layers: bool,
    pub(super) previous_response_hash: Option<String>,
}

impl ClientInitResponseOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the hash algorithm of names. Default: djb2.
    pub fn hash_algorithm(mut self, algorithm: HashAlgorithm) -> Self {
        self.hash_algorithm = algorithm;
        self
    }

    /// Sets the format of the response. Default: [`ClientInitResponseFormat::V1`].
    pub fn response_format(mut self, format: ClientInitResponseFormat) -> Self {
        self.response_format = format;
        self
    }

    /// Sets the client SDK key of the response. The response then contains only entities for the
    /// app of this key.
    pub fn client_sdk_key(mut self, key: impl Into<String>) -> Self {
        self.client_sdk_key = Some(key.into());
        self
    }

    /// Sets the app of the response. The response then contains only entities for this app. It
    /// replaces the app of the client SDK key. An empty text sets no app.
    pub fn target_app_id(mut self, id: impl Into<String>) -> Self {
        self.target_app_id = Some(id.into()).filter(|id| !id.is_empty());
        self
    }

    /// Whether local overrides apply, and those of the request. Default: false.
    pub fn include_local_overrides(mut self, include: bool) -> Self {
        self.include_local_overrides = include;
        self
    }

    /// Includes only these gates, by their plain names. An empty list excludes all gates.
    pub fn feature_gate_filter<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.feature_gate_filter = names_of(names);
        self
    }

    /// Includes only these experiments and contextual bandits.
    pub fn experiment_filter<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.experiment_filter = names_of(names);
        self
    }

    /// Includes only these dynamic configs.
    pub fn dynamic_config_filter<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.dynamic_config_filter = names_of(names);
        self
    }

    /// Includes only these layers.
    pub fn layer_filter<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.layer_filter = names_of(names);
        self
    }

    /// Includes only these parameter stores.
    pub fn param_store_filter<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.param_store_filter = names_of(names);
        self
    }

    /// Leaves out ID types. Default: false.
    pub fn remove_id_type(mut self, remove: bool) -> Self {
        self.remove_id_type = remove;
        self
    }

    /// Leaves out gates that are false by default and have no nested gates. Clients treat an
    /// unknown gate as false, too. Default: false.
    pub fn remove_default_value_gates(mut self, remove: bool) -> Self {
        self.remove_default_value_gates = remove;
        self
    }

    /// Leaves out experiments that share their parameters with a layer. Default: false.
    pub fn remove_experiments_in_layers(mut self, remove: bool) -> Self {
        self.remove_experiments_in_layers = remove;
        self
    }

    /// Sets the `full_checksum` of the client's current response. A client without a response
    /// passes any text, such as the empty text. The new response then has a `full_checksum`, too.
    /// If both are equal, the response only reports that nothing is new, and the client keeps its
    /// data. This includes whether its session is recorded, which each full response draws at
    /// random. Format [`V1`](ClientInitResponseFormat::V1) only.
    pub fn previous_response_hash(mut self, checksum: impl Into<String>) -> Self {
        self.previous_response_hash = Some(checksum.into());
        self
    }
}

fn names_of<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Option<BTreeSet<String>> {
    Some(names.into_iter().map(Into::into).collect())
}

/// The format of a client initialize response. The version of the client SDK decides which formats
/// it can read.
///
/// Only V1 has the rule of every parameter of a layer (`parameter_rule_ids`), and the `group` of
/// configs and layers. V2 and InitV2 leave them out, as in the official SDKs. InitV2 also leaves
/// out the rule `default`. Client SDKs then report exposures with the rule ID of the whole layer,
/// `default` or the empty text. If the parameters of a layer come from several rules, its results
/// cannot be separated by rule. To separate them, use V1.
///
/// Parsed from `v1`, `v2`, `init_v2`, or the long names `Initialize`,
/// `InitializeWithSecondaryExposureMapping`, `InitializeV2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ClientInitResponseFormat {
    /// All fields. All client SDKs can read it.
    #[default]
    V1,
    /// Like V1, but each secondary exposure appears once and is referred to by key. Without `group`
    /// and `parameter_rule_ids`.
    V2,
    /// Short keys, no names, no defaults (including the rule ID `default`). Values and secondary
    /// exposures appear once. Without `group` and `parameter_rule_ids`.
    InitV2,
}

/// A response format other than `v1`, `v2`, `init_v2`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected one of v1, v2, init_v2, found `{found}`")]
pub struct UnknownResponseFormat {
    found: String,
}

impl FromStr for ClientInitResponseFormat {
    type Err = UnknownResponseFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "v1" | "Initialize" => Ok(Self::V1),
            "v2" | "InitializeWithSecondaryExposureMapping" => Ok(Self::V2),
            "init_v2" | "InitializeV2" => Ok(Self::InitV2),
            _ => Err(UnknownResponseFormat {
                found: text.to_owned(),
            }),
        }
    }
}
