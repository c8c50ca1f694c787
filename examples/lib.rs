//! Examples of the Statsig SDK; each `[[example]]` has one lesson.
