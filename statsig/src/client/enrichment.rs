//! Asks which ID lists a user is in.

use std::time::Duration;

use super::Statsig;
use crate::enrichment::EnrichError;
use crate::user::StatsigUser;

impl Statsig {
    /// Asks a Statsig forward proxy which ID lists the user is in, and returns the user with the
    /// answer. For clients that do not hold ID lists in memory, such as functions that start often.
    ///
    /// Evaluations of the returned user take memberships from the answer alone, even if it is
    /// empty, and their reason ends in `IdListEnriched`. The answer covers the user ID and all
    /// custom IDs, and replaces earlier memberships. It is part of the user: copies have it, events
    /// and responses for clients do not contain it. It does not change when the lists do, so ask
    /// once for each request or session.
    ///
    /// Sends one request, and another one if that fails temporarily; both share `limit`, by default
    /// 200 ms, and the first gets half of it. A user without any ID needs no request. The option
    /// [`user_enrichment_url`](crate::StatsigOptionsBuilder::user_enrichment_url) sets the address.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use std::time::Duration;
    /// use statsig::StatsigUser;
    /// use statsig::enrichment::EnrichError;
    /// # use statsig::{Statsig, StatsigOptions};
    /// # use statsig::testing::ScriptedTransport;
    /// # const SPECS: &str =
    /// #     include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/specs.json"));
    /// # let mut builder = tokio::runtime::Builder::new_current_thread();
    /// # let runtime = builder.enable_all().start_paused(true).build().unwrap();
    /// # runtime.block_on(async {
    /// # let network = Arc::new(ScriptedTransport::new());
    /// # network.serve_specs(SPECS);
    /// # network.set_id_list_file("employees", "+Z/hEKLio\n");
    /// # let options = StatsigOptions::builder().transport(network.clone()).build()?;
    /// # let statsig = Statsig::new("secret-key", options);
    /// # statsig.initialize().await?;
    /// let user = StatsigUser::with_user_id("a-user");
    /// let enriched = statsig.enrich(user, Duration::from_millis(50)).await;
    /// // After a failure, continue with the unchanged user.
    /// let user = enriched.unwrap_or_else(EnrichError::into_user);
    /// # assert_eq!(user.is_in_id_list("employees", "a-user"), Some(true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// When there is no answer in time or none that can be read; when the client was not
    /// initialised, was shut down or has no network. The error contains the unchanged user,
    /// so a failure cannot be mistaken for a user in no list.
    pub async fn enrich(
        &self,
        user: StatsigUser,
        limit: impl Into<Option<Duration>>,
    ) -> Result<StatsigUser, EnrichError> {
        let limit = limit.into();
        let answer = match self.inner.handle() {
            Ok(handle) => handle.enrich(user.clone(), limit).await,
            Err(error) => Err(error.into()),
        };
        answer.map_err(|failure| EnrichError::new(user, failure))
    }
}
