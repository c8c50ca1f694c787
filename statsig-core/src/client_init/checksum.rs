//! The checksum of a response. Equal content has the same checksum on every server with this
//! version.

use sha2::{Digest, Sha256};

use super::response::Content;
use crate::hash::leading_u64;

/// The checksum of the entities, as JSON, and of the other content: 64 bits, as decimal text. It
/// ignores which sessions are recorded, because each response draws this at random. A client with
/// the same content keeps its previous draw.
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
    // Serialization of texts, numbers and maps with text keys cannot fail.
    digest.update(serde_json::to_vec(&rest).unwrap_or_default());
    leading_u64(&digest.finalize()).to_string()
}
