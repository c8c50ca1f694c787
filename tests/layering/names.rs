//! The names in a file: imports, paths in code, and paths in macros and attributes.

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, Meta, Stmt, TraitItem, UseTree, Visibility};

use super::surface::{features, is_hidden};

/// A path as in the source.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Import,
    /// An import that other modules can see.
    Reexport,
    Code,
    /// The path of a called macro.
    Macro,
}

/// An import: the new name (`None` for a glob) and the path of the target.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) alias: Option<String>,
    pub(crate) name: Name,
    pub(crate) is_public: bool,
    pub(crate) is_hidden: bool,
    /// The features that the import needs.
    pub(crate) gate: String,
}

/// The contents of one module, without its child modules and without items for tests.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) items: Vec<String>,
    /// Macros exported at the root of the crate.
    pub(crate) exported_macros: Vec<String>,
    pub(crate) imports: Vec<Import>,
    pub(crate) names: Vec<Name>,
}

impl Contents {
    pub(crate) fn of(items: &[Item]) -> Self {
        let mut contents = Self::default();
        for item in items {
            contents.visit_item(item);
        }
        for item in items.iter().filter(|item| !is_for_tests(attributes(item))) {
            contents.define(item);
        }
        contents
    }

    fn define(&mut self, item: &Item) {
        let ident = match item {
            Item::Const(it) => &it.ident,
            Item::Enum(it) => &it.ident,
            Item::Fn(it) => &it.sig.ident,
            Item::Static(it) => &it.ident,
            Item::Struct(it) => &it.ident,
            Item::Trait(it) => &it.ident,
            Item::TraitAlias(it) => &it.ident,
            Item::Type(it) => &it.ident,
            Item::Union(it) => &it.ident,
            Item::Macro(it) => match &it.ident {
                Some(ident) => ident,
                None => return,
            },
            _ => return,
        };
        let is_exported = attributes(item)
            .iter()
            .any(|attribute| attribute.path().is_ident("macro_export"));
        if is_exported {
            self.exported_macros.push(ident.to_string());
        }
        self.items.push(ident.to_string());
    }

    fn import(&mut self, tree: &UseTree, prefix: &[String], kind: Kind) {
        let line = tree.span().start().line;
        let with = |last: String| {
            let mut segments = prefix.to_vec();
            segments.push(last);
            segments
        };
        let (alias, segments) = match tree {
            UseTree::Path(path) => {
                return self.import(&path.tree, &with(path.ident.to_string()), kind);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, prefix, kind);
                }
                return;
            }
            UseTree::Glob(_) => (None, prefix.to_vec()),
            // `a::{self}` imports `a`.
            UseTree::Name(name) if name.ident == "self" => {
                (prefix.last().cloned(), prefix.to_vec())
            }
            UseTree::Name(name) => (Some(name.ident.to_string()), with(name.ident.to_string())),
            UseTree::Rename(rename) if rename.ident == "self" => {
                (Some(rename.rename.to_string()), prefix.to_vec())
            }
            UseTree::Rename(rename) => (
                Some(rename.rename.to_string()),
                with(rename.ident.to_string()),
            ),
        };
        let name = Name {
            segments,
            line,
            kind,
        };
        self.imports.push(Import {
            alias,
            name,
            is_public: false,
            is_hidden: false,
            gate: String::new(),
        });
    }

    /// The paths in tokens with a macro's own grammar.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut segments: Vec<String> = Vec::new();
        let (mut line, mut colons, mut is_member) = (0, 0, false);
        let mut finish = |segments: &mut Vec<String>, line| {
            if !segments.is_empty() {
                self.names.push(Name {
                    segments: std::mem::take(segments),
                    line,
                    kind: Kind::Code,
                });
            }
        };
        let mut groups = Vec::new();
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        finish(&mut segments, line);
                        line = ident.span().start().line;
                    }
                    // A field or a method is not a path.
                    if !is_member {
                        segments.push(ident.to_string());
                    }
                    (colons, is_member) = (0, false);
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    finish(&mut segments, line);
                    colons = 0;
                    is_member = matches!(&other, TokenTree::Punct(punct) if punct.as_char() == '.');
                    if let TokenTree::Group(group) = other {
                        groups.push(group.stream());
                    }
                }
            }
        }
        finish(&mut segments, line);
        for group in groups {
            self.tokens(group);
        }
    }
}

impl<'ast> Visit<'ast> for Contents {
    fn visit_item(&mut self, item: &'ast Item) {
        // Child modules have their own contents.
        if !is_for_tests(attributes(item)) && !matches!(item, Item::Mod(_)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes: &[Attribute] = match item {
            ImplItem::Const(it) => &it.attrs,
            ImplItem::Fn(it) => &it.attrs,
            ImplItem::Type(it) => &it.attrs,
            ImplItem::Macro(it) => &it.attrs,
            _ => &[],
        };
        if !is_for_tests(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let attributes: &[Attribute] = match item {
            TraitItem::Const(it) => &it.attrs,
            TraitItem::Fn(it) => &it.attrs,
            TraitItem::Type(it) => &it.attrs,
            TraitItem::Macro(it) => &it.attrs,
            _ => &[],
        };
        if !is_for_tests(attributes) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        let attributes: &[Attribute] = match statement {
            Stmt::Local(it) => &it.attrs,
            Stmt::Macro(it) => &it.attrs,
            _ => &[],
        };
        if !is_for_tests(attributes) {
            visit::visit_stmt(self, statement);
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if !is_for_tests(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        if !is_for_tests(&field.attrs) {
            visit::visit_field_value(self, field);
        }
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        if !is_for_tests(&variant.attrs) {
            visit::visit_variant(self, variant);
        }
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if !is_for_tests(&arm.attrs) {
            visit::visit_arm(self, arm);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let kind = match item.vis {
            Visibility::Inherited => Kind::Import,
            _ => Kind::Reexport,
        };
        let first = self.imports.len();
        self.import(&item.tree, &[], kind);
        for import in &mut self.imports[first..] {
            import.is_public = matches!(item.vis, Visibility::Public(_));
            import.is_hidden = is_hidden(&item.attrs);
            import.gate = features(&item.attrs);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.names.push(Name {
            segments: segments(path),
            line: path.span().start().line,
            kind: Kind::Code,
        });
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.names.push(Name {
            segments: segments(&called.path),
            line: called.path.span().start().line,
            kind: Kind::Macro,
        });
        self.tokens(called.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
            // serde's attributes contain paths as text.
            for token in list.tokens.clone() {
                if let TokenTree::Literal(literal) = token
                    && let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string())
                    && let Ok(path) = text.parse::<syn::Path>()
                {
                    let line = literal.span().start().line;
                    self.names.push(Name {
                        segments: segments(&path),
                        line,
                        kind: Kind::Code,
                    });
                }
            }
        }
    }
}

fn segments(path: &syn::Path) -> Vec<String> {
    let parts = path.segments.iter();
    parts.map(|segment| segment.ident.to_string()).collect()
}

pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(it) => &it.attrs,
        Item::Enum(it) => &it.attrs,
        Item::ExternCrate(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        Item::ForeignMod(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Macro(it) => &it.attrs,
        Item::Mod(it) => &it.attrs,
        Item::Static(it) => &it.attrs,
        Item::Struct(it) => &it.attrs,
        Item::Trait(it) => &it.attrs,
        Item::TraitAlias(it) => &it.attrs,
        Item::Type(it) => &it.attrs,
        Item::Union(it) => &it.attrs,
        Item::Use(it) => &it.attrs,
        _ => &[],
    }
}

/// Whether an item exists only in builds for tests: `#[cfg(test)]`, or `all` with it.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    fn implies_test(meta: &Meta) -> bool {
        match meta {
            Meta::Path(path) => path.is_ident("test"),
            Meta::List(list) if list.path.is_ident("all") => {
                let parts = list.parse_args_with(
                    syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated,
                );
                parts.is_ok_and(|parts| parts.iter().any(implies_test))
            }
            _ => false,
        }
    }

    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<Meta>()
                .is_ok_and(|meta| implies_test(&meta))
    })
}
