//! The code that reads and writes the fields.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, Type};

use crate::default::{convert, convert_in_unit};
use crate::model::{Decode, Fallback, Field, Param, Role, variant};
use crate::parse::Params;
use crate::types::option_of;

/// The parameter of the function `read`. The user's expressions cannot name it.
pub(super) fn reader() -> Ident {
    Ident::new("reader", Span::mixed_site())
}

/// The parameter of the function `write`.
pub(super) fn writer() -> Ident {
    Ident::new("writer", Span::mixed_site())
}

/// The variable for the JSON or the decoded value. The user's expressions cannot name it.
pub(super) fn value() -> Ident {
    Ident::new("value", Span::mixed_site())
}

/// The place of a field in the schema.
pub(super) enum Place<'a> {
    /// The schema does not contain it.
    Skipped,
    /// A parameter and its index.
    Param(&'a Param, Literal),
    /// The first index of a flattened struct.
    Flattened(TokenStream),
}

/// The fields with their places. Flattened structs come after all other fields, so that the
/// indices of the others are known here.
pub(super) fn placed<'a>(params: &'a Params, typed: &TokenStream) -> Vec<(&'a Field, Place<'a>)> {
    let mut indices = (0..).map(Literal::usize_unsuffixed);
    let mut first = Literal::usize_unsuffixed(params.own().count()).to_token_stream();
    let placed = params.fields.iter().map(|field| {
        let place = match &field.role {
            Role::Skipped => Place::Skipped,
            Role::Param(param) => match indices.next() {
                Some(index) => Place::Param(param, index),
                None => Place::Skipped,
            },
            Role::Flattened => {
                let ty = &field.ty;
                let from = first.clone();
                let schema = quote_spanned!(ty.span()=> <#ty as #typed::StatsigParams>::SCHEMA);
                first.extend(quote!(+ #schema.params.len()));
                Place::Flattened(from)
            }
        };
        (field, place)
    });
    placed.collect()
}

/// Whether decoding needs more than a path.
pub(super) fn needs_closure(param: &Param) -> bool {
    param.validate.is_some()
        || matches!(
            param.decode,
            Decode::Json | Decode::Module(_) | Decode::Function(_)
        )
}

/// The name of a method. Those for options have a name of their own.
fn method(name: &str, ty: &Type) -> Ident {
    match option_of(ty) {
        Some(_) => format_ident!("{name}_option"),
        None => format_ident!("{name}"),
    }
}

/// The function from JSON to the field's type.
pub(super) fn decoder(ty: &Type, param: &Param, typed: &TokenStream) -> TokenStream {
    let value = value();
    let decode = match &param.decode {
        Decode::Type | Decode::Nested => {
            quote_spanned!(ty.span()=> <#ty as #typed::FromParam>::from_param)
        }
        Decode::Json => quote_spanned!(ty.span()=> #typed::from_json::<#ty>),
        Decode::Unit(unit) => {
            let (unit, decode) = (variant(unit), method("decode", ty));
            quote!(|#value| #typed::TimeUnit::#unit.#decode(#value))
        }
        Decode::Module(module) => {
            let function = quote_spanned!(module.span()=> #module::deserialize);
            called(&function, module, ty, typed)
        }
        Decode::Function(function) => called(&function.to_token_stream(), function, ty, typed),
    };
    match &param.validate {
        None => decode,
        Some(validate) => {
            let name = spelled(validate);
            let decoded = match &param.decode {
                Decode::Type | Decode::Json | Decode::Nested => quote!(#decode(#value)),
                _ => quote!((#decode)(#value)),
            };
            // The closure lets `fn(&str)` accept a `String`.
            let checked = Ident::new("value", value.span().located_at(validate.span()));
            let call = quote_spanned!(validate.span()=> #validate(#checked));
            let validated = quote!(#typed::validated(#decoded, |#value| #call, #name));
            let validated = shown_at(validate.span(), validated);
            quote!(|#value| #validated)
        }
    }
}

/// Decodes with a function; `path` is the user's text.
fn called(function: &TokenStream, path: &Path, ty: &Type, typed: &TokenStream) -> TokenStream {
    let name = spelled(path);
    let decode_with = shown_at(path.span(), quote!(#typed::decode_with::<#ty, _>));
    let value = value();
    quote!(|#value| #decode_with(#value, #function, #name))
}

/// The same tokens. The compiler shows their errors at this span.
pub(super) fn shown_at(span: Span, tokens: TokenStream) -> TokenStream {
    let tokens = tokens.into_iter().map(|mut token| {
        token.set_span(token.span().located_at(span));
        token
    });
    tokens.collect()
}

/// A path as the user wrote it.
fn spelled(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}

pub(super) fn read(params: &Params) -> TokenStream {
    let typed = params.typed();
    let placed = placed(params, &typed);
    let reads = placed.iter().filter_map(|(field, place)| {
        Some((&field.ident, field, read_field(field, place, &typed)?))
    });
    let Some(span) = params.container.default else {
        let fields = reads.map(|(ident, _, read)| quote!(#ident: #read));
        return quote!(Self { #(#fields),* });
    };
    let value = value();
    let assignments = reads.map(|(ident, field, read)| match field.default {
        Fallback::Container => quote! {
            if let ::core::option::Option::Some(served) = #read {
                #value.#ident = served;
            }
        },
        _ => quote!(#value.#ident = #read;),
    });
    let default = quote_spanned!(span=> <Self as ::core::default::Default>::default());
    quote! {
        let mut #value = #default;
        #(#assignments)*
        #value
    }
}

/// The expression for a field: of its type, or an option if `Self::default()` provides the default.
/// `None` for a skipped field with such a default.
fn read_field(field: &Field, place: &Place<'_>, typed: &TokenStream) -> Option<TokenStream> {
    let reader = reader();
    let ty = &field.ty;
    let (param, index) = match place {
        Place::Skipped => return default(field, typed),
        Place::Flattened(first) => {
            let read = quote_spanned!(ty.span()=> <#ty as #typed::StatsigParams>::read);
            return Some(quote!(#reader.flattened(#first, #read)));
        }
        Place::Param(param, index) => (param, index),
    };
    if let Decode::Nested = param.decode {
        let inside = option_of(ty).unwrap_or(ty);
        let read = quote_spanned!(inside.span()=> <#inside as #typed::StatsigParams>::read);
        let nested = method("nested", ty);
        let nested = quote!(#reader.#nested(#index, #read));
        return Some(match (default(field, typed), &field.default) {
            (_, Fallback::Absent) => quote!(#nested.flatten()),
            (None, _) => nested,
            (Some(default), _) => quote!(#nested.unwrap_or_else(|| #default)),
        });
    }
    let decode = decoder(ty, param, typed);
    Some(match default(field, typed) {
        Some(default) => quote!(#reader.field(#index, #decode, || #default)),
        None => quote!(#reader.optional(#index, #decode)),
    })
}

/// The field's default; `None` when `Self::default()` provides it.
fn default(field: &Field, typed: &TokenStream) -> Option<TokenStream> {
    let ty = &field.ty;
    Some(match &field.default {
        Fallback::Container => return None,
        Fallback::Inner => {
            quote_spanned!(ty.span()=> <#ty as #typed::StatsigParams>::defaults())
        }
        Fallback::Absent => quote!(::core::option::Option::None),
        Fallback::Trait => {
            quote_spanned!(ty.span()=> <#ty as ::core::default::Default>::default())
        }
        Fallback::Expr(expr) => match field.param().map(|param| &param.decode) {
            Some(Decode::Unit(unit)) => convert_in_unit(expr, ty, *unit, typed),
            _ => convert(expr, ty),
        },
        // The block makes the compiler show errors about the type at the function.
        Fallback::Function(path) => {
            quote_spanned!(path.span()=> { let default: #ty = #path(); default })
        }
    })
}

pub(super) fn write(params: &Params) -> TokenStream {
    let typed = params.typed();
    let placed = placed(params, &typed).into_iter();
    placed
        .filter_map(|(field, place)| write_field(field, &place, &typed))
        .collect()
}

/// The statement that writes a field. `None` for a field without a JSON form.
fn write_field(field: &Field, place: &Place<'_>, typed: &TokenStream) -> Option<TokenStream> {
    let writer = writer();
    let (ident, ty) = (&field.ident, &field.ty);
    let (param, index) = match place {
        Place::Skipped => return None,
        Place::Flattened(first) => {
            let write = quote_spanned!(ty.span()=> <#ty as #typed::StatsigParams>::write);
            return Some(quote!(#writer.flattened(#first, &self.#ident, #write);));
        }
        Place::Param(param, index) => (param, index),
    };
    Some(match &param.decode {
        Decode::Type => {
            let value = quote_spanned!(ty.span()=> <#ty as #typed::FromParam>::to_param);
            quote!(#writer.field(#index, #value(&self.#ident));)
        }
        Decode::Unit(unit) => {
            let (unit, encode) = (variant(unit), method("encode", ty));
            quote!(#writer.field(#index, #typed::TimeUnit::#unit.#encode(self.#ident));)
        }
        Decode::Nested => {
            let inside = option_of(ty).unwrap_or(ty);
            let write = quote_spanned!(inside.span()=> <#inside as #typed::StatsigParams>::write);
            match option_of(ty) {
                Some(_) => quote! {
                    if let ::core::option::Option::Some(inside) = &self.#ident {
                        #writer.nested(#index, inside, #write);
                    }
                },
                None => quote!(#writer.nested(#index, &self.#ident, #write);),
            }
        }
        Decode::Json | Decode::Module(_) | Decode::Function(_) => return None,
    })
}
