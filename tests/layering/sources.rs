//! The source files of a crate, and the target file of each name in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::spanned::Spanned;
use syn::{Expr, Item, ItemMod, Lit, Meta};

use super::names::{Contents, Kind, Name, attributes, is_for_tests};
use super::surface::Surface;
use super::tables;

/// A parsed crate, without items for tests.
#[derive(Debug)]
pub(crate) struct Sources {
    /// The folder, relative to the repository.
    pub(crate) folder: String,
    pub(crate) files: Vec<File>,
    modules: Vec<Module>,
    /// All names in the files whose targets are in other files or crates.
    pub(crate) mentions: Vec<Mention>,
    /// Files of modules that exist only in builds for tests.
    test_files: BTreeSet<PathBuf>,
    /// The files that define macros. Other files may call these without an import.
    macros: BTreeMap<String, usize>,
}

#[derive(Debug)]
pub(crate) struct File {
    /// The path within `src`, such as `specs/parse.rs`.
    pub(crate) path: String,
    full_path: PathBuf,
    /// The number of lines outside tests.
    pub(crate) shipped_lines: usize,
}

#[derive(Debug)]
struct Module {
    file: usize,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    /// The files that define the items.
    items: BTreeMap<String, usize>,
    imports: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
    names: Vec<Name>,
    surface: Surface,
    reexports: Vec<Reexport>,
}

/// A public import: the new name (`None` for a glob) and the path of the target.
#[derive(Debug)]
pub(crate) struct Reexport {
    pub(crate) alias: Option<String>,
    pub(crate) path: Vec<String>,
    /// The features that the import needs.
    pub(crate) gate: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Target {
    Item {
        file: usize,
        module: usize,
        name: String,
    },
    Module(usize),
    /// A path into another crate, or a local name.
    Elsewhere(Vec<String>),
}

/// The use of a name in a file.
#[derive(Debug)]
pub(crate) struct Mention {
    pub(crate) from: usize,
    pub(crate) line: usize,
    pub(crate) to: Named,
}

#[derive(Debug)]
pub(crate) enum Named {
    /// The name has its definition in this file of the crate.
    File(usize),
    /// A path into another crate.
    Foreign(Vec<String>),
}

impl Sources {
    /// Reads a crate. The folder is relative to the repository.
    pub(crate) fn read(repository: &Path, folder: &str) -> Self {
        let mut sources = Self {
            folder: folder.to_owned(),
            files: Vec::new(),
            mentions: Vec::new(),
            modules: Vec::new(),
            test_files: BTreeSet::new(),
            macros: BTreeMap::new(),
        };
        let src = repository.join(folder).join("src");
        for root in ["lib.rs", "main.rs"] {
            if src.join(root).exists() {
                let root = src.join(root);
                sources.read_file(&src, &root, &src, None);
            }
        }
        sources.assert_complete(&src);
        sources.mentions = sources.find_mentions();
        sources
    }

    /// Checks that every file is a module, for tests or not. `docs/*.rs` are parts of doctests.
    fn assert_complete(&self, src: &Path) {
        let known: BTreeSet<&PathBuf> = self.files.iter().map(|file| &file.full_path).collect();
        for path in rust_files(src) {
            let is_known = known.contains(&path)
                || self.test_files.contains(&path)
                || path.starts_with(src.join("docs"));
            assert!(is_known, "{}: belongs to no module", path.display());
        }
    }

    /// Reads a file as a module. `folder` contains its child modules.
    fn read_file(
        &mut self,
        src: &Path,
        path: &Path,
        folder: &Path,
        parent: Option<usize>,
    ) -> usize {
        let text = fs::read_to_string(path).expect("a readable source");
        let mut parsed =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let for_tests: usize = parsed
            .items
            .iter()
            .filter(|item| is_for_tests(attributes(item)))
            .map(|item| item.span().end().line + 1 - item.span().start().line)
            .sum();
        let within = path.strip_prefix(src).unwrap_or(path);
        self.files.push(File {
            path: within.to_string_lossy().replace('\\', "/"),
            full_path: path.to_owned(),
            shipped_lines: text.lines().count() - for_tests,
        });
        let file = self.files.len() - 1;
        let declared: Vec<Item> = parsed.items.iter().flat_map(tables::items).collect();
        parsed.items.extend(declared);
        self.read_module(src, &parsed.items, file, folder, parent)
    }

    fn read_module(
        &mut self,
        src: &Path,
        items: &[Item],
        file: usize,
        folder: &Path,
        parent: Option<usize>,
    ) -> usize {
        let module = self.modules.len();
        let contents = Contents::of(items);
        let mut imports = BTreeMap::new();
        let (mut globs, mut names) = (Vec::new(), contents.names);
        let mut reexports = Vec::new();
        for import in contents.imports {
            if import.is_public && !import.is_hidden {
                reexports.push(Reexport {
                    alias: import.alias.clone(),
                    path: import.name.segments.clone(),
                    gate: import.gate,
                });
            }
            match import.alias {
                // A derive has the name of its trait. The trait represents both.
                Some(alias) if import.name.segments[0] == "statsig_macros" => {
                    imports.entry(alias).or_insert(import.name.segments.clone());
                }
                Some(alias) => {
                    imports.insert(alias, import.name.segments.clone());
                }
                None => globs.push(import.name.segments.clone()),
            }
            names.push(import.name);
        }
        for item in items {
            if let Item::Macro(item) = item
                && let Some(name) = &item.ident
            {
                self.macros.insert(name.to_string(), file);
            }
        }
        self.modules.push(Module {
            file,
            parent,
            children: BTreeMap::new(),
            items: contents.items.into_iter().map(|it| (it, file)).collect(),
            imports,
            globs,
            names,
            surface: Surface::of(items),
            reexports,
        });
        let root = self.root_of(module);
        for name in contents.exported_macros {
            self.modules[root].items.insert(name, file);
        }
        for item in items {
            if let Item::Mod(item) = item {
                self.read_child(src, item, file, folder, module);
            }
        }
        module
    }

    fn read_child(
        &mut self,
        src: &Path,
        item: &ItemMod,
        file: usize,
        folder: &Path,
        parent: usize,
    ) {
        let name = item.ident.to_string();
        let below = folder.join(&name);
        let is_for_tests = is_for_tests(&item.attrs);
        let child = match &item.content {
            Some(_) if is_for_tests => return,
            Some((_, items)) => self.read_module(src, items, file, &below, Some(parent)),
            None => {
                let path = self.path_of(item, file, folder);
                if is_for_tests {
                    self.test_files.insert(path);
                    self.test_files.extend(rust_files(&below));
                    return;
                }
                self.read_file(src, &path, &below, Some(parent))
            }
        };
        self.modules[parent].children.insert(name, child);
    }

    /// The file of `mod name;`.
    fn path_of(&self, item: &ItemMod, file: usize, folder: &Path) -> PathBuf {
        for attribute in &item.attrs {
            if let Meta::NameValue(pair) = &attribute.meta
                && pair.path.is_ident("path")
                && let Expr::Lit(value) = &pair.value
                && let Lit::Str(text) = &value.lit
            {
                let beside = self.files[file].full_path.parent();
                return beside.expect("a folder").join(text.value());
            }
        }
        let flat = folder.join(format!("{}.rs", item.ident));
        if flat.exists() {
            flat
        } else {
            folder.join(item.ident.to_string()).join("mod.rs")
        }
    }

    /// A re-export does not count: a file that uses it depends on the file that defines the item.
    fn find_mentions(&self) -> Vec<Mention> {
        let mut found = Vec::new();
        for (number, module) in self.modules.iter().enumerate() {
            for name in &module.names {
                let target = self.resolve(number, &name.segments, 0);
                let to = match target {
                    Target::Item { file, .. }
                        if name.kind == Kind::Reexport || file == module.file =>
                    {
                        continue;
                    }
                    Target::Item { file, .. } => Named::File(file),
                    Target::Module(_) => continue,
                    Target::Elsewhere(path) => {
                        let called = self.macros.get(&path[0]);
                        match called.filter(|_| name.kind == Kind::Macro && path.len() == 1) {
                            Some(&file) if file != module.file => Named::File(file),
                            Some(_) => continue,
                            None if path.len() > 1 || name.kind == Kind::Import => {
                                Named::Foreign(path)
                            }
                            None => continue,
                        }
                    }
                };
                found.push(Mention {
                    from: module.file,
                    line: name.line,
                    to,
                });
            }
        }
        found
    }

    /// The target of a path within a module.
    pub(crate) fn resolve(&self, module: usize, path: &[String], depth: usize) -> Target {
        let mut at = module;
        let mut is_anchored = false;
        for (index, segment) in path.iter().enumerate() {
            match segment.as_str() {
                "crate" => at = self.root_of(at),
                "self" => {}
                "super" => at = self.modules[at].parent.unwrap_or(at),
                _ => {
                    let rest = &path[index + 1..];
                    let found = self.member(at, segment, rest.is_empty(), depth);
                    return match found {
                        Some(Target::Module(child)) => {
                            let mut below = vec!["self".to_owned()];
                            below.extend_from_slice(rest);
                            self.resolve(child, &below, depth)
                        }
                        Some(item @ Target::Item { .. }) => item,
                        Some(Target::Elsewhere(mut path)) => {
                            path.extend_from_slice(rest);
                            Target::Elsewhere(path)
                        }
                        // For example, an item that a macro defines.
                        None if is_anchored => self.item(self.modules[at].file, at, segment),
                        None => Target::Elsewhere(path[index..].to_vec()),
                    };
                }
            }
            is_anchored = true;
        }
        Target::Module(at)
    }

    fn item(&self, file: usize, module: usize, name: &str) -> Target {
        Target::Item {
            file,
            module,
            name: name.to_owned(),
        }
    }

    pub(crate) fn module_count(&self) -> usize {
        self.modules.len()
    }

    pub(crate) fn surface(&self, module: usize) -> &Surface {
        &self.modules[module].surface
    }

    pub(crate) fn reexports(&self, module: usize) -> &[Reexport] {
        &self.modules[module].reexports
    }

    pub(crate) fn child(&self, module: usize, name: &str) -> usize {
        self.modules[module].children[name]
    }

    fn root_of(&self, mut module: usize) -> usize {
        while let Some(parent) = self.modules[module].parent {
            module = parent;
        }
        module
    }

    /// The meaning of a name within a module.
    fn member(&self, module: usize, name: &str, is_last: bool, depth: usize) -> Option<Target> {
        if depth > 16 {
            return None;
        }
        let scope = &self.modules[module];
        let child = scope.children.get(name).map(|&child| Target::Module(child));
        if let Some(child) = child.clone().filter(|_| !is_last) {
            return Some(child);
        }
        if let Some(&file) = scope.items.get(name) {
            return Some(self.item(file, module, name));
        }
        if let Some(path) = scope.imports.get(name) {
            // `use name::…` within the module refers to the crate of that name.
            if path[0] != name || path.len() > 1 && scope.children.contains_key(&path[0]) {
                return Some(self.resolve(module, path, depth + 1));
            }
            return child.or_else(|| Some(Target::Elsewhere(path.clone())));
        }
        child.or_else(|| {
            scope
                .globs
                .iter()
                .find_map(|path| match self.resolve(module, path, depth + 1) {
                    Target::Module(other) if other != module => {
                        self.member(other, name, is_last, depth + 1)
                    }
                    _ => None,
                })
        })
    }
}

pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    files(folder, &["rs"])
}

/// The files below a folder with these extensions.
pub(crate) fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    for entry in entries {
        let path = entry.expect("a readable entry").path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() {
            found.extend(files(&path, extensions));
        } else if extension.is_some_and(|extension| extensions.contains(&extension)) {
            found.push(path);
        }
    }
    found
}
