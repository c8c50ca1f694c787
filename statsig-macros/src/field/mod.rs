//! The attributes of a field.

mod constraints;
mod defaults;

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Generics, Ident, Type};

use crate::attributes::{Attributes, Item, doc_lines};
use crate::container::Container;
use crate::errors::Errors;
use crate::keys;
use crate::model::{
    Decode, EntityKind, Expose, Fallback, Field, POLICIES, Param, ParamSource, Role, UNITS,
};
use crate::types::{Known, mentions_parameter, option_of, spelled};

const DEFAULTS: [&str; 2] = ["default", "default_with"];
const DECODERS: [&str; 5] = ["json", "nested", "with", "decode_with", "unit"];
const CONSTRAINTS: [&str; 4] = ["range", "clamp", "one_of", "non_empty"];

/// A field of the model; `None` if it has no name.
pub(crate) fn field(
    field: &syn::Field,
    container: &Container,
    generics: &Generics,
    errors: &Errors,
) -> Option<Field> {
    let attributes = Attributes::parse(&field.attrs, &keys::FIELD, errors);
    let parser = FieldParser {
        ident: field.ident.as_ref()?,
        ty: &field.ty,
        known: Known::of(&field.ty),
        attributes,
        container,
        errors,
    };
    let default = parser.fallback();
    parser.check_generic_default(&default, generics);
    let role = parser.role(&default, generics);
    let deprecated = field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("deprecated"));
    Some(Field {
        vis: field.vis.clone(),
        ty: field.ty.clone(),
        docs: doc_lines(&field.attrs),
        deprecated: deprecated.map(ToTokens::to_token_stream).collect(),
        default,
        role,
        ident: parser.ident.clone(),
    })
}

/// Parses one field.
struct FieldParser<'a> {
    ident: &'a Ident,
    ty: &'a Type,
    known: Known,
    attributes: Attributes,
    container: &'a Container,
    errors: &'a Errors,
}

impl FieldParser<'_> {
    /// The value of the field when nothing is served.
    fn fallback(&self) -> Fallback {
        let with = self.attributes.path("default_with", self.errors);
        match (self.attributes.get("default"), with) {
            (Some(item), _) => match &item.value {
                Some(expr) => Fallback::Expr(Box::new(expr.clone())),
                None => Fallback::Trait,
            },
            (None, Some(path)) => Fallback::Function(path),
            (None, None) => self.implied_fallback(),
        }
    }

    fn implied_fallback(&self) -> Fallback {
        let has = |key| self.attributes.get(key).is_some();
        if has("flatten") {
            return Fallback::Inner;
        } else if self.container.default.is_some() {
            return Fallback::Container;
        } else if has("skip") || has("gate") {
            return Fallback::Trait;
        } else if option_of(self.ty).is_some() {
            return Fallback::Absent;
        } else if has("nested") {
            return Fallback::Inner;
        }
        // After an error, the default may be what is wrong.
        if !self.attributes.are_misspelt && !has("default_with") {
            let ident = self.ident;
            self.errors.at(
                ident.span(),
                format!(
                    "`{ident}` needs a default for when nothing is served: \
                     add `#[statsig(default = …)]`, add `#[statsig(default)]` for the type's own, or make it an `Option`"
                ),
            );
        }
        Fallback::Trait
    }

    fn role(&self, default: &Fallback, generics: &Generics) -> Role {
        self.exclusive(&DEFAULTS, "give the default");
        let (skip, flatten) = (
            self.attributes.flag("skip", self.errors),
            self.attributes.flag("flatten", self.errors),
        );
        if skip.is_some() {
            for item in self.attributes.iter() {
                if item.key != "skip" && !is_among(item, &DEFAULTS) {
                    let message = format!(
                        "`{}` has no effect beside `skip`; remove one of them",
                        item.key
                    );
                    self.errors.at(item.span(), message);
                }
            }
            return Role::Skipped;
        }
        if let Type::Reference(reference) = self.ty {
            self.errors.at(
                reference.span(),
                "expected a type that owns its value, found a reference; values are decoded, so use `String`, `Box<str>` or `Arc<str>`",
            );
        }
        if flatten.is_some() {
            self.check_flattened(generics);
            return Role::Flattened;
        }
        Role::Param(Box::new(self.param(default)))
    }

    /// Reports the second of several items that exclude each other.
    fn exclusive(&self, keys: &[&str], what: &str) {
        let mut given = self.attributes.among(keys);
        if let (Some(first), Some(second)) = (given.next(), given.next()) {
            let message = format!(
                "`{}` and `{}` both {what}; remove one of them",
                first.key, second.key
            );
            self.errors.at(second.span(), message);
        }
    }

    fn check_flattened(&self, generics: &Generics) {
        for item in self.attributes.iter().filter(|item| item.key != "flatten") {
            self.errors.at(
                item.span(),
                format!(
                    "`{}` cannot be given for a flattened struct: give it for the fields of that struct",
                    item.key
                ),
            );
        }
        if mentions_parameter(self.ty, generics) {
            self.errors.at(
                self.ty.span(),
                "a flattened struct cannot depend on a type parameter: name a concrete type, or use `nested`",
            );
        }
        if option_of(self.ty).is_some() {
            self.errors.at(
                self.ty.span(),
                "a flattened struct is always there: make its fields options, or use `nested`",
            );
        }
    }

    fn param(&self, default: &Fallback) -> Param {
        let attributes = &self.attributes;
        let source = self.source();
        let is_gate = matches!(&source, Some(source) if source.kind == EntityKind::Gate);
        if is_gate {
            self.check_gate();
        }
        let decode = self.decode();
        self.check_duration(&decode, default);
        let rename = attributes.name("rename", self.errors);
        let aliases = attributes.among(&["alias"]);
        Param {
            name: match &source {
                Some(source) if is_gate => source.name.clone(),
                _ => rename.unwrap_or_else(|| {
                    let name = self.ident.unraw().to_string();
                    let case = self.container.rename_all;
                    case.map_or(name.clone(), |case| case.field(&name))
                }),
            },
            aliases: aliases.filter_map(|item| item.name(self.errors)).collect(),
            expose: self.expose(),
            validate: attributes.path("validate", self.errors),
            constraints: self.constraints(default),
            source,
            decode,
        }
    }

    fn source(&self) -> Option<ParamSource> {
        let sources = self.attributes.sources(self.errors);
        if let [_, (second, _), ..] = sources.as_slice() {
            let message = "a field comes from one source; remove one of them";
            self.errors.at(second.span(), message);
        }
        let (key, source) = sources.into_iter().next()?;
        if self.container.is_embedded {
            self.errors.at(
                key.span(),
                "an `embedded` struct is read from the source of the struct that has it as a field; remove the source",
            );
        }
        Some(source)
    }

    /// A gate has one value.
    fn check_gate(&self) {
        let may_be_bool = matches!(self.known, Known::Bool | Known::Unknown);
        if !may_be_bool || option_of(self.ty).is_some() {
            let message = format!(
                "expected a `bool`, as a gate passes or does not: {}",
                self.described()
            );
            self.errors.at(self.ty.span(), message);
        }
        for item in self.attributes.iter() {
            if !is_among(item, &["gate", "expose"]) && !is_among(item, &DEFAULTS) {
                let message = format!(
                    "a gate is true or false and has no parameters; remove `{}`",
                    item.key
                );
                self.errors.at(item.span(), message);
            }
        }
    }

    fn decode(&self) -> Decode {
        self.exclusive(&DECODERS, "say how to decode the value");
        let Some(item) = self.attributes.among(&DECODERS).next() else {
            return Decode::Type;
        };
        // After an error, `Json` stands for any way of decoding.
        let decode = match item.key.to_string().as_str() {
            "with" => item.path(self.errors).map(Decode::Module),
            "decode_with" => item.path(self.errors).map(Decode::Function),
            "unit" => item.choose(&UNITS, self.errors).map(Decode::Unit),
            key => {
                item.flag(self.errors);
                (key == "nested").then_some(Decode::Nested)
            }
        };
        if let Some(Decode::Nested) = decode {
            for item in self.attributes.among(&CONSTRAINTS) {
                self.errors.at(
                    item.span(),
                    format!(
                        "`{}` is for single values: give it for the fields of the `nested` struct",
                        item.key
                    ),
                );
            }
        }
        decode.unwrap_or(Decode::Json)
    }

    /// Only a view has reads; only a struct has access as a whole.
    fn expose(&self) -> Option<Expose> {
        let item = self.attributes.get("expose")?;
        let policy = item.choose(&POLICIES, self.errors)?;
        let of_struct = self.container.expose;
        if policy == Expose::Read && of_struct != Expose::Read {
            self.errors.at(
                item.span(),
                "reads of a field are only seen through a view: add `expose = \"read\"` to the struct, or use `load` or `manual` here",
            );
        }
        if policy == Expose::Access && of_struct == Expose::Read {
            self.errors.at(
                item.span(),
                "with `expose = \"read\"` on the struct there is no access to it as a whole; use `read`, `load` or `manual` here",
            );
        }
        if self.container.is_embedded {
            self.errors.at(
                item.span(),
                "an `embedded` struct is exposed by the struct that has it as a field; remove `expose`",
            );
        }
        Some(policy)
    }

    /// The field and its type, for messages.
    fn described(&self) -> String {
        format!("`{}` is a `{}`", self.ident, spelled(self.ty))
    }
}

fn is_among(item: &Item, keys: &[&str]) -> bool {
    keys.iter().any(|key| item.key == key)
}
