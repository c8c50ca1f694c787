//! The code that reads and writes the fields.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, Type};

use super::typed;
use crate::default::{convert, convert_in_unit};
use crate::model::{Decode, Fallback, Field, Param, Params, Role};
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

/// The index of a field in the schema.
pub(super) enum SchemaIndex {
    /// The schema does not contain it.
    Nowhere,
    At(Literal),
    /// The first index of a flattened struct.
    From(TokenStream),
}

/// The fields with their indices. Flattened structs come after all other fields, so that the
/// indices of the others are known here.
pub(super) fn indexed<'a>(
    params: &'a Params,
    typed: &TokenStream,
) -> Vec<(&'a Field, SchemaIndex)> {
    let own = params.fields.iter().filter_map(Field::param).count();
    let mut next = 0_usize;
    let mut first = Literal::usize_unsuffixed(own).to_token_stream();
    let mut indexed = Vec::new();
    for field in &params.fields {
        let index = match field.role {
            Role::Skipped => SchemaIndex::Nowhere,
            Role::Param(_) => {
                next += 1;
                SchemaIndex::At(Literal::usize_unsuffixed(next - 1))
            }
            Role::Flattened => {
                let ty = &field.ty;
                let from = first.clone();
                let schema = quote_spanned!(ty.span()=> <#ty as #typed::StatsigParams>::SCHEMA);
                first.extend(quote!(+ #schema.params.len()));
                SchemaIndex::From(from)
            }
        };
        indexed.push((field, index));
    }
    indexed
}

/// Whether decoding needs more than a path.
pub(super) fn needs_closure(param: &Param) -> bool {
    param.validate.is_some()
        || matches!(
            param.decode,
            Decode::Json | Decode::Module(_) | Decode::Function(_)
        )
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
            let unit = unit.variant();
            let method = match option_of(ty) {
                Some(_) => quote!(decode_option),
                None => quote!(decode),
            };
            quote!(|#value| #typed::TimeUnit::#unit.#method(#value))
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
    let typed = typed(params);
    let indexed = indexed(params, &typed);
    let reads: Vec<_> = indexed
        .iter()
        .map(|(field, index)| read_field(field, index, &typed))
        .collect();
    let idents = params.fields.iter().map(|field| &field.ident);
    let Some(span) = params.container_default else {
        let reads = reads.iter().flatten();
        return quote!(Self { #(#idents: #reads),* });
    };
    let value = value();
    let assignments = params.fields.iter().zip(reads).filter_map(|(field, read)| {
        let (ident, read) = (&field.ident, read?);
        Some(match field.default {
            Fallback::Container => quote! {
                if let ::core::option::Option::Some(served) = #read {
                    #value.#ident = served;
                }
            },
            _ => quote!(#value.#ident = #read;),
        })
    });
    let default = quote_spanned!(span=> <Self as ::core::default::Default>::default());
    quote! {
        let mut #value = #default;
        #(#assignments)*
        #value
    }
}

/// The expression for a field: of its type, or an option if the default is not known here. `None`
/// for a skipped field.
fn read_field(field: &Field, index: &SchemaIndex, typed: &TokenStream) -> Option<TokenStream> {
    let reader = reader();
    let ty = &field.ty;
    let default = default(field, typed);
    match (index, &field.role) {
        (SchemaIndex::From(first), _) => {
            let read = quote_spanned!(ty.span()=> <#ty as #typed::StatsigParams>::read);
            Some(quote!(#reader.flattened(#first, #read)))
        }
        (SchemaIndex::At(index), Role::Param(param)) if matches!(param.decode, Decode::Nested) => {
            let inside = option_of(ty).unwrap_or(ty);
            let read = quote_spanned!(inside.span()=> <#inside as #typed::StatsigParams>::read);
            let nested = match option_of(ty) {
                Some(_) => quote!(#reader.nested_option(#index, #read)),
                None => quote!(#reader.nested(#index, #read)),
            };
            Some(match (default, &field.default) {
                (_, Fallback::Absent) => quote!(#nested.flatten()),
                (None, _) => nested,
                (Some(default), _) => quote!(#nested.unwrap_or_else(|| #default)),
            })
        }
        (SchemaIndex::At(index), Role::Param(param)) => {
            let decode = decoder(ty, param, typed);
            Some(match default {
                Some(default) => quote!(#reader.field(#index, #decode, || #default)),
                None => quote!(#reader.optional(#index, #decode)),
            })
        }
        _ => default,
    }
}

/// The field's default; `None` when `Self::default()` or a flattened struct provides it.
fn default(field: &Field, typed: &TokenStream) -> Option<TokenStream> {
    let ty = &field.ty;
    let unit = field.param().and_then(|param| match param.decode {
        Decode::Unit(unit) => Some(unit),
        _ => None,
    });
    Some(match &field.default {
        Fallback::Container => return None,
        Fallback::Inner if matches!(field.role, Role::Flattened) => return None,
        Fallback::Inner => {
            quote_spanned!(ty.span()=> <#ty as #typed::StatsigParams>::defaults())
        }
        Fallback::Absent => quote!(::core::option::Option::None),
        Fallback::Trait => {
            quote_spanned!(ty.span()=> <#ty as ::core::default::Default>::default())
        }
        Fallback::Expr(expr) => match unit {
            Some(unit) => convert_in_unit(expr, ty, unit, typed),
            None => convert(expr, ty),
        },
        // The block makes the compiler show errors about the type at the function.
        Fallback::Function(path) => {
            quote_spanned!(path.span()=> { let default: #ty = #path(); default })
        }
    })
}

pub(super) fn write(params: &Params) -> TokenStream {
    let typed = typed(params);
    let writer = writer();
    let writes = indexed(params, &typed).into_iter().map(|(field, index)| {
        let (ident, ty) = (&field.ident, &field.ty);
        let param = match (&field.role, &index) {
            (Role::Param(param), _) => param,
            (Role::Flattened, SchemaIndex::From(first)) => {
                let write = quote_spanned!(ty.span()=> <#ty as #typed::StatsigParams>::write);
                return quote!(#writer.flattened(#first, &self.#ident, #write););
            }
            _ => return TokenStream::new(),
        };
        let SchemaIndex::At(index) = index else {
            return TokenStream::new();
        };
        match &param.decode {
            Decode::Type => {
                let value = quote_spanned!(ty.span()=> <#ty as #typed::FromParam>::to_param);
                quote!(#writer.field(#index, #value(&self.#ident));)
            }
            Decode::Unit(unit) => {
                let unit = unit.variant();
                let method = match option_of(ty) {
                    Some(_) => quote!(encode_option),
                    None => quote!(encode),
                };
                quote!(#writer.field(#index, #typed::TimeUnit::#unit.#method(self.#ident));)
            }
            Decode::Nested => {
                let inside = option_of(ty).unwrap_or(ty);
                let write =
                    quote_spanned!(inside.span()=> <#inside as #typed::StatsigParams>::write);
                match option_of(ty) {
                    Some(_) => quote! {
                        if let ::core::option::Option::Some(inside) = &self.#ident {
                            #writer.nested(#index, inside, #write);
                        }
                    },
                    None => quote!(#writer.nested(#index, &self.#ident, #write);),
                }
            }
            Decode::Json | Decode::Module(_) | Decode::Function(_) => TokenStream::new(),
        }
    });
    writes.collect()
}
