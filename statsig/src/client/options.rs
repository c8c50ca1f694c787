//! Options of single calls.

/// Options of a gate check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeatureGateEvaluationOptions {
    /// Logs no exposure; the check is only counted. Default: false.
    pub disable_exposure_logging: bool,
}

/// Options of fetching a dynamic config.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DynamicConfigEvaluationOptions {
    /// Logs no exposure; the check is only counted. Default: false.
    pub disable_exposure_logging: bool,
}

/// Options of fetching an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExperimentEvaluationOptions {
    /// Logs no exposure; the check is only counted. Default: false.
    pub disable_exposure_logging: bool,
}

/// Options of fetching a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LayerEvaluationOptions {
    /// Logs no exposure when parameters are read; the fetch and the reads are only counted. Default: false.
    pub disable_exposure_logging: bool,
}

/// Options of fetching a parameter store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ParameterStoreEvaluationOptions {
    /// Logs no exposure when parameters are read; the checks are only counted. Default: false.
    pub disable_exposure_logging: bool,
}
