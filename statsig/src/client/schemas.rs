//! Checks of parameter structs against the specs.

use std::collections::BTreeSet;
use std::sync::Arc;

use statsig_core::entity_kind::EntityKind;

use super::Statsig;
use crate::typed::{
    PossibleParameter, SchemaDocument, SchemaReport, StatsigParams, check, check_all,
    possible_id_types, possible_parameters,
};

impl Statsig {
    /// Compares parameter structs with the specs, to find differences between a struct and the
    /// console before they affect a user. It evaluates no user, and logs and exposes nothing.
    ///
    /// ```
    /// use statsig::StatsigParams;
    ///
    /// #[derive(Debug, StatsigParams)]
    /// #[statsig(layer = "a_layer")]
    /// struct Promo {
    ///     #[statsig(default = "Hello")]
    ///     title: String,
    /// }
    ///
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let report = statsig.schemas().check::<Promo>();
    /// assert!(report.is_clean(), "{report}");
    /// ```
    pub fn schemas(&self) -> Schemas<'_> {
        Schemas { statsig: self }
    }
}

/// The checks of parameter structs against the specs of one client: [`Statsig::schemas`].
#[derive(Clone, Copy)]
#[must_use]
pub struct Schemas<'a> {
    statsig: &'a Statsig,
}

impl Schemas<'_> {
    /// Compares a struct with every value that the current specs may serve to any user: the values
    /// of all rules, of the experiments that a layer delegates to, of the targets of a parameter
    /// store, and the defaults.
    ///
    /// Its time grows with the number of rules, so call it at the start, in a test or in a health
    /// endpoint, not in a request.
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
    /// let report = statsig.schemas().check::<Promo>();
    /// assert!(report.has_errors());
    /// assert_eq!(report.drifts[0].kind, DriftKind::MissingParameter);
    /// assert_eq!(
    ///     report.to_string().lines().nth(1),
    ///     Some(r#"error: discount: expected a number in layer "a_layer", found none"#)
    /// );
    /// ```
    #[must_use]
    pub fn check<P: StatsigParams>(self) -> SchemaReport {
        let document = SchemaDocument::of::<P>();
        check(&document, &[], &self.statsig.specs().specs)
    }

    /// Checks all structs of this client: those of the option
    /// [`check_schema`](crate::StatsigOptionsBuilder::check_schema), and with the feature
    /// `registry` every struct in the binary that derives [`StatsigParams`]. If one of them reads a
    /// parameter, the reports of the others do not list it as unread.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// for report in statsig.schemas().check_all() {
    ///     println!("{report}");
    /// }
    /// ```
    #[must_use]
    pub fn check_all(self) -> Vec<SchemaReport> {
        let schemas = self.statsig.inner.shared.options.all_schemas();
        let documents: Vec<_> = schemas.into_iter().map(SchemaDocument::from).collect();
        self.check_documents(&documents)
    }

    /// Like [`check_all`](Self::check_all), for these structs. Documents from JSON do not contain a
    /// field's own decoding, so the check does not find values that only this decoding rejects.
    ///
    /// ```
    /// use statsig::typed::SchemaDocument;
    ///
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let dump = r#"[{
    ///     "struct_name": "Promo",
    ///     "source": {"kind": "layer", "name": "a_layer"},
    ///     "params": [{"field": "title", "name": "title", "kind": "integer"}]
    /// }]"#;
    /// let documents: Vec<SchemaDocument> = serde_json::from_str(dump)?;
    /// let reports = statsig.schemas().check_documents(&documents);
    /// assert!(reports[0].has_errors());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn check_documents(self, documents: &[SchemaDocument]) -> Vec<SchemaReport> {
        check_all(documents, &self.statsig.specs().specs)
    }

    /// The results of the latest automatic check, which runs at the start and after each update,
    /// for the structs in the options. Empty before the first check, and without such options.
    ///
    /// To get new findings as they appear, [subscribe](Statsig::subscribe) to `schema_drifted`.
    ///
    /// ```
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// for report in statsig.schemas().latest().iter() {
    ///     println!("{report}");
    /// }
    /// ```
    #[must_use]
    pub fn latest(self) -> Arc<Vec<SchemaReport>> {
        self.statsig.inner.shared.telemetry.drift_log.latest()
    }

    /// Every parameter that an entity may serve, with every value; `None` if the specs do not have
    /// the entity. Sorted by name.
    ///
    /// For tools that use all variants, such as generators of structs.
    ///
    /// ```
    /// use statsig::EntityKind;
    ///
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let schemas = statsig.schemas();
    /// let parameters = schemas.possible_parameters(EntityKind::Experiment, "an_experiment").unwrap();
    /// assert_eq!(parameters[0].name, "color");
    /// assert_eq!(parameters[0].values[0].value, "grey");
    /// assert_eq!(parameters[0].values[0].served_by.group_name.as_deref(), Some("Control"));
    /// ```
    #[must_use]
    pub fn possible_parameters(
        self,
        kind: EntityKind,
        name: &str,
    ) -> Option<Vec<PossibleParameter>> {
        possible_parameters(&self.statsig.specs().specs, kind, name)
    }

    /// The types of ID by which an entity assigns users, with those of the entities that decide for
    /// it: the experiments of a layer, the targets of a parameter store. Empty if the specs do not
    /// have the entity.
    ///
    /// ```
    /// use statsig::EntityKind;
    ///
    /// # let statsig = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/client.rs"));
    /// let id_types = statsig.schemas().possible_id_types(EntityKind::Experiment, "an_experiment");
    /// assert_eq!(Vec::from_iter(id_types), ["userID"]);
    /// ```
    #[must_use]
    pub fn possible_id_types(self, kind: EntityKind, name: &str) -> BTreeSet<String> {
        possible_id_types(&self.statsig.specs().specs, kind, name)
    }
}

impl std::fmt::Debug for Schemas<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Schemas").finish_non_exhaustive()
    }
}
