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
pub(crate) const SDK: Package = Package {
    name: "statsig-actors",
    library: "statsig",
    key: "crate",
};

/// The provider for OpenFeature.
pub(crate) const OPEN_FEATURE: Package = Package {
    name: "statsig-openfeature",
    library: "statsig_openfeature",
    key: "open_feature",
};

/// The path under the crate's own name.
pub(crate) fn default_path() -> Path {
    parse_quote!(::statsig)
}

impl Package {
    /// The path of the package, as far as the manifests show it. Reports an error at the span if
    /// the user's package does not depend on it.
    pub(crate) fn path(&self, span: Span, errors: &Errors) -> Option<Path> {
        let Self { name, library, key } = self;
        let directory = std::env::var_os("CARGO_MANIFEST_DIR");
        let directories = directory.iter().flat_map(|it| File::new(it).ancestors());
        let manifests = directories.map(|directory| {
            std::fs::read_to_string(directory.join("Cargo.toml")).unwrap_or_default()
        });
        let Some(found) = self.find(manifests) else {
            errors.at(
                span,
                format!(
                    "expected the package `{name}` among the dependencies, found none; \
                     if another crate re-exports it, name the path: `#[statsig({key} = path::to::{library})]`"
                ),
            );
            return None;
        };
        let path = parse_str(&format!("::{}", found.replace('-', "_")));
        path.or_else(|_| parse_str(&format!("::{library}"))).ok()
    }

    /// Finds the library's name in the user's manifest, or in the manifest of a parent directory,
    /// which may be the workspace's. `None` if the package does not depend on it.
    ///
    /// The library's own name is also the guess if the manifest is unreadable: other build tools
    /// exist, and other ways to write a manifest.
    fn find(&self, mut manifests: impl Iterator<Item = String>) -> Option<String> {
        let usual = Some(self.library.to_owned());
        let own = manifests.next().unwrap_or_default();
        if own.is_empty() {
            return usual;
        }
        let keys = self.dependencies(&own);
        let has_own_name = |name| keys.iter().any(|it| it.key == name && !it.is_renamed);
        if has_own_name(self.name) {
            return usual;
        }
        if let Some(renamed) = keys.iter().find(|dependency| dependency.is_renamed) {
            return Some(renamed.key.clone());
        }
        let above = manifests.flat_map(|manifest| self.dependencies(&manifest));
        let mut renamed_above = above.filter(|dependency| dependency.is_renamed);
        let is_inherited = |renamed: &Dependency| keys.iter().any(|own| own.key == renamed.key);
        if let Some(renamed) = renamed_above.find(is_inherited) {
            return Some(renamed.key);
        }
        let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        let mut words = own.split(|c| !is_part(c));
        let is_guess = has_own_name(self.library) || words.any(|word| word == self.name);
        usual.filter(|_| is_guess)
    }

    /// The dependencies of a manifest, in the order of their lines. One with several lines repeats.
    fn dependencies(&self, manifest: &str) -> Vec<Dependency> {
        let mut found = Vec::new();
        // What follows `dependencies` in the header of the table: nothing, or `.key`.
        let mut table = None;
        for line in manifest.lines().map(str::trim) {
            if let Some(header) = line.strip_prefix('[') {
                let header = header.split(']').next().unwrap_or_default();
                let after = header.rsplit_once("dependencies").map(|(_, after)| after);
                table = after.filter(|after| after.is_empty() || after.starts_with('.'));
            } else if let (Some(table), Some((key, value))) = (table, line.split_once('='))
                && !line.starts_with('#')
            {
                let path = format!("{table}.{}", unquoted(key));
                let mut path = path.split('.').skip(1).map(unquoted);
                let key = path.next().unwrap_or_default().to_owned();
                let is_renamed = match path.next() {
                    None => self.is_named_in(value),
                    Some(part) => part == "package" && unquoted(value) == self.name,
                };
                found.push(Dependency { key, is_renamed });
            }
        }
        found
    }

    /// Whether an inline table has this package under its key `package`.
    fn is_named_in(&self, table: &str) -> bool {
        let pairs = table.split(['{', ',', '}']);
        let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
        pairs.any(|(key, value)| key.trim() == "package" && unquoted(value) == self.name)
    }
}

/// A line about a dependency in a manifest.
struct Dependency {
    key: String,
    /// Whether the key is a new name for the package.
    is_renamed: bool,
}

fn unquoted(text: &str) -> &str {
    let text = text.split('#').next().unwrap_or_default();
    text.trim().trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(manifests: &[&str]) -> Option<String> {
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
            assert_eq!(find(&[manifest]), Some("flags".to_owned()), "{manifest}");
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
                Some("flags".to_owned()),
                "{own}"
            );
        }
        assert_eq!(find(&["[dependencies]\nserde = \"1\"", workspace]), None);
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
            assert_eq!(find(manifests).as_deref(), Some("statsig"), "{manifests:?}");
        }
    }

    #[test]
    fn each_package_is_found_under_its_own_name() {
        let manifest = "[dependencies]\nsdk = { package = \"statsig-actors\" }\n\
             of = { package = \"statsig-openfeature\" }";
        let found = |package: Package| package.find([manifest.to_owned()].into_iter());
        assert_eq!(found(SDK), Some("sdk".to_owned()));
        assert_eq!(found(OPEN_FEATURE), Some("of".to_owned()));
        let manifest = "[dependencies]\nstatsig-actors = \"0.1\"";
        let found = OPEN_FEATURE.find([manifest.to_owned()].into_iter());
        assert_eq!(found, None);
    }

    #[test]
    fn a_package_without_the_crate_is_reported_so() {
        let manifest =
            "[package]\nname = \"shop\"\n[dependencies]\nstatsig-local = \"0.1\"\nmy-sdk = \"1\"";
        assert_eq!(find(&[manifest]), None);
    }
}
