//! The constant that describes the struct.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, LitStr};

use super::fields::{decoder, needs_closure, shown_at, value};
use crate::attributes::doc_text;
use crate::case::Case;
use crate::literal::{self, float_at, integer_at};
use crate::model::{
    Decode, Expose, Fallback, Field, OnMismatch, Param, ParamSource, Range, Role, variant,
};
use crate::parse::Params;
use crate::types::option_of;

pub(super) fn schema(params: &Params) -> TokenStream {
    let typed = params.typed();
    let container = &params.container;
    let struct_name = params.ident.unraw().to_string();
    let own = entries(params, &typed);
    let mut schema = quote!(#typed::Schema::new(#struct_name, #own));
    if let Some(source) = &params.source {
        let source = entity(source, &typed);
        schema.extend(quote!(.source(#source)));
    }
    schema.extend(description(&params.docs));
    if container.expose != Expose::Access {
        let policy = variant(container.expose);
        schema.extend(quote!(.expose(#typed::ExposePolicy::#policy)));
    }
    if let Some(id_type) = &container.id_type {
        schema.extend(quote!(.id_type(#id_type)));
    }
    if container.deny_unknown {
        schema.extend(quote!(.deny_unknown()));
    }
    if container.on_mismatch != OnMismatch::Warn {
        let on_mismatch = variant(container.on_mismatch);
        schema.extend(quote!(.on_mismatch(#typed::OnMismatch::#on_mismatch)));
    }
    quote!(&#schema.defaults(#typed::default_values::<Self>))
}

fn description(docs: &[LitStr]) -> Option<TokenStream> {
    let text = doc_text(docs);
    (!text.is_empty()).then(|| quote!(.description(#text)))
}

/// The parameters of the struct, followed by those of flattened structs.
fn entries(params: &Params, typed: &TokenStream) -> TokenStream {
    let entries = params
        .own()
        .map(|(field, param)| entry(field, param, typed));
    let own = quote!(&[#(#entries),*]);
    let fields = params.fields.iter();
    let flattened: Vec<_> = fields
        .filter(|field| matches!(field.role, Role::Flattened))
        .map(|Field { ty, .. }| {
            let schema = quote_spanned!(ty.span()=> <#ty as #typed::StatsigParams>::SCHEMA);
            (ty.span(), schema)
        })
        .collect();
    if flattened.is_empty() {
        return own;
    }
    let count = Literal::usize_unsuffixed(params.own().count());
    let lens = flattened
        .iter()
        .map(|(_, schema)| quote!(#schema.params.len()));
    let source = params.source.as_ref().map(|source| entity(source, typed));
    let source = option(source);
    let own = quote!(#typed::AllParams::<{ #count #(+ #lens)* }>::own(#own, #source));
    // The code calls a function rather than a method, because the compiler shows an error at the
    // whole call.
    let all = flattened.iter().fold(own, |before, (span, schema)| {
        let flatten = shown_at(*span, quote!(#typed::AllParams::flatten));
        quote_spanned!(*span=> #flatten(#before, #schema))
    });
    quote!(&#all.all())
}

fn entity(source: &ParamSource, typed: &TokenStream) -> TokenStream {
    // Each kind has a constructor of the same name.
    let constructor = Case::Snake.variant(&variant(source.kind).to_string());
    let constructor = Ident::new(&constructor, Span::call_site());
    let name = &source.name;
    quote!(#typed::ParamSource::#constructor(#name))
}

/// The tokens of an option.
fn option(tokens: Option<TokenStream>) -> TokenStream {
    match tokens {
        Some(tokens) => quote!(::core::option::Option::Some(#tokens)),
        None => quote!(::core::option::Option::None),
    }
}

fn entry(field: &Field, param: &Param, typed: &TokenStream) -> TokenStream {
    let (name, field_name, ty) = (&param.name, field.ident.unraw().to_string(), &field.ty);
    let schema = quote!(#typed::ParamSchema);
    let span = ty.span();
    let mut entry = match &param.decode {
        // `read` and `write` require the same bound in the same way, so that the compiler reports
        // the error once.
        Decode::Type => {
            let param = quote_spanned!(span=> <#ty as #typed::FromParam>::PARAM);
            quote!(#param.called(#field_name, #name))
        }
        Decode::Json | Decode::Module(_) | Decode::Function(_) => {
            quote!(#schema::new(#field_name, #name, #typed::ParamKind::Any).nullable(true))
        }
        Decode::Unit(unit) => {
            let unit = variant(unit);
            quote!(#schema::duration(#field_name, #name, #typed::TimeUnit::#unit))
        }
        Decode::Nested => {
            let inside = option_of(ty).unwrap_or(ty);
            let inside = quote_spanned!(inside.span()=> <#inside as #typed::StatsigParams>::SCHEMA);
            quote!(#schema::nested(#field_name, #name, #inside))
        }
    };
    if let (Decode::Unit(_) | Decode::Nested, Some(_)) = (&param.decode, option_of(ty)) {
        entry.extend(quote!(.nullable(true)));
    }
    if needs_closure(param) {
        let decode = decoder(ty, param, typed);
        let value = value();
        entry.extend(quote!(.checked_by(|#value| (#decode)(#value).map(::core::mem::drop))));
    }
    if let Some(source) = &param.source {
        let source = entity(source, typed);
        entry.extend(quote!(.source(#source)));
    }
    if let Some(policy) = param.expose.map(variant) {
        entry.extend(quote!(.expose(#typed::ExposePolicy::#policy)));
    }
    if !param.aliases.is_empty() {
        let aliases = &param.aliases;
        entry.extend(quote!(.aliases(&[#(#aliases),*])));
    }
    entry.extend(description(&field.docs));
    let constraints = &param.constraints;
    if let Some(range) = &constraints.range {
        let range = range_tokens(range, typed);
        entry.extend(quote!(.range(#range)));
    }
    if constraints.clamp {
        entry.extend(quote!(.clamp()));
    }
    if !constraints.one_of.is_empty() {
        let allowed = constraints
            .one_of
            .iter()
            .map(|literal| literal.schema(typed));
        entry.extend(quote!(.one_of(&[#(#allowed),*])));
    }
    if constraints.non_empty {
        entry.extend(quote!(.non_empty()));
    }
    if !matches!(field.default, Fallback::Absent) {
        entry.extend(quote!(.with_default()));
    }
    entry
}

fn range_tokens(range: &Range, typed: &TokenStream) -> TokenStream {
    let bound = |bound: &Option<Expr>| {
        option(
            bound
                .as_ref()
                .map(|expr| bound_tokens(expr, range.is_float)),
        )
    };
    let (min, max) = (bound(&range.min), bound(&range.max));
    let constructor = if range.is_float { "floats" } else { "integers" };
    let constructor = Ident::new(constructor, Span::call_site());
    let without_max = (range.excludes_max && range.max.is_some()).then(|| quote!(.without_max()));
    quote!(#typed::ParamRange::#constructor(#min, #max) #without_max)
}

fn bound_tokens(expr: &Expr, is_float: bool) -> TokenStream {
    match (literal::Literal::of(expr), is_float) {
        (Some(literal::Literal::Integer(integer)), true) => float_at(expr.span(), integer),
        (Some(literal::Literal::Integer(integer)), false) => integer_at(expr.span(), integer),
        (Some(_), true) => quote!(#expr),
        (None, true) => quote_spanned!(expr.span()=> (#expr) as f64),
        (_, false) => quote_spanned!(expr.span()=> (#expr) as i128),
    }
}
