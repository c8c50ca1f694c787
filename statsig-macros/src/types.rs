//! Decides properties of types from their spelling.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, GenericParam, Generics, Ident, PathArguments, Type, TypePath};

const FLOATS: [&str; 2] = ["f32", "f64"];
const INTEGERS: [&str; 12] = [
    "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize",
];
/// Names of types that contain no number, with any arguments.
const NO_NUMBERS: [&str; 13] = [
    "bool", "char", "String", "Box", "Arc", "Cow", "Vec", "HashSet", "BTreeSet", "HashMap",
    "BTreeMap", "Value", "Map",
];
const COLLECTIONS: [&str; 5] = ["Vec", "HashSet", "BTreeSet", "HashMap", "BTreeMap"];

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
        let ty = option_of(ty).unwrap_or(ty);
        if let Type::Array(_) = ungroup(ty) {
            return Self::Collection;
        }
        let Some(name) = last_name(ty) else {
            return Self::Unknown;
        };
        match name.as_str() {
            "bool" => Self::Bool,
            "char" => Self::Char,
            "Duration" => Self::Duration,
            name if FLOATS.contains(&name) => Self::Float,
            name if INTEGERS.contains(&name) => Self::Integer,
            name if name.starts_with("NonZero") => Self::NonZero,
            name if COLLECTIONS.contains(&name) => Self::Collection,
            _ if is_text(ty) => Self::Text,
            name if NO_NUMBERS.contains(&name) => Self::NoNumber,
            _ => Self::Unknown,
        }
    }

    /// Whether accessors return it by value.
    fn is_copied(self) -> bool {
        matches!(
            self,
            Self::Bool | Self::Char | Self::Integer | Self::Float | Self::NonZero | Self::Duration
        )
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
    let Type::Path(TypePath {
        qself: None, path, ..
    }) = ungroup(ty)
    else {
        return None;
    };
    let last = path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}

/// Whether a type name is that of a number, `bool` or `char`.
pub(crate) fn is_primitive(name: &str) -> bool {
    is_float(name) || INTEGERS.contains(&name) || name == "bool" || name == "char"
}

pub(crate) fn is_float(name: &str) -> bool {
    FLOATS.contains(&name)
}

/// Whether accessors return this type by value.
pub(crate) fn is_copied(ty: &Type) -> bool {
    option_of(ty).is_none() && Known::of(ty).is_copied()
}

/// The name of a type without module path and arguments.
pub(crate) fn last_name(ty: &Type) -> Option<String> {
    match ungroup(ty) {
        Type::Path(TypePath {
            qself: None, path, ..
        }) => path.segments.last().map(|last| last.ident.to_string()),
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
pub(crate) fn is_text(ty: &Type) -> bool {
    let Some(name) = last_name(ty) else {
        return false;
    };
    let Type::Path(path) = ungroup(ty) else {
        return false;
    };
    match path.path.segments.last().map(|last| &last.arguments) {
        Some(PathArguments::None) => name == "String",
        Some(PathArguments::AngleBracketed(arguments)) => {
            let is_str = arguments.args.last().is_some_and(|last| {
                matches!(last, GenericArgument::Type(inner) if last_name(inner).as_deref() == Some("str"))
            });
            is_str && ["Box", "Arc", "Cow"].contains(&name.as_str())
        }
        _ => false,
    }
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

    let idents: Vec<_> = generics
        .params
        .iter()
        .filter_map(|param| match param {
            GenericParam::Type(param) => Some(&param.ident),
            _ => None,
        })
        .collect();
    contains(ty.to_token_stream(), &idents)
}
