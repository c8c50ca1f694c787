//! Runs code with every variant that the console can serve.

use super::schema_match::SpecsToCheck;
use crate::client::Statsig;
use crate::typed::{ParamSource, StatsigParams, Variant, VariantValue, variants};
use crate::user::StatsigUser;

/// Calls a function with every variant of a struct that specs may serve: each group of each
/// experiment, each rule, each default, both values of each gate. The specs are those in a file, or
/// [`Specs`](super::Specs). The function gets a description of the variant, such as
/// `experiment "promo_test", rule 2bXd, group "Deep cut"`, and the struct.
///
/// For a struct with several sources, or a parameter store with several targets, one source varies
/// at a time.
///
/// ```no_run
/// # #[cfg(feature = "macros")] {
/// use statsig::StatsigParams;
/// use statsig::testing::for_each_variant;
///
/// #[derive(Debug, StatsigParams)]
/// #[statsig(layer = "promos")]
/// struct Promo {
///     #[statsig(default = "Welcome")]
///     title: String,
/// }
///
/// // #[test]
/// fn every_title_fits() {
///     for_each_variant::<Promo>("tests/specs.json", |variant, promo| {
///         assert!(promo.title.len() <= 60, "{variant}");
///     });
/// }
/// # }
/// ```
///
/// # Panics
/// When the file cannot be read, does not contain specs, or lacks a source of the struct: a test
/// without a variant must not pass.
pub fn for_each_variant<P: StatsigParams>(
    specs: impl Into<SpecsToCheck>,
    mut test: impl FnMut(&str, P),
) {
    let client = specs.into().client();
    let sources = P::SCHEMA.sources();
    let user = StatsigUser::with_user_id("a-user");
    let all: Vec<_> = sources
        .iter()
        .map(|source| (*source, variants_of(&client, *source)))
        .collect();
    for (varied, variants) in &all {
        for variant in variants {
            client.remove_all_overrides();
            for (source, variants) in &all {
                let of_source = if source == varied {
                    Some(variant)
                } else {
                    variants.first()
                };
                if let Some(variant) = of_source {
                    force(&client, *source, &variant.value);
                }
            }
            let params = client.get_typed::<P>(&user).into_inner_unexposed();
            test(&variant.served_by.to_string(), params);
        }
    }
}

fn variants_of(client: &Statsig, source: ParamSource) -> Vec<Variant> {
    let specs = &client.shared_state().published.load().specs;
    let found = variants(specs, source.kind, source.name);
    assert!(
        !found.is_empty(),
        "expected {source} in the specs, found none, or one without parameters"
    );
    found
}

fn force(client: &Statsig, source: ParamSource, value: &VariantValue) {
    match value {
        VariantValue::Gate(passes) => client.override_gate(source.name, *passes, None),
        VariantValue::Parameters(values) => client.override_source(source, values.clone(), None),
    }
}
