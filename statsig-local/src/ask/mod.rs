//! Questions about specs in a file: what a user gets, why, what there is, and what types it has. No
//! server, no network.

mod catalogue;
mod client_init;
mod error;
mod eval;
mod explain;
mod inputs;
mod list;
mod schema;
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

/// Where a question is read from and answered to.
pub(crate) struct Terminal<'a> {
    /// Read for `--user -`.
    pub(crate) input: &'a mut dyn Read,
    /// Gets the answer.
    pub(crate) output: &'a mut dyn Write,
    /// Gets hints that are not part of the answer.
    pub(crate) notes: &'a mut dyn Write,
}
