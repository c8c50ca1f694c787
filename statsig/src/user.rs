//! The user that everything is evaluated for.

use std::sync::Arc;

/// stub
#[derive(Debug, Clone, Default)]
pub struct StatsigUser(Arc<()>);
