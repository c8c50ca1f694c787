//! The attributes of the struct.

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, LitStr, Path, Token, Visibility, WherePredicate};

use crate::attributes::{Item, items};
use crate::case::{CASES, Case};
use crate::errors::Errors;
use crate::keys::{AttributeTarget, list};
use crate::model::{EntityKind, Expose, ON_MISMATCH, OnMismatch, POLICIES, ParamSource, SOURCES};
use crate::package::default_path;

/// The attributes of the struct.
pub(crate) struct Container {
    sources: Vec<(EntityKind, Span, Option<LitStr>)>,
    pub(crate) rename_all: Option<Case>,
    pub(crate) expose: Expose,
    pub(crate) id_type: Option<String>,
    pub(crate) deny_unknown: bool,
    pub(crate) on_mismatch: OnMismatch,
    /// The key `default`.
    pub(crate) default: Option<Span>,
    /// The key `embedded`.
    pub(crate) embedded: Option<Span>,
    pub(crate) bound: Option<Vec<WherePredicate>>,
    pub(crate) view: Option<Ident>,
    pub(crate) view_vis: Option<Visibility>,
    /// The key `open_feature`, and the path that it names.
    pub(crate) open_feature: Option<(Span, Option<Path>)>,
    /// The attribute `crate`.
    pub(crate) krate: Option<Path>,
    /// Keys that require a source or a view.
    of_source: Vec<(String, Span)>,
    of_view: Vec<(String, Span)>,
    /// Whether some keys are invalid. One of them may be a misspelt source.
    are_misspelt: bool,
}

/// The naming convention of `rename_all`.
pub(crate) fn rename_all(item: &Item, errors: &mut Errors) -> Option<Case> {
    item.choose(&CASES, errors)
}

impl Container {
    pub(crate) fn parse(attributes: &[Attribute], errors: &mut Errors) -> Self {
        let mut container = Self {
            sources: Vec::new(),
            rename_all: None,
            expose: Expose::Access,
            id_type: None,
            deny_unknown: false,
            on_mismatch: OnMismatch::Warn,
            default: None,
            embedded: None,
            bound: None,
            view: None,
            view_vis: None,
            open_feature: None,
            krate: None,
            of_source: Vec::new(),
            of_view: Vec::new(),
            are_misspelt: false,
        };
        let before = errors.count();
        let items = items(attributes, AttributeTarget::Struct, errors);
        container.are_misspelt = errors.count() > before;
        for item in items {
            container.take(&item, errors);
        }
        container.check(errors);
        container
    }

    fn take(&mut self, item: &Item, errors: &mut Errors) {
        let key = item.key.to_string();
        if let Some((_, kind)) = SOURCES.iter().find(|(name, _)| *name == key) {
            self.sources.push((*kind, item.span(), item.name(errors)));
            return;
        }
        match key.as_str() {
            "expose" | "id_type" | "deny_unknown" | "on_mismatch" | "open_feature" => {
                self.of_source.push((key.clone(), item.span()));
            }
            "view" | "vis" => self.of_view.push((key.clone(), item.span())),
            _ => {}
        }
        match key.as_str() {
            "rename_all" => self.rename_all = rename_all(item, errors),
            "expose" => {
                self.expose = item.choose(&POLICIES, errors).unwrap_or(Expose::Access);
            }
            "id_type" => self.id_type = item.name(errors).map(|name| name.value()),
            "deny_unknown" => {
                item.flag(errors);
                self.deny_unknown = true;
            }
            "on_mismatch" => {
                let chosen = item.choose(&ON_MISMATCH, errors);
                self.on_mismatch = chosen.unwrap_or(OnMismatch::Warn);
            }
            "default" => {
                item.flag(errors);
                self.default = Some(item.span());
            }
            "embedded" => {
                item.flag(errors);
                self.embedded = Some(item.span());
            }
            "bound" => {
                let predicates = Punctuated::<WherePredicate, Token![,]>::parse_terminated;
                let parsed = item.parsed(predicates, "\"T: Trait\"", errors);
                self.bound = parsed.map(|predicates| predicates.into_iter().collect());
            }
            "view" => {
                let parser = <Ident as syn::parse::Parse>::parse;
                self.view = item.parsed(parser, "\"PromoView\"", errors);
            }
            "vis" => {
                let parser = <Visibility as syn::parse::Parse>::parse;
                self.view_vis = item.parsed(parser, "\"pub(crate)\"", errors);
            }
            "open_feature" => {
                let mut path = || item.path(errors).unwrap_or_else(default_path);
                let path = item.value.as_ref().map(|_| path());
                self.open_feature = Some((item.span(), path));
            }
            _ => self.krate = Some(item.path(errors).unwrap_or_else(default_path)),
        }
    }

    fn check(&self, errors: &mut Errors) {
        if self.expose != Expose::Read {
            for (key, span) in &self.of_view {
                errors.at(
                    *span,
                    format!(
                        "`{key}` is about the generated view, which only `expose = \"read\"` has; add that, or remove `{key}`"
                    ),
                );
            }
        }
        if self.embedded.is_some() {
            let named = self.sources.iter().map(|(kind, span, _)| {
                let name = SOURCES.iter().find(|(_, known)| known == kind);
                (name.map_or("layer", |(name, _)| *name).to_owned(), *span)
            });
            for (key, span) in named.chain(self.of_source.iter().cloned()) {
                errors.at(
                    span,
                    format!(
                        "an `embedded` struct is read and exposed by the struct that has it as a field; remove `{key}`, or remove `embedded`"
                    ),
                );
            }
        }
    }

    /// The only source. `has_own` is true if some field has its own source.
    pub(crate) fn source(
        &self,
        span: Span,
        has_own: bool,
        errors: &mut Errors,
    ) -> Option<ParamSource> {
        let [(kind, _, name), others @ ..] = self.sources.as_slice() else {
            if !has_own && self.embedded.is_none() && !self.are_misspelt {
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
        for (_, span, _) in others {
            errors.at(
                *span,
                "expected one source, found another; name it on the fields that come from it",
            );
        }
        Some(ParamSource {
            kind: *kind,
            name: name.as_ref().map(LitStr::value).unwrap_or_default(),
        })
    }
}
