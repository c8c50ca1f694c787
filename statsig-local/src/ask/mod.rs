//! Answers questions about specs in a file: what a user gets and why, what the specs define, and
//! which types the parameters have. Signs overrides. Uses no server and no network.

mod catalogue;
mod client_init;
mod error;
mod eval;
mod explain;
mod inputs;
mod list;
mod schema;
mod sign;
mod table;
#[cfg(test)]
mod tests;

use std::io::{Read, Write};

pub(crate) use client_init::client_init;
pub(crate) use error::AskError;
pub(crate) use eval::eval;
pub(crate) use explain::explain;
pub(crate) use list::list;
pub(crate) use schema::schema;
pub(crate) use sign::{SignInputs, sign};

/// The input and the outputs of a question.
pub(crate) struct Terminal<'a> {
    /// The input, for `--user -`.
    pub(crate) input: &'a mut dyn Read,
    /// Receives the answer.
    pub(crate) output: &'a mut dyn Write,
    /// Receives hints that are not part of the answer.
    pub(crate) notes: &'a mut dyn Write,
}
