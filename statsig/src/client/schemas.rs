//! Checking parameter structs against the specs.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Statsig;
use crate::typed::{
    PossibleParameter, SchemaDocument, SchemaReport, SourceKind, StatsigParams, check, check_all,
    check_documents, possible_id_types, possible_parameters,
};

/// Finding out that a struct and the console have drifted apart, before a user does. No user takes part; nothing is logged or exposed.
impl Statsig {
    /// Compares a parameter struct with everything that the current specs may serve to anybody: the values of all rules, of the
    /// experiments that a layer delegates to, of whatever a parameter store refers to, and the defaults.
    ///
    /// It takes time that grows with the number of rules, so it belongs into a start, a test or a health endpoint, not into a request.
    ///
    /// ```
    /// use statsig::StatsigParams;
    /// use statsig::typed::DriftKind;
    ///
    /// #[derive(Debug, StatsigParams)]
    /// #[statsig(layer = "a_layer")]
    /// struct Promo {
    ///     #[statsig(default = "Hello")]
    ///     title: String,
    ///     #[statsig(default = 0.1)]
    ///     discount: f64,
    /// }
    ///
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let report = statsig.check_schema::<Promo>();
    /// assert!(report.has_errors());
    /// assert_eq!(report.drifts[0].kind, DriftKind::MissingParameter);
    /// assert_eq!(
    ///     report.to_string().lines().nth(1),
    ///     Some(r#"error: discount: expected a number in layer "a_layer", found none"#)
    /// );
    /// ```
    #[must_use]
    pub fn check_schema<P: StatsigParams>(&self) -> SchemaReport {
        check(P::SCHEMA, &self.current().specs, &|_, _| false)
    }

    /// Like [`check_all_schemas`](Self::check_all_schemas), for structs that are known by their documents only. What a field's own decoding
    /// refuses is not in a document.
    #[must_use]
    pub fn check_schema_documents(&self, documents: &[SchemaDocument]) -> Vec<SchemaReport> {
        check_documents(documents, &self.current().specs)
    }

    /// Checks all structs that belong to this client: those that the options name
    /// ([`check_schema`](crate::StatsigOptionsBuilder::check_schema)), and with the feature `registry` every struct in the binary that derives
    /// [`StatsigParams`]. A parameter that one of them reads is not missed in the others.
    #[must_use]
    pub fn check_all_schemas(&self) -> Vec<SchemaReport> {
        let schemas = self.inner.shared.options.all_schemas();
        check_all(&schemas, &self.current().specs)
    }

    /// What the latest automatic check found: at start and after each update, of the structs that the options name. Empty before
    /// the first, and without such options.
    #[must_use]
    pub fn schema_reports(&self) -> Arc<Vec<SchemaReport>> {
        self.inner.shared.telemetry.drift_log.latest()
    }

    /// Every parameter that an entity may serve, with every value; `None` if the specs have no such entity. Sorted by name.
    ///
    /// For tools that look at all variants, such as generators of structs.
    ///
    /// ```
    /// use statsig::typed::SourceKind;
    ///
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let parameters = statsig.possible_parameters(SourceKind::Experiment, "an_experiment").unwrap();
    /// assert_eq!(parameters[0].name, "color");
    /// assert_eq!(parameters[0].values[0].value, "grey");
    /// assert_eq!(parameters[0].values[0].served_by.group_name.as_deref(), Some("Control"));
    /// ```
    #[must_use]
    pub fn possible_parameters(
        &self,
        kind: SourceKind,
        name: &str,
    ) -> Option<Vec<PossibleParameter>> {
        possible_parameters(&self.current().specs, kind, name)
    }

    /// The types of ID by which an entity counts, and whatever it leaves its answer to: the experiments of a layer, what a parameter
    /// store refers to. Empty if the specs have no such entity.
    ///
    /// ```
    /// use statsig::typed::SourceKind;
    ///
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let id_types = statsig.possible_id_types(SourceKind::Experiment, "an_experiment");
    /// assert_eq!(Vec::from_iter(id_types), ["userID"]);
    /// ```
    #[must_use]
    pub fn possible_id_types(&self, kind: SourceKind, name: &str) -> BTreeSet<String> {
        possible_id_types(&self.current().specs, kind, name)
    }
}
