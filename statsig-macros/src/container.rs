//! The attributes of the struct.

use proc_macro2::Span;
use syn::parse::Parse;
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, Token, Visibility, WherePredicate};

use crate::attributes::Attributes;
use crate::case::{CASES, Case};
use crate::errors::Errors;
use crate::keys::{self, list};
use crate::model::{Expose, ON_MISMATCH, OnMismatch, POLICIES, ParamSource, SOURCES};

/// Keys about the source, which an embedded struct lacks.
const OF_SOURCE: [&str; 5] = [
    "expose",
    "id_type",
    "deny_unknown",
    "on_mismatch",
    "open_feature",
];

/// The attributes of the struct.
pub(crate) struct Container {
    pub(crate) attributes: Attributes,
    sources: Vec<(Ident, ParamSource)>,
    pub(crate) rename_all: Option<Case>,
    pub(crate) expose: Expose,
    /// The type of ID that the source must bucket by.
    pub(crate) id_type: Option<String>,
    pub(crate) deny_unknown: bool,
    pub(crate) on_mismatch: OnMismatch,
    /// The key that makes `Self::default()` provide missing defaults.
    pub(crate) default: Option<Span>,
    pub(crate) is_embedded: bool,
    /// Bounds that replace those derived from the fields.
    pub(crate) bound: Option<Punctuated<WherePredicate, Token![,]>>,
    /// The name of the view.
    pub(crate) view: Option<Ident>,
    /// The visibility of the view and its accessors.
    pub(crate) view_vis: Option<Visibility>,
}

impl Container {
    pub(crate) fn parse(attributes: &[Attribute], errors: &Errors) -> Self {
        let attributes = Attributes::parse(attributes, &keys::STRUCT, errors);
        let predicates = Punctuated::parse_terminated;
        let container = Self {
            sources: attributes.sources(errors),
            rename_all: attributes.choose("rename_all", &CASES, errors),
            expose: attributes
                .choose("expose", &POLICIES, errors)
                .unwrap_or(Expose::Access),
            id_type: attributes.name("id_type", errors),
            deny_unknown: attributes.flag("deny_unknown", errors).is_some(),
            on_mismatch: attributes
                .choose("on_mismatch", &ON_MISMATCH, errors)
                .unwrap_or(OnMismatch::Warn),
            default: attributes.flag("default", errors),
            is_embedded: attributes.flag("embedded", errors).is_some(),
            bound: attributes.parsed("bound", predicates, "\"T: Trait\"", errors),
            view: attributes.parsed("view", Ident::parse, "\"PromoView\"", errors),
            view_vis: attributes.parsed("vis", Visibility::parse, "\"pub(crate)\"", errors),
            attributes,
        };
        container.check(errors);
        container
    }

    /// Reports attributes that contradict each other.
    fn check(&self, errors: &Errors) {
        if self.expose != Expose::Read {
            for item in self.attributes.among(&["view", "vis"]) {
                errors.at(
                    item.span(),
                    format!(
                        "`{0}` is about the generated view, which only `expose = \"read\"` has; add that, or remove `{0}`",
                        item.key
                    ),
                );
            }
        }
        if self.is_embedded {
            let sources = self.sources.iter().map(|(key, _)| key);
            let others = self.attributes.among(&OF_SOURCE).map(|item| &item.key);
            for key in sources.chain(others) {
                errors.at(
                    key.span(),
                    format!(
                        "an `embedded` struct is read and exposed by the struct that has it as a field; remove `{key}`, or remove `embedded`"
                    ),
                );
            }
        }
    }

    /// The only source. `has_own` is true if some field has its own source.
    pub(crate) fn source(&self, span: Span, has_own: bool, errors: &Errors) -> Option<ParamSource> {
        let [(_, source), others @ ..] = self.sources.as_slice() else {
            if !has_own && !self.is_embedded && !self.attributes.are_misspelt {
                let valid = SOURCES.iter().map(|(name, _)| *name);
                let sources = list(valid.filter(|name| *name != "gate"));
                errors.at(
                    span,
                    format!(
                        "expected a source, as in `#[statsig(layer = \"…\")]`; sources are {sources}. \
                         For a struct that is only part of others, add `#[statsig(embedded)]`"
                    ),
                );
            }
            return None;
        };
        for (key, _) in others {
            errors.at(
                key.span(),
                "expected one source, found another; name it on the fields that come from it",
            );
        }
        Some(source.clone())
    }
}
