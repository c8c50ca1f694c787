//! Answers questions about specs in a file: what a user gets and why, what the specs define, and
//! which types the parameters have. Signs overrides. Uses no server and no network.

mod catalogue;
mod client_init;
mod error;
mod eval;
mod inputs;
mod list;
mod schema;
mod sign;
mod table;
#[cfg(test)]
mod tests;

use std::io::{Read, Write};

use serde::Serialize;

use crate::cli::Ask;
pub(crate) use error::AskError;

/// The surroundings of a question.
pub(crate) struct Terminal<'a> {
    /// The input, for `--user -`.
    pub(crate) input: &'a mut dyn Read,
    /// Receives the answer.
    pub(crate) output: &'a mut dyn Write,
    /// Receives hints that are not part of the answer.
    pub(crate) notes: &'a mut dyn Write,
    /// The value of [`KEY_VARIABLE`](crate::cli::KEY_VARIABLE).
    pub(crate) key: Option<String>,
    /// Epoch milliseconds.
    pub(crate) now_ms: u64,
}

impl Terminal<'_> {
    fn write_json(&mut self, answer: &impl Serialize) -> Result<(), AskError> {
        serde_json::to_writer_pretty(&mut *self.output, answer)?;
        writeln!(self.output)?;
        Ok(())
    }
}

pub(crate) fn answer(question: &Ask, terminal: &mut Terminal<'_>) -> Result<(), AskError> {
    match question {
        Ask::Eval(arguments) => eval::eval(arguments, terminal),
        Ask::Explain(arguments) => eval::explain(arguments, terminal),
        Ask::List(arguments) => list::list(arguments, terminal),
        Ask::ClientInit(arguments) => client_init::client_init(arguments, terminal),
        Ask::Schema(arguments) => schema::schema(arguments, terminal),
        Ask::Sign(arguments) => sign::sign(arguments, terminal),
    }
}
