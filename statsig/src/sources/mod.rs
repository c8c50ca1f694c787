//! Where specs come from: the [`SpecsAdapter`] trait and the adapters that come with the SDK.

use std::fmt::Debug;

/// stub
pub trait SpecsAdapter: Debug + Send + Sync + 'static {}
