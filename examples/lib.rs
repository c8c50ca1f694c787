//! Examples of the Statsig SDK. Each `[[example]]` shows one subject.
