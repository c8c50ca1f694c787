//! The attributes of a field.

use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Generics, Ident, LitStr, Path, Type};

use crate::attributes::{Item, doc_lines, items};
use crate::constraints::{Constraints, KnownDefault};
use crate::container::Container;
use crate::defaults_check::{check_duration, check_generic_default};
use crate::errors::Errors;
use crate::keys::AttributeTarget;
use crate::model::{
    Decode, EntityKind, Expose, Fallback, Field, POLICIES, Param, ParamSource, Role, SOURCES, UNITS,
};
use crate::types::{Known, mentions_parameter, option_of, spelled};

/// A field of the model; `None` if it has no name.
pub(crate) fn field(
    field: &syn::Field,
    container: &Container,
    generics: &Generics,
    errors: &mut Errors,
) -> Option<Field> {
    let ident = field.ident.clone()?;
    let mut attributes = FieldAttributes::default();
    let before = errors.count();
    let items = items(&field.attrs, AttributeTarget::Field, errors);
    attributes.are_misspelt = errors.count() > before;
    for item in items {
        attributes.take(item, errors);
    }
    attributes.check(container, errors);
    let ty = &field.ty;
    if let (Type::Reference(reference), None) = (ty, attributes.skip) {
        errors.at(
            reference.span(),
            "expected a type that owns its value, found a reference; values are decoded, so use `String`, `Box<str>` or `Arc<str>`",
        );
    }
    if attributes.flatten.is_some() {
        if mentions_parameter(ty, generics) {
            errors.at(
                ty.span(),
                "a flattened struct cannot depend on a type parameter: name a concrete type, or use `nested`",
            );
        }
        if option_of(ty).is_some() {
            errors.at(
                ty.span(),
                "a flattened struct is always there: make its fields options, or use `nested`",
            );
        }
    }
    let default = attributes.fallback(&ident, ty, container, errors);
    check_generic_default(&default, ty, generics, container, errors);
    let deprecated = field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("deprecated"));
    let role = if attributes.skip.is_some() {
        Role::Skipped
    } else if attributes.flatten.is_some() {
        Role::Flattened
    } else {
        Role::Param(Box::new(
            attributes.param(&ident, ty, &default, container, errors),
        ))
    };
    Some(Field {
        vis: field.vis.clone(),
        ty: ty.clone(),
        docs: doc_lines(&field.attrs),
        deprecated: deprecated.map(ToTokens::to_token_stream).collect(),
        default,
        role,
        ident,
    })
}

#[derive(Default)]
struct FieldAttributes {
    default: Option<Fallback>,
    /// The keys that set a default.
    default_keys: Vec<Item>,
    rename: Option<String>,
    aliases: Vec<String>,
    sources: Vec<(EntityKind, Span, Option<LitStr>)>,
    expose: Option<(Expose, Span)>,
    constraints: Constraints,
    validate: Option<Path>,
    /// The decoders, with their keys.
    decoders: Vec<(String, Span, Decode)>,
    /// All keys except those of defaults, `skip` and `flatten`.
    others: Vec<(String, Span)>,
    skip: Option<Span>,
    flatten: Option<Span>,
    /// Whether some keys are invalid. One of them may be a misspelt default.
    are_misspelt: bool,
}

impl FieldAttributes {
    fn take(&mut self, mut item: Item, errors: &mut Errors) {
        let key = item.key.to_string();
        match key.as_str() {
            "default" => {
                let default = match item.value.take() {
                    Some(expr) => Fallback::Expr(Box::new(expr)),
                    None => Fallback::Trait,
                };
                self.default = Some(default);
                self.default_keys.push(item);
                return;
            }
            "default_with" => {
                // After an error, any default prevents a second error about a missing default.
                let path = item.path(errors);
                self.default = Some(path.map_or(Fallback::Trait, Fallback::Function));
                self.default_keys.push(item);
                return;
            }
            "skip" => {
                item.flag(errors);
                self.skip = Some(item.span());
                return;
            }
            "flatten" => {
                item.flag(errors);
                self.flatten = Some(item.span());
                return;
            }
            _ => self.others.push((key.clone(), item.span())),
        }
        if self.constraints.take(&item, errors) {
            return;
        }
        if let Some((_, kind)) = SOURCES.iter().find(|(name, _)| *name == key) {
            self.sources.push((*kind, item.span(), item.name(errors)));
            return;
        }
        match key.as_str() {
            "rename" => self.rename = item.name(errors).map(|name| name.value()),
            "alias" => self
                .aliases
                .extend(item.name(errors).map(|name| name.value())),
            "expose" => {
                let policy = item.choose(&POLICIES, errors);
                self.expose = policy.map(|policy| (policy, item.span()));
            }
            "validate" => self.validate = item.path(errors),
            _ => self.take_decoder(key, &item, errors),
        }
    }

    fn take_decoder(&mut self, key: String, item: &Item, errors: &mut Errors) {
        let decode = match key.as_str() {
            "json" => {
                item.flag(errors);
                Decode::Json
            }
            "nested" => {
                item.flag(errors);
                Decode::Nested
            }
            "with" => item.path(errors).map_or(Decode::Json, Decode::Module),
            "decode_with" => item.path(errors).map_or(Decode::Json, Decode::Function),
            _ => item
                .choose(&UNITS, errors)
                .map_or(Decode::Json, Decode::Unit),
        };
        self.decoders.push((key, item.span(), decode));
    }

    /// Reports attributes that contradict each other.
    fn check(&self, container: &Container, errors: &mut Errors) {
        if let [_, second, ..] = self.default_keys.as_slice() {
            errors.at(
                second.span(),
                "`default` and `default_with` both give the default; remove one of them",
            );
        }
        if let (Some(_), Some(flatten)) = (self.skip, self.flatten) {
            errors.at(
                flatten,
                "`flatten` has no effect beside `skip`; remove one of them",
            );
        }
        if self.skip.is_some() {
            for (key, span) in &self.others {
                errors.at(
                    *span,
                    format!("`{key}` has no effect beside `skip`; remove one of them"),
                );
            }
        } else if self.flatten.is_some() {
            let defaults = self.default_keys.iter();
            let defaults = defaults.map(|item| (item.key.to_string(), item.span()));
            for (key, span) in self.others.iter().cloned().chain(defaults) {
                errors.at(
                    span,
                    format!(
                        "`{key}` cannot be given for a flattened struct: give it for the fields of that struct"
                    ),
                );
            }
        }
        if let [(first, ..), (second, span, _), ..] = self.decoders.as_slice() {
            errors.at(
                *span,
                format!(
                    "`{first}` and `{second}` both say how to decode the value; remove one of them"
                ),
            );
        }
        if let [_, (_, span, _), ..] = self.sources.as_slice() {
            errors.at(*span, "a field comes from one source; remove one of them");
        }
        if let (Some((_, span, _)), Some(_)) = (self.sources.first(), container.embedded) {
            errors.at(
                *span,
                "an `embedded` struct is read from the source of the struct that has it as a field; remove the source",
            );
        }
        if let Some((policy, span)) = self.expose {
            check_policy(policy, span, container, errors);
        }
    }

    /// The value of the field when nothing is served.
    fn fallback(
        &mut self,
        ident: &Ident,
        ty: &Type,
        container: &Container,
        errors: &mut Errors,
    ) -> Fallback {
        if let Some(default) = self.default.take() {
            return default;
        }
        let is_nested = matches!(self.decoders.as_slice(), [(_, _, Decode::Nested)]);
        let is_gate = matches!(self.sources.as_slice(), [(EntityKind::Gate, ..)]);
        if self.flatten.is_some() {
            Fallback::Inner
        } else if container.default.is_some() {
            Fallback::Container
        } else if self.skip.is_some() || is_gate {
            Fallback::Trait
        } else if option_of(ty).is_some() {
            Fallback::Absent
        } else if is_nested {
            Fallback::Inner
        } else if self.are_misspelt {
            Fallback::Trait
        } else {
            errors.at(
                ident.span(),
                format!(
                    "`{ident}` needs a default for when nothing is served: \
                     add `#[statsig(default = …)]`, add `#[statsig(default)]` for the type's own, or make it an `Option`"
                ),
            );
            Fallback::Trait
        }
    }

    fn param(
        self,
        ident: &Ident,
        ty: &Type,
        default: &Fallback,
        container: &Container,
        errors: &mut Errors,
    ) -> Param {
        let known = match (default, self.default_keys.as_slice()) {
            (Fallback::Expr(expr), _) => Some(KnownDefault::of_expr(expr)),
            (Fallback::Trait, [key]) if key.key == "default" => {
                Some(KnownDefault::of_type(ty, key.span()))
            }
            _ => None,
        };
        let default = match default {
            Fallback::Expr(expr) => Some(&**expr),
            _ => None,
        };
        let source = self.source();
        let is_gate = matches!(&source, Some(source) if source.kind == EntityKind::Gate);
        if is_gate {
            self.check_gate(ident, ty, errors);
        }
        let constraint = ["range", "clamp", "one_of", "non_empty"];
        let decode = self.decoders.into_iter().next();
        if let Some((key, _, Decode::Nested)) = &decode {
            for (other, span) in &self.others {
                if constraint.contains(&other.as_str()) {
                    errors.at(
                        *span,
                        format!("`{other}` is for single values: give it for the fields of the `{key}` struct"),
                    );
                }
            }
        }
        check_duration(ident, ty, decode.as_ref(), default, errors);
        let constraints = self.constraints.check(ident, ty, known.as_ref(), errors);
        let name = self.rename.unwrap_or_else(|| {
            let name = ident.unraw().to_string();
            let case = container.rename_all;
            case.map_or(name.clone(), |case| case.field(&name))
        });
        Param {
            name: match &source {
                Some(source) if is_gate => source.name.clone(),
                _ => name,
            },
            aliases: self.aliases,
            source,
            expose: self.expose.map(|(policy, _)| policy),
            decode: decode.map_or(Decode::Type, |(_, _, decode)| decode),
            validate: self.validate,
            range: constraints.range,
            clamp: constraints.clamp,
            one_of: constraints.one_of,
            non_empty: constraints.non_empty,
        }
    }

    fn source(&self) -> Option<ParamSource> {
        let (kind, _, name) = self.sources.first()?;
        Some(ParamSource {
            kind: *kind,
            name: name.as_ref().map(LitStr::value).unwrap_or_default(),
        })
    }

    /// A gate has one value.
    fn check_gate(&self, ident: &Ident, ty: &Type, errors: &mut Errors) {
        if !matches!(Known::of(ty), Known::Bool | Known::Unknown) || option_of(ty).is_some() {
            errors.at(
                ty.span(),
                format!(
                    "expected a `bool`, as a gate passes or does not: `{ident}` is a `{}`",
                    spelled(ty)
                ),
            );
        }
        for (key, span) in &self.others {
            if !["gate", "expose"].contains(&key.as_str()) {
                errors.at(
                    *span,
                    format!("a gate is true or false and has no parameters; remove `{key}`"),
                );
            }
        }
    }
}

/// Only a view has reads; only a struct has access as a whole.
fn check_policy(policy: Expose, span: Span, container: &Container, errors: &mut Errors) {
    if policy == Expose::Read && container.expose != Expose::Read {
        errors.at(
            span,
            "reads of a field are only seen through a view: add `expose = \"read\"` to the struct, or use `load` or `manual` here",
        );
    }
    if policy == Expose::Access && container.expose == Expose::Read {
        errors.at(
            span,
            "with `expose = \"read\"` on the struct there is no access to it as a whole; use `read`, `load` or `manual` here",
        );
    }
    if container.embedded.is_some() {
        errors.at(
            span,
            "an `embedded` struct is exposed by the struct that has it as a field; remove `expose`",
        );
    }
}
