//! The paths of our libraries in the user's crate. The user's manifest may rename them.
//!
//! The manifest is read line by line: a TOML parser would be larger than the rest of this crate.

use std::path::Path as File;

use proc_macro2::Span;
use syn::{Path, parse_quote, parse_str};

use crate::errors::Errors;

/// One of our packages, as generated code refers to it.
pub(crate) struct Package {
    name: &'static str,
    library: &'static str,
    /// The key of the attribute that names its path.
    key: &'static str,
}

/// The SDK.
const SDK: Package = Package {
    name: "statsig-actors",
    library: "statsig",
    key: "crate",
};

/// The provider for OpenFeature.
const OPEN_FEATURE: Package = Package {
    name: "statsig-openfeature",
    library: "statsig_openfeature",
    key: "open_feature",
};

/// The path of the SDK, as far as the manifests show it. Reports an error if the package does not
/// depend on it.
pub(crate) fn path(errors: &mut Errors) -> Option<Path> {
    SDK.path(Span::call_site(), errors)
}

/// The path of the provider for OpenFeature. Reports an error at the span of the attribute if the
/// package does not depend on it.
pub(crate) fn open_feature_path(span: Span, errors: &mut Errors) -> Option<Path> {
    OPEN_FEATURE.path(span, errors)
}

impl Package {
    fn path(&self, span: Span, errors: &mut Errors) -> Option<Path> {
        let Self { name, library, key } = self;
        let directory = std::env::var_os("CARGO_MANIFEST_DIR");
        let directories = directory.iter().flat_map(|it| File::new(it).ancestors());
        let manifests = directories.map(|directory| {
            std::fs::read_to_string(directory.join("Cargo.toml")).unwrap_or_default()
        });
        let found = match self.find(manifests) {
            Name::Usual => (*library).to_owned(),
            Name::Other(name) => name.replace('-', "_"),
            Name::None => {
                errors.at(
                    span,
                    format!(
                        "expected the package `{name}` among the dependencies, found none; \
                         if another crate re-exports it, name the path: `#[statsig({key} = path::to::{library})]`"
                    ),
                );
                return None;
            }
        };
        let path = parse_str(&format!("::{found}"));
        path.or_else(|_| parse_str(&format!("::{library}"))).ok()
    }
}

/// The path under the crate's own name.
pub(crate) fn default_path() -> Path {
    parse_quote!(::statsig)
}

#[derive(Debug, PartialEq)]
enum Name {
    /// The library's own name. It is also the guess if the manifest is unreadable: other build
    /// tools exist, and other ways to write a manifest.
    Usual,
    Other(String),
    /// The package does not depend on it.
    None,
}

impl Package {
    /// Finds the name in the user's manifest, or in the manifest of a parent directory, which may
    /// be the workspace's.
    fn find(&self, mut manifests: impl Iterator<Item = String>) -> Name {
        let own = manifests.next().unwrap_or_default();
        if own.is_empty() {
            return Name::Usual;
        }
        let keys = self.dependencies(&own);
        let has_own_name = |name| keys.iter().any(|it| it.key == name && !it.is_renamed);
        if has_own_name(self.name) {
            return Name::Usual;
        }
        if let Some(renamed) = keys.iter().find(|dependency| dependency.is_renamed) {
            return Name::Other(renamed.key.to_owned());
        }
        for above in manifests {
            let is_inherited = |renamed: &Dependency<'_>| {
                renamed.is_renamed && keys.iter().any(|own| own.key == renamed.key)
            };
            if let Some(renamed) = self.dependencies(&above).into_iter().find(is_inherited) {
                return Name::Other(renamed.key.to_owned());
            }
        }
        if has_own_name(self.library) || self.is_mentioned(&own) {
            Name::Usual
        } else {
            Name::None
        }
    }

    /// The dependencies of a manifest, in the order of their lines.
    fn dependencies<'a>(&self, manifest: &'a str) -> Vec<Dependency<'a>> {
        dependencies(manifest, self.name)
    }

    /// Whether the manifest contains the package's name as a whole word.
    fn is_mentioned(&self, manifest: &str) -> bool {
        let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        manifest.match_indices(self.name).any(|(start, name)| {
            let before = manifest.get(..start).and_then(|text| text.chars().last());
            let after = manifest.get(start + name.len()..);
            let after = after.and_then(|text| text.chars().next());
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })
    }
}

#[derive(Debug)]
struct Dependency<'a> {
    key: &'a str,
    /// Whether the key is a new name for the package.
    is_renamed: bool,
}

/// The dependencies of a manifest, in the order of their lines. `package` is the one that a key may
/// rename.
fn dependencies<'a>(manifest: &'a str, package: &str) -> Vec<Dependency<'a>> {
    let mut found: Vec<Dependency<'a>> = Vec::new();
    // In `[dependencies]` each line is a dependency. In `[dependencies.key]` all lines describe
    // one.
    let (mut is_list, mut is_one) = (false, false);
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            let header = header.split(']').next().unwrap_or_default();
            is_list = header.ends_with("dependencies");
            let parent_and_key = header.rsplit_once('.');
            is_one = parent_and_key.is_some_and(|(parent, _)| parent.ends_with("dependencies"));
            if let Some((_, key)) = parent_and_key.filter(|_| is_one) {
                found.push(Dependency {
                    key: unquoted(key),
                    is_renamed: false,
                });
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let (key, part) = match unquoted(key).split_once('.') {
            Some((key, part)) => (key, part),
            None => (unquoted(key), ""),
        };
        if is_list {
            let is_renamed =
                names(value, package) || part == "package" && unquoted(value) == package;
            found.push(Dependency { key, is_renamed });
        } else if is_one
            && key == "package"
            && unquoted(value) == package
            && let Some(dependency) = found.last_mut()
        {
            dependency.is_renamed = true;
        }
    }
    found
}

/// Whether an inline table has this package under its key `package`.
fn names(value: &str, package: &str) -> bool {
    let mut parts = value.split(['{', ',', '}']);
    parts.any(|part| {
        let named = part.split_once('=');
        named.is_some_and(|(key, value)| key.trim() == "package" && unquoted(value) == package)
    })
}

fn unquoted(text: &str) -> &str {
    let text = text.split('#').next().unwrap_or_default();
    text.trim().trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(manifests: &[&str]) -> Name {
        SDK.find(manifests.iter().map(|text| (*text).to_owned()))
    }

    #[test]
    fn the_crate_is_found_under_the_name_that_the_package_gives_it() {
        for manifest in [
            "[dependencies]\nserde = \"1\"\nflags = { package = \"statsig-actors\", version = \"0.1\" }",
            "[dependencies]\nflags = {version = \"0.1\", features=[\"grpc\", \"proto\"], package='statsig-actors'} # ours",
            "[target.'cfg(unix)'.dev-dependencies]\n\"flags\" = { package = \"statsig-actors\" }",
            "[dependencies.flags]\nversion = \"0.1\"\npackage = \"statsig-actors\"\n[features]\na = []",
            "[dependencies]\nflags.version = \"0.1\"\nflags.package = \"statsig-actors\"",
        ] {
            assert_eq!(
                find(&[manifest]),
                Name::Other("flags".to_owned()),
                "{manifest}"
            );
        }
    }

    #[test]
    fn a_name_that_the_workspace_gives_counts_for_the_packages_that_use_it() {
        let workspace =
            "[workspace.dependencies]\nflags = { package = \"statsig-actors\", path = \"s\" }";
        for own in [
            "[dependencies]\nflags.workspace = true",
            "[dependencies]\nflags = { workspace = true }",
            "[dependencies.flags]\nworkspace = true",
        ] {
            assert_eq!(
                find(&[own, "", workspace]),
                Name::Other("flags".to_owned()),
                "{own}"
            );
        }
        assert_eq!(
            find(&["[dependencies]\nserde = \"1\"", workspace]),
            Name::None
        );
    }

    #[test]
    fn the_usual_name_is_taken_where_it_is_there_and_where_nothing_is_known() {
        for manifests in [
            &["[dependencies]\nstatsig-actors = \"0.1\"\nother = { package = \"statsig-actors\" }"]
                [..],
            &["[dependencies]\nstatsig.workspace = true"],
            &["[dependencies.statsig-actors]\nversion = \"0.1\""],
            &["[package]\nname = \"statsig-actors\""],
            &["dependencies = { statsig-actors = \"1\" }"],
            &[""],
            &[],
        ] {
            assert_eq!(find(manifests), Name::Usual, "{manifests:?}");
        }
    }

    #[test]
    fn each_package_is_found_under_its_own_name() {
        let manifest = "[dependencies]\nsdk = { package = \"statsig-actors\" }\n\
             of = { package = \"statsig-openfeature\" }";
        let found = |package: Package| package.find([manifest.to_owned()].into_iter());
        assert_eq!(found(SDK), Name::Other("sdk".to_owned()));
        assert_eq!(found(OPEN_FEATURE), Name::Other("of".to_owned()));
        let manifest = "[dependencies]\nstatsig-actors = \"0.1\"";
        let found = OPEN_FEATURE.find([manifest.to_owned()].into_iter());
        assert_eq!(found, Name::None);
    }

    #[test]
    fn a_package_without_the_crate_is_reported_so() {
        let manifest =
            "[package]\nname = \"shop\"\n[dependencies]\nstatsig-local = \"0.1\"\nmy-sdk = \"1\"";
        assert_eq!(find(&[manifest]), Name::None);
    }
}
