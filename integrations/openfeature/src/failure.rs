//! The errors of evaluations.

use open_feature::{EvaluationError, EvaluationErrorCode};

pub(crate) fn failure(code: EvaluationErrorCode, message: impl Into<String>) -> EvaluationError {
    EvaluationError::builder()
        .code(code)
        .message(message)
        .build()
}
