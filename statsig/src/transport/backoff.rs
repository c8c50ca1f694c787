//! Pauses between attempts.
