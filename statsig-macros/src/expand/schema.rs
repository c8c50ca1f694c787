//! The constant that describes the struct.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Expr;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::fields::{decoder, needs_closure, shown_at, value};
use super::typed;
use crate::attributes::doc_text;
use crate::default::as_float;
use crate::literal;
use crate::model::{
    Decode, EntityKind, Expose, Fallback, Field, OnMismatch, Param, ParamSource, Params, Range,
    Role, variant,
};
use crate::types::option_of;

pub(super) fn schema(params: &Params) -> TokenStream {
    let typed = typed(params);
    let struct_name = params.ident.unraw().to_string();
    let own = entries(params, &typed);
    let mut schema = quote!(#typed::Schema::new(#struct_name, #own));
    if let Some(source) = &params.source {
        let source = entity(source, &typed);
        schema.extend(quote!(.source(#source)));
    }
    let description = doc_text(&params.docs);
    if !description.is_empty() {
        schema.extend(quote!(.description(#description)));
    }
    if params.expose != Expose::Access {
        let policy = policy(params.expose, &typed);
        schema.extend(quote!(.expose(#policy)));
    }
    if let Some(id_type) = &params.id_type {
        schema.extend(quote!(.id_type(#id_type)));
    }
    if params.deny_unknown {
        schema.extend(quote!(.deny_unknown()));
    }
    if params.on_mismatch != OnMismatch::Warn {
        let on_mismatch = variant(params.on_mismatch);
        schema.extend(quote!(.on_mismatch(#typed::OnMismatch::#on_mismatch)));
    }
    quote!(&#schema.defaults(#typed::default_values::<Self>))
}

/// The parameters of the struct, followed by those of flattened structs.
fn entries(params: &Params, typed: &TokenStream) -> TokenStream {
    let entries = params
        .fields
        .iter()
        .filter_map(|field| Some(entry(field, field.param()?, typed)));
    let own = quote!(&[#(#entries),*]);
    let flattened = params.fields.iter().filter_map(|field| match field.role {
        Role::Flattened => Some(&field.ty),
        _ => None,
    });
    let flattened: Vec<_> = flattened
        .map(|ty| {
            let schema = quote_spanned!(ty.span()=> <#ty as #typed::StatsigParams>::SCHEMA);
            (ty.span(), schema)
        })
        .collect();
    if flattened.is_empty() {
        return own;
    }
    let count = Literal::usize_unsuffixed(params.fields.iter().filter_map(Field::param).count());
    let lens = flattened
        .iter()
        .map(|(_, schema)| quote!(#schema.params.len()));
    let source = match &params.source {
        Some(source) => {
            let source = entity(source, typed);
            quote!(::core::option::Option::Some(#source))
        }
        None => quote!(::core::option::Option::None),
    };
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
    let constructor = match source.kind {
        EntityKind::Layer => "layer",
        EntityKind::ParameterStore => "parameter_store",
        EntityKind::Experiment => "experiment",
        EntityKind::DynamicConfig => "dynamic_config",
        EntityKind::Gate => "gate",
    };
    let constructor = Ident::new(constructor, Span::call_site());
    let name = &source.name;
    quote!(#typed::ParamSource::#constructor(#name))
}

fn policy(expose: Expose, typed: &TokenStream) -> TokenStream {
    let policy = variant(expose);
    quote!(#typed::ExposePolicy::#policy)
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
            let unit = unit.variant();
            let nullable = option_of(ty).map(|_| quote!(.nullable(true)));
            quote!(#schema::duration(#field_name, #name, #typed::TimeUnit::#unit) #nullable)
        }
        Decode::Nested => {
            let inside = option_of(ty).unwrap_or(ty);
            let inside = quote_spanned!(inside.span()=> <#inside as #typed::StatsigParams>::SCHEMA);
            let nullable = option_of(ty).map(|_| quote!(.nullable(true)));
            quote!(#schema::nested(#field_name, #name, #inside) #nullable)
        }
    };
    if needs_closure(param) {
        let decode = decoder(ty, param, typed);
        let value = value();
        entry.extend(quote!(.checked_by(|#value| (#decode)(#value).map(::core::mem::drop))));
    }
    if let Some(source) = &param.source {
        let source = entity(source, typed);
        entry.extend(quote!(.source(#source)));
    }
    if let Some(expose) = param.expose {
        let policy = policy(expose, typed);
        entry.extend(quote!(.expose(#policy)));
    }
    if !param.aliases.is_empty() {
        let aliases = &param.aliases;
        entry.extend(quote!(.aliases(&[#(#aliases),*])));
    }
    let description = doc_text(&field.docs);
    if !description.is_empty() {
        entry.extend(quote!(.description(#description)));
    }
    if let Some(range) = &param.range {
        let range = range_tokens(range, typed);
        entry.extend(quote!(.range(#range)));
    }
    if param.clamp {
        entry.extend(quote!(.clamp()));
    }
    if !param.one_of.is_empty() {
        let allowed = param.one_of.iter().map(|literal| literal.schema(typed));
        entry.extend(quote!(.one_of(&[#(#allowed),*])));
    }
    if param.non_empty {
        entry.extend(quote!(.non_empty()));
    }
    if !matches!(field.default, Fallback::Absent) {
        entry.extend(quote!(.with_default()));
    }
    entry
}

fn range_tokens(range: &Range, typed: &TokenStream) -> TokenStream {
    let bound = |bound: &Option<Expr>| match bound {
        None => quote!(::core::option::Option::None),
        Some(expr) => {
            let number = bound_tokens(expr, range.is_float);
            quote!(::core::option::Option::Some(#number))
        }
    };
    let (min, max) = (bound(&range.min), bound(&range.max));
    let constructor = if range.is_float { "floats" } else { "integers" };
    let constructor = Ident::new(constructor, Span::call_site());
    let without_max = (range.excludes_max && range.max.is_some()).then(|| quote!(.without_max()));
    quote!(#typed::ParamRange::#constructor(#min, #max) #without_max)
}

fn bound_tokens(expr: &Expr, is_float: bool) -> TokenStream {
    if is_float {
        return match literal::Literal::of(expr) {
            Some(literal::Literal::Integer(integer)) => {
                let mut number = Literal::f64_unsuffixed(integer as f64);
                number.set_span(expr.span());
                quote!(#number)
            }
            Some(_) => as_float(expr, "f64").unwrap_or_else(|| quote!(#expr)),
            None => quote_spanned!(expr.span()=> (#expr) as f64),
        };
    }
    match literal::Literal::of(expr) {
        Some(literal::Literal::Integer(integer)) => {
            let mut number = Literal::i128_unsuffixed(integer);
            number.set_span(expr.span());
            quote!(#number)
        }
        _ => quote_spanned!(expr.span()=> (#expr) as i128),
    }
}
