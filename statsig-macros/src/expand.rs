//! From the model to tokens. The code that comes out is little: what can be a function lives in `statsig::typed`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DeriveInput, Generics, Ident, Type, WherePredicate, parse_quote};

use crate::attributes::doc_text;
use crate::default::{convert, is_primitive, last_name, option_of, ungroup};
use crate::errors::Errors;
use crate::model::{Expose, Fallback, Field, Params, SourceKind};
use crate::parse;
use crate::register::registration;

/// The whole derive.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let params = parse::params(&input, &mut errors);
    let body = match (&params, errors.into_tokens()) {
        (Some(params), None) => return implementation(params, full(params)),
        (_, errors) => errors,
    };
    let stub = match &params {
        Some(params) => implementation(params, stub(&params.ident, &params.krate)),
        None => TokenStream::new(),
    };
    quote!(#body #stub)
}

/// The constant and the function that only a struct without errors has.
struct Body {
    schema: TokenStream,
    read: TokenStream,
    registration: TokenStream,
}

fn full(params: &Params) -> Body {
    Body {
        schema: schema(params),
        read: read(params),
        registration: registration(params),
    }
}

/// Stands in for a struct with errors, so that the rest of the program raises no further ones.
fn stub(ident: &Ident, krate: &syn::Path) -> Body {
    let struct_name = ident.unraw().to_string();
    let typed = quote!(#krate::typed);
    Body {
        schema: quote! {
            &#typed::Schema::new(#struct_name, &[])
        },
        read: quote!(::core::unreachable!()),
        registration: TokenStream::new(),
    }
}

fn implementation(params: &Params, body: Body) -> TokenStream {
    let ident = &params.ident;
    let typed = typed(params);
    let generics = bounded_generics(params);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let Body {
        schema,
        read,
        registration,
    } = body;
    let reader = reader();
    let (view, view_type, conversions) = match params.expose {
        Expose::Read => view(params, &generics),
        Expose::Access | Expose::Load | Expose::Manual => {
            (TokenStream::new(), quote!(Self), own_view(&typed))
        }
    };
    quote! {
        #[automatically_derived]
        #[allow(deprecated, clippy::useless_conversion)]
        impl #impl_generics #typed::StatsigParams for #ident #ty_generics #where_clause {
            type View = #view_type;

            const SCHEMA: &'static #typed::Schema = #schema;

            fn read(#reader: &mut #typed::ParamReader<'_>) -> Self {
                #read
            }

            #conversions
        }

        #registration

        #view
    }
}

fn typed(params: &Params) -> TokenStream {
    let krate = &params.krate;
    quote!(#krate::typed)
}

fn params_of(params: &Params) -> impl Iterator<Item = &Field> {
    params.fields.iter().filter(|field| field.param.is_some())
}

/// The struct's generics, with the bounds that its fields and the trait ask for.
fn bounded_generics(params: &Params) -> Generics {
    let typed = typed(params);
    let mut bounds: Vec<WherePredicate> = Vec::new();
    for param in params.generics.type_params() {
        let ident = &param.ident;
        bounds.push(parse_quote! {
            #ident: ::core::marker::Send + ::core::marker::Sync + 'static
        });
    }
    for field in &params.fields {
        let ty = &field.ty;
        if !parse::mentions_parameter(ty, &params.generics) {
            continue;
        }
        match &field.param {
            Some(param) if param.json => bounds.push(parse_quote!(#ty: #typed::DeserializeOwned)),
            Some(_) => bounds.push(parse_quote!(#ty: #typed::FromParam)),
            None => {}
        }
        if let Fallback::Trait = field.default {
            bounds.push(parse_quote!(#ty: ::core::default::Default));
        }
    }
    let mut generics = params.generics.clone();
    if !bounds.is_empty() {
        generics.make_where_clause().predicates.extend(bounds);
    }
    generics
}

fn schema(params: &Params) -> TokenStream {
    let typed = typed(params);
    let struct_name = params.ident.unraw().to_string();
    let source_name = &params.source.name;
    let constructor = Ident::new(
        match params.source.kind {
            SourceKind::Layer => "layer",
            SourceKind::ParameterStore => "parameter_store",
            SourceKind::Experiment => "experiment",
            SourceKind::DynamicConfig => "dynamic_config",
        },
        Span::call_site(),
    );
    let expose = Ident::new(
        match params.expose {
            Expose::Access => "Access",
            Expose::Read => "Read",
            Expose::Load => "Load",
            Expose::Manual => "Manual",
        },
        Span::call_site(),
    );
    let entries = params_of(params).map(|field| param_schema(field, &typed));
    quote! {
        &#typed::Schema::new(#struct_name, &[#(#entries),*])
            .source(#typed::Source::#constructor(#source_name))
            .expose(#typed::ExposePolicy::#expose)
    }
}

fn param_schema(field: &Field, typed: &TokenStream) -> TokenStream {
    let Some(param) = &field.param else {
        return TokenStream::new();
    };
    let (name, field_name, ty) = (&param.name, field.ident.unraw().to_string(), &field.ty);
    let mut entry = if param.json {
        quote_spanned!(ty.span()=> #typed::ParamSchema::json::<#ty>(#field_name, #name))
    } else {
        quote_spanned!(ty.span()=> #typed::ParamSchema::of::<#ty>(#field_name, #name))
    };
    if !param.aliases.is_empty() {
        let aliases = &param.aliases;
        entry.extend(quote!(.aliases(&[#(#aliases),*])));
    }
    let description = doc_text(&field.docs);
    if !description.is_empty() {
        entry.extend(quote!(.description(#description)));
    }
    if !matches!(field.default, Fallback::Absent) {
        entry.extend(quote!(.with_default()));
    }
    entry
}

fn decoder(ty: &Type, json: bool, typed: &TokenStream) -> TokenStream {
    if json {
        quote_spanned!(ty.span()=> #typed::from_json::<#ty>)
    } else {
        quote_spanned!(ty.span()=> <#ty as #typed::FromParam>::from_param)
    }
}

fn read(params: &Params) -> TokenStream {
    let typed = typed(params);
    let reader = reader();
    let mut index = 0_usize;
    let mut reads = Vec::new();
    for field in &params.fields {
        let default = default(field);
        let Some(param) = &field.param else {
            reads.push(default);
            continue;
        };
        let decode = decoder(&field.ty, param.json, &typed);
        reads.push(Some(match (default, &field.default) {
            (_, Fallback::Function(path)) => quote!(#reader.field(#index, #decode, #path)),
            (Some(default), _) => quote!(#reader.field(#index, #decode, || #default)),
            (None, _) => quote!(#reader.optional(#index, #decode)),
        }));
        index += 1;
    }
    let idents = params.fields.iter().map(|field| &field.ident);
    let Some(span) = params.container_default else {
        let reads = reads.iter().flatten();
        return quote!(Self { #(#idents: #reads),* });
    };
    let value = Ident::new("value", Span::mixed_site());
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

/// The parameter of the function `read`, out of reach of the user's expressions.
fn reader() -> Ident {
    Ident::new("reader", Span::mixed_site())
}

/// The field's default; `None` when `Self::default()` provides it.
fn default(field: &Field) -> Option<TokenStream> {
    let ty = &field.ty;
    Some(match &field.default {
        Fallback::Container => return None,
        Fallback::Absent => quote!(::core::option::Option::None),
        Fallback::Trait => {
            quote_spanned!(ty.span()=> <#ty as ::core::default::Default>::default())
        }
        Fallback::Expr(expr) => convert(expr, ty),
        Fallback::Function(path) => quote_spanned!(path.span()=> #path()),
    })
}

/// The struct is its own view.
fn own_view(typed: &TokenStream) -> TokenStream {
    quote! {
        fn into_view(self, _lease: &#typed::ExposureLease) -> Self {
            self
        }

        fn from_view(view: Self) -> Self {
            view
        }

        fn peek(view: &Self) -> &Self {
            view
        }
    }
}

/// The view of `expose = "read"`: its definition, its type, and the conversions.
fn view(params: &Params, bounded: &Generics) -> (TokenStream, TokenStream, TokenStream) {
    let Params {
        ident,
        vis,
        generics,
        ..
    } = params;
    let typed = typed(params);
    let name = format_ident!("{}View", ident.unraw());
    let (_, ty_generics, where_clause) = generics.split_for_impl();
    let (impl_generics, _, bounds) = bounded.split_for_impl();
    let doc = format!(
        "Reads [`{ident}`] one parameter at a time: each accessor exposes its parameter when it is first called."
    );
    let text = name.to_string();
    let mut index = 0_usize;
    let accessors = params.fields.iter().map(|field| {
        let position = field.param.is_some().then_some(index);
        index += usize::from(field.param.is_some());
        accessor(field, position)
    });
    let definition = quote! {
        #[doc = #doc]
        #vis struct #name #generics #where_clause {
            params: #ident #ty_generics,
            lease: #typed::ExposureLease,
        }

        #[automatically_derived]
        #[allow(deprecated, dead_code)]
        impl #impl_generics #name #ty_generics #bounds {
            #(#accessors)*
        }

        #[automatically_derived]
        impl #impl_generics ::core::fmt::Debug for #name #ty_generics #bounds {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#text).finish_non_exhaustive()
            }
        }
    };
    let conversions = quote! {
        fn into_view(self, lease: &#typed::ExposureLease) -> Self::View {
            #name { params: self, lease: ::core::clone::Clone::clone(lease) }
        }

        fn from_view(view: Self::View) -> Self {
            view.params
        }

        fn peek(view: &Self::View) -> &Self {
            &view.params
        }
    };
    (definition, quote!(#name #ty_generics), conversions)
}

fn accessor(field: &Field, position: Option<usize>) -> TokenStream {
    let Field {
        ident,
        vis,
        docs,
        deprecated,
        ..
    } = field;
    let docs = if docs.is_empty() {
        let doc = match &field.param {
            Some(param) => format!("The parameter `{}`.", param.name),
            None => format!("The field `{ident}`, which is no parameter."),
        };
        quote!(#[doc = #doc])
    } else {
        quote!(#(#[doc = #docs])*)
    };
    let (ty, value) = returned(&field.ty, ident);
    let expose = position.map(|position| quote!(self.lease.on_read(#position);));
    quote! {
        #docs
        #deprecated
        #[must_use]
        #vis fn #ident(&self) -> #ty {
            #expose
            #value
        }
    }
}

/// What an accessor returns: primitives by value, text as `&str`, the rest by reference.
fn returned(ty: &Type, ident: &Ident) -> (TokenStream, TokenStream) {
    let field = quote!(self.params.#ident);
    if is_copied(ty) {
        return (ty.to_token_stream(), field);
    }
    if is_text(ty) {
        return (quote!(&::core::primitive::str), quote!(&#field));
    }
    match option_of(ty) {
        Some(inner) if is_copied(inner) => (ty.to_token_stream(), field),
        Some(inner) if is_text(inner) => (
            quote!(::core::option::Option<&::core::primitive::str>),
            quote!(#field.as_deref()),
        ),
        Some(inner) => (
            quote!(::core::option::Option<&#inner>),
            quote!(#field.as_ref()),
        ),
        None => (quote!(&#ty), quote!(&#field)),
    }
}

fn is_copied(ty: &Type) -> bool {
    last_name(ty).is_some_and(|name| is_primitive(&name))
}

/// `String`, `Box<str>` or `Arc<str>`.
fn is_text(ty: &Type) -> bool {
    let Some(name) = last_name(ty) else {
        return false;
    };
    let Type::Path(path) = ungroup(ty) else {
        return false;
    };
    let argument = path.path.segments.last().map(|last| &last.arguments);
    match argument {
        Some(syn::PathArguments::None) => name == "String",
        Some(syn::PathArguments::AngleBracketed(arguments)) => {
            let is_str = arguments.to_token_stream().to_string().replace(' ', "") == "<str>";
            is_str && (name == "Box" || name == "Arc")
        }
        _ => false,
    }
}
