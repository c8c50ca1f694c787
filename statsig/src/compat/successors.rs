//! The chain of clients behind one official handle: forked children replace the client.

use std::sync::OnceLock;

/// A client, and the one that replaces it in a child process.
#[derive(Debug)]
pub(super) struct Successors {
    pub(super) client: crate::Statsig,
    pub(super) in_child: OnceLock<Box<Successors>>,
}

impl Successors {
    pub(super) fn new(client: crate::Statsig) -> Self {
        Self {
            client,
            in_child: OnceLock::new(),
        }
    }

    /// The client that replaced all others.
    pub(super) fn last(&self) -> &Self {
        let mut last = self;
        while let Some(next) = last.in_child.get() {
            last = next;
        }
        last
    }

    /// The client of this process.
    pub(super) fn latest(&self) -> &crate::Statsig {
        &self.last().client
    }
}
