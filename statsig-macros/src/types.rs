//! Decides properties of types from their spelling.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, Generics, Ident, PathArguments, PathSegment, Type, TypePath};

/// The properties of a type that its name shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    Bool,
    Char,
    Integer,
    Float,
    NonZero,
    /// `String`, `Box<str>`, `Arc<str>`, `Cow<'static, str>`.
    Text,
    /// Lists, sets and maps.
    Collection,
    Duration,
    /// Another type of the standard library or of JSON that contains no number.
    NoNumber,
    Unknown,
}

impl Known {
    /// The properties of a type. For an option, those of its inner type.
    pub(crate) fn of(ty: &Type) -> Self {
        Self::exactly(option_of(ty).unwrap_or(ty))
    }

    /// The properties of a type. Those of an option are unknown.
    pub(crate) fn exactly(ty: &Type) -> Self {
        if let Type::Array(_) = ungroup(ty) {
            return Self::Collection;
        }
        let Some(last) = last_segment(ty) else {
            return Self::Unknown;
        };
        match last.ident.to_string().as_str() {
            "bool" => Self::Bool,
            "char" => Self::Char,
            "Duration" => Self::Duration,
            "f32" | "f64" => Self::Float,
            "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => Self::Integer,
            "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => Self::Integer,
            name if name.starts_with("NonZero") => Self::NonZero,
            "Vec" | "HashSet" | "BTreeSet" | "HashMap" | "BTreeMap" => Self::Collection,
            _ if is_text(ty) => Self::Text,
            "String" | "Box" | "Arc" | "Cow" | "Value" | "Map" => Self::NoNumber,
            _ => Self::Unknown,
        }
    }

    /// Whether this is a number other than `NonZero`, `bool` or `char`.
    pub(crate) fn is_primitive(self) -> bool {
        matches!(self, Self::Bool | Self::Char | Self::Integer | Self::Float)
    }

    /// Whether a type is so small that accessors return it by value.
    pub(crate) fn is_copied(self) -> bool {
        self.is_primitive() || matches!(self, Self::NonZero | Self::Duration)
    }
}

/// A type as written in messages.
pub(crate) fn spelled(ty: &Type) -> String {
    let tokens = ty.to_token_stream().to_string();
    let mut spelled = tokens.replace(" <", "<").replace("< ", "<");
    for (spaced, tight) in [(" >", ">"), (" :: ", "::"), (" ,", ","), ("& ", "&")] {
        spelled = spelled.replace(spaced, tight);
    }
    spelled
}

/// The type in `Option<…>`.
pub(crate) fn option_of(ty: &Type) -> Option<&Type> {
    let last = last_segment(ty).filter(|last| last.ident == "Option")?;
    argument(last)
}

/// The last type in the brackets of `Option<T>` or `Cow<'static, T>`.
fn argument(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    match arguments.args.last()? {
        GenericArgument::Type(argument) => Some(argument),
        _ => None,
    }
}

/// The end of a type's path: its name and its arguments.
fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ungroup(ty) {
        Type::Path(TypePath {
            qself: None, path, ..
        }) => path.segments.last(),
        _ => None,
    }
}

/// A type as written. A declarative macro puts it into an invisible group.
pub(crate) fn ungroup(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungroup(&group.elem),
        Type::Paren(paren) => ungroup(&paren.elem),
        ty => ty,
    }
}

/// `String`, `Box<str>`, `Arc<str>` or `Cow<'static, str>`.
fn is_text(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|last| match argument(last) {
        None => last.ident == "String",
        Some(inner) => {
            ["Box", "Arc", "Cow"].iter().any(|name| last.ident == name)
                && last_segment(inner).is_some_and(|inner| inner.ident == "str")
        }
    })
}

/// Whether a type mentions a type parameter, so that its bounds depend on that parameter.
pub(crate) fn mentions_parameter(ty: &Type, generics: &Generics) -> bool {
    fn contains(tokens: TokenStream, idents: &[&Ident]) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => idents.contains(&&ident),
            TokenTree::Group(group) => contains(group.stream(), idents),
            _ => false,
        })
    }

    let parameters = generics.type_params();
    let idents: Vec<_> = parameters.map(|parameter| &parameter.ident).collect();
    contains(ty.to_token_stream(), &idents)
}
