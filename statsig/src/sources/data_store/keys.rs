//! The keys that Statsig's server SDKs agree on.

use std::fmt;

use super::RequestPath;
use crate::hash::sha256_base64;
use crate::transport::identity::SdkKey;

/// How the SDK key appears in the keys of a data store.
///
/// All processes that share a store must use the same version, including those that use the
/// official SDKs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum DataStoreKeyVersion {
    /// As a hash: SHA-256 in base64. The default.
    #[default]
    V2Hashed,
    /// Its first 20 characters. Everyone who can list the store's keys can read them.
    V3HumanReadable,
}

const READABLE_CHARS: usize = 20;

/// Writes the keys of one client.
#[derive(Clone)]
pub(crate) struct Keys {
    /// The part of a key that represents the SDK key.
    last_part: String,
}

impl Keys {
    pub(crate) fn new(sdk_key: &SdkKey, version: DataStoreKeyVersion) -> Self {
        let sdk_key = sdk_key.expose();
        let last_part = match version {
            DataStoreKeyVersion::V2Hashed => sha256_base64(sdk_key),
            DataStoreKeyVersion::V3HumanReadable => sdk_key.chars().take(READABLE_CHARS).collect(),
        };
        Self { last_part }
    }

    /// The key of specs as JSON.
    pub(crate) fn specs(&self) -> String {
        self.text(RequestPath::RulesetsV2.as_str())
    }

    /// The key of specs in the binary form.
    #[cfg(feature = "proto")]
    pub(crate) fn binary_specs(&self) -> String {
        let path = RequestPath::RulesetsV2.as_str();
        format!("statsig|{path}|statsig-br|{}", self.last_part)
    }

    /// The key of a text from this path.
    pub(crate) fn text(&self, path: &str) -> String {
        format!("statsig|{path}|plain_text|{}", self.last_part)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_other_sdks() {
        let hashed = Keys::new(&SdkKey::new("secret-key"), DataStoreKeyVersion::V2Hashed);
        assert_eq!(
            hashed.specs(),
            "statsig|/v2/download_config_specs|plain_text|hdvhXXXvkwjHrg8zx6MkzG9L9Rmi7S8wJ70zwUCk+ao="
        );
        let readable = Keys::new(
            &SdkKey::new("secret-key-with-more-than-that"),
            DataStoreKeyVersion::V3HumanReadable,
        );
        assert_eq!(
            readable.text(RequestPath::IDListsV1.as_str()),
            "statsig|/v1/get_id_lists|plain_text|secret-key-with-more"
        );
    }

    #[test]
    fn debug_shows_nothing_of_the_sdk_key() {
        let keys = Keys::new(
            &SdkKey::new("secret-key"),
            DataStoreKeyVersion::V3HumanReadable,
        );
        assert_eq!(format!("{keys:?}"), "Keys");
    }
}
