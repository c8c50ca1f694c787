//! Identifies what a response contains: the same for equal content, on every server that runs this version.

use sha2::{Digest, Sha256};

use super::response::Content;
use crate::hash::leading_u64;

/// The checksum of the entities, as JSON, and the content besides them: 64 bits, as decimal text. Which sessions are recorded is
/// drawn anew for each response and plays no part: a client that has the rest keeps what was drawn for it.
pub(super) fn checksum_of(entities: &str, content: &Content<'_>) -> String {
    let session_recording = content
        .session_recording
        .as_ref()
        .map(|recording| recording.without_draws());
    let rest = (
        &content.param_stores,
        &content.evaluated_keys,
        session_recording,
    );
    let mut digest = Sha256::new_with_prefix(entities);
    // Texts, numbers and maps of texts can always be written.
    digest.update(serde_json::to_vec(&rest).unwrap_or_default());
    leading_u64(&digest.finalize()).to_string()
}
