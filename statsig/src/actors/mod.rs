//! The actors: the owners of all mutable state.
