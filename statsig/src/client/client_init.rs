//! The initialize responses of client SDKs.

use serde_json::Value;

use super::Statsig;
use crate::user::StatsigUser;
use statsig_core::client_init::{ClientInit, ClientInitResponseFormat, ClientInitResponseOptions};

/// Bootstraps client SDKs: a server evaluates everything for a user, and the client SDK starts with
/// the response instead of a request to Statsig. It exposes nothing: the client SDK logs the values
/// that it reads.
///
/// The response cannot fail. Without specs, or when the specs are nested too deep to evaluate, it
/// is blank: `has_updates` is false, and a client SDK keeps its values.
///
/// To write the response into a page, replace `<` by `\u003c`: otherwise a user ID that contains
/// `</script>` ends the script. Server and client must use the same user; for a user without an
/// account, give both the same `stableID`, or the client SDK reports a mismatch. The example
/// `browser_bootstrap` does all of this with `@statsig/js-client`.
impl Statsig {
    /// The client initialize response for a user, as JSON text for a client SDK.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let user = StatsigUser::with_user_id("a-user");
    /// let json = statsig.get_client_init_response_as_string(&user);
    /// # assert!(json.contains(r#""hash_used":"djb2""#));
    /// ```
    #[must_use]
    pub fn get_client_init_response_as_string(&self, user: &StatsigUser) -> String {
        self.get_client_init_response_as_string_with_options(
            user,
            &ClientInitResponseOptions::default(),
        )
    }

    /// Like [`get_client_init_response_as_string`](Self::get_client_init_response_as_string), with
    /// options.
    ///
    /// ```
    /// use statsig::client_init::{ClientInitResponseFormat, ClientInitResponseOptions, HashAlgorithm};
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    ///
    /// let options = ClientInitResponseOptions::new()
    ///     .hash_algorithm(HashAlgorithm::None)
    ///     .response_format(ClientInitResponseFormat::InitV2)
    ///     .feature_gate_filter(["a_gate"]);
    /// let user = StatsigUser::with_user_id("a-user");
    /// let json = statsig.get_client_init_response_as_string_with_options(&user, &options);
    /// # assert!(json.contains(r#""a_gate":{"r":"all","i":"userID","v":true}"#));
    /// ```
    #[must_use]
    pub fn get_client_init_response_as_string_with_options(
        &self,
        user: &StatsigUser,
        options: &ClientInitResponseOptions,
    ) -> String {
        let shared = &self.inner.shared;
        ClientInit {
            snapshot: &self.specs(),
            user,
            options,
            now_ms: shared.clock.now_ms(),
            seed: fastrand::u64(..),
            overrides: shared.overrides.active(),
            session_id: &shared.identity.session_id,
        }
        .respond()
    }

    /// The client initialize response for a user, as a JSON value.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let response = statsig.get_client_init_response(&StatsigUser::with_user_id("a-user"));
    /// assert_eq!(response["has_updates"], true);
    /// ```
    #[must_use]
    pub fn get_client_init_response(&self, user: &StatsigUser) -> Value {
        self.get_client_init_response_with_options(user, &ClientInitResponseOptions::default())
    }

    /// Like [`get_client_init_response`](Self::get_client_init_response), with options. The format
    /// is always [`V1`](ClientInitResponseFormat::V1); the option for it has no effect.
    ///
    /// ```
    /// # use statsig::StatsigUser;
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// # let user = StatsigUser::with_user_id("a-user");
    /// use statsig::client_init::{ClientInitResponseOptions, HashAlgorithm};
    ///
    /// let options = ClientInitResponseOptions::new().hash_algorithm(HashAlgorithm::None);
    /// let response = statsig.get_client_init_response_with_options(&user, &options);
    /// assert_eq!(response["feature_gates"]["a_gate"]["value"], true);
    /// ```
    #[must_use]
    pub fn get_client_init_response_with_options(
        &self,
        user: &StatsigUser,
        options: &ClientInitResponseOptions,
    ) -> Value {
        let options = options
            .clone()
            .response_format(ClientInitResponseFormat::V1);
        let json = self.get_client_init_response_as_string_with_options(user, &options);
        // The SDK's own JSON is always valid.
        serde_json::from_str(&json).unwrap_or_default()
    }
}
