//! The operating system and the browser of a user agent.
//!
//! A targeting rule that was written for another Statsig server SDK must match the same users here.
//! So this module follows the tokenizer of those SDKs, including its quirks: [`reading`] passes
//! once over the text, and [`decision`] decides from the findings.

mod decision;
mod reading;
#[cfg(test)]
mod tests;

use reading::Reading;

/// The version of a product without a version.
const NO_VERSION: &str = "0.0.0";

/// The operating system and the browser of a user agent.
///
/// If the text does not name them, names are `Other` and versions are `0.0.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UserAgent {
    os_name: String,
    os_version: String,
    browser_name: String,
    browser_version: String,
}

impl UserAgent {
    /// Parses `text` in linear time. It succeeds for any text.
    pub(super) fn parse(text: &str) -> Self {
        let reading = Reading::of(text);
        let os = reading.decide_os();
        let browser = reading.decide_browser();
        Self {
            os_name: os.name.to_owned(),
            os_version: os.version_text(),
            browser_name: browser.name.to_owned(),
            browser_version: browser.version_text(),
        }
    }

    /// The value of the lower-cased field `name`, if it is one of these fields.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        match name {
            "os_name" | "osname" => Some(&self.os_name),
            "os_version" | "osversion" => Some(&self.os_version),
            "browser_name" | "browsername" => Some(&self.browser_name),
            "browser_version" | "browserversion" => Some(&self.browser_version),
            _ => None,
        }
    }
}

/// A name and the version beside it, as in the text.
#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    name: &'a str,
    version: Option<&'a str>,
    /// How many parts of the version are significant. The number stays when the product gets
    /// another name.
    max_parts: usize,
}

impl<'a> Token<'a> {
    fn new(name: &'a str, version: Option<&'a str>) -> Self {
        let max_parts = match name {
            "YaBrowser" | "Opera" | "NetFront NX" => 3,
            _ => 4,
        };
        Self {
            name,
            version,
            max_parts,
        }
    }

    fn bare(name: &'a str) -> Self {
        Self::new(name, None)
    }

    /// The same version under another name.
    fn called(self, name: &'a str) -> Self {
        Self { name, ..self }
    }

    fn version_text(self) -> String {
        match self.version {
            None => NO_VERSION.to_owned(),
            Some(version) if self.name == "Windows" => windows_release(version).to_owned(),
            Some(version) => dotted(version, self.max_parts),
        }
    }
}

/// The product name of a Windows NT version.
fn windows_release(version: &str) -> &'static str {
    match version {
        "5.1" | "5.2" => "XP",
        "6.0" => "Vista",
        "6.1" => "7",
        "6.3" => "8.1",
        "10.0" => "10",
        _ => NO_VERSION,
    }
}

/// The first `max_parts` parts of a version, joined by dots. The second part ends with its digits.
fn dotted(version: &str, max_parts: usize) -> String {
    let parts: Vec<&str> = version
        .split_terminator(['_', ',', '.'])
        .take(max_parts)
        .enumerate()
        .map(|(position, part)| {
            if position == 1 {
                leading_digits(part)
            } else {
                part
            }
        })
        .collect();
    if parts.is_empty() {
        NO_VERSION.to_owned()
    } else {
        parts.join(".")
    }
}

fn leading_digits(part: &str) -> &str {
    part.split(|c: char| !c.is_ascii_digit())
        .next()
        .unwrap_or(part)
}
