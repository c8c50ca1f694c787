//! Layers.

use super::entity::{Entity, WithDefaults};
use super::rule::Values;

/// A layer: parameters that experiments share.
///
/// Its rules, if it has any, come before its experiments. The values of a rule replace those of the
/// defaults.
///
/// ```
/// use statsig_core::authoring::{Specs, email};
///
/// let specs = Specs::new()
///     .layer("promo", |l| {
///         l.default("title", "Welcome")
///             .default("discount", 0.0)
///             .rule("staff").when(email().ends_with_any(["@example.com"])).value("discount", 0.5)
///     })
///     .experiment("discounts", |e| {
///         e.layer("promo").allocation(30).group("Ten", |g| g.value("discount", 0.1))
///     });
/// # assert!(specs.problems().is_empty());
/// ```
pub type Layer = Entity<AsLayer>;

/// What only a layer has.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct AsLayer {
    /// All parameters, with their values for users to whom no rule and no experiment applies.
    pub defaults: Values,
    /// Whether rules and an experiment each contribute parameters, instead of one of them all.
    pub merges_rules: bool,
}

impl WithDefaults for AsLayer {
    fn defaults_mut(&mut self) -> &mut Values {
        &mut self.defaults
    }
}

impl Layer {
    /// Every rule that applies contributes the parameters that earlier ones left out, and so does
    /// one experiment (`useNewLayerEval`).
    pub fn merge_rules(mut self) -> Self {
        self.own.merges_rules = true;
        self
    }
}
