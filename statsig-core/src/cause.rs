//! The cause of an error, which keeps the original error.

use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::ops::Deref;
use std::sync::Arc;

use crate::mask::{mask_keys, shown, shown_problem};

/// The cause of an error: the source of the SDK's errors. Cheap to clone.
///
/// `Display` shows the cause in one line, with its own causes, long texts cut and SDK keys masked.
/// It derefs to the original error, and [`Error::source`] of the outer error returns that one,
/// unless its text shows an SDK key. Two causes are equal if they read the same.
///
/// ```
/// use std::error::Error;
/// use std::io;
/// use statsig::Cause;
/// use statsig::transport::TransportError;
///
/// let reset = io::Error::from(io::ErrorKind::ConnectionReset);
/// let error = TransportError::connection(reset);
/// let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
/// assert_eq!(source.unwrap().kind(), io::ErrorKind::ConnectionReset);
/// assert_eq!(Cause::new("no route").to_string(), "no route");
/// ```
#[derive(Clone)]
pub struct Cause {
    text: Arc<str>,
    error: Arc<dyn Error + Send + Sync>,
}

impl Cause {
    /// The cause: an error, or a text.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error = error.into();
        let text = shown_problem(with_causes(&*error));
        Self::keeping(error, text)
    }

    /// An error that is shown as this text.
    #[doc(hidden)]
    #[must_use]
    pub fn saying(text: &str, error: impl Error + Send + Sync + 'static) -> Self {
        Self::keeping(Box::new(error), shown_problem(text))
    }

    /// If the text of an error shows a key, keeps only the masked text.
    fn keeping(error: Box<dyn Error + Send + Sync>, text: String) -> Self {
        let error = if shows_key(&*error) {
            text.clone().into()
        } else {
            error
        };
        Self {
            text: text.into(),
            error: Arc::from(error),
        }
    }
}

impl Deref for Cause {
    type Target = dyn Error + Send + Sync;

    fn deref(&self) -> &Self::Target {
        &*self.error
    }
}

impl Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The text: the error itself may hold texts from outside.
impl Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&*self.text, f)
    }
}

impl PartialEq for Cause {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Cause {}

fn shows_key(error: &(dyn Error + 'static)) -> bool {
    let text = error.to_string();
    mask_keys(&text) != text || error.source().is_some_and(shows_key)
}

/// An error with its causes, in one line. A cause that the text names already is left out.
fn with_causes(error: &dyn Error) -> String {
    let mut text = shown_problem(error);
    let mut cause = error.source();
    while let Some(error) = cause {
        let cause_text = shown(error);
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer with secret-0123456789")]
    struct Outer(#[source] std::num::ParseIntError);

    #[derive(Debug, thiserror::Error)]
    #[error("all: {0}")]
    struct SaysAll(#[source] std::num::ParseIntError);

    #[test]
    fn a_cause_is_shown_in_one_line_without_keys_and_keeps_an_error_without_keys() {
        let inner = "x".parse::<u8>().unwrap_err();
        let cause = Cause::new(Outer(inner));
        let text = "outer with secret-01234*****: invalid digit found in string";
        assert_eq!(cause.to_string(), text);
        assert_eq!(format!("{cause:?}"), format!("{text:?}"));
        assert!(cause.downcast_ref::<Outer>().is_none(), "it shows a key");
        let all = Cause::new(SaysAll("x".parse::<u8>().unwrap_err()));
        assert_eq!(all.to_string(), "all: invalid digit found in string");
        assert!(all.downcast_ref::<SaysAll>().is_some());
        assert_eq!(cause, Cause::new(text));
        assert!(
            Cause::new("x\ny".repeat(10_000))
                .to_string()
                .chars()
                .count()
                <= 1_000
        );
    }
}
