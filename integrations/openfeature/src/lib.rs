#![doc = include_str!("../README.md")]
#![doc(test(attr(deny(warnings), allow(dead_code, unused_variables, unused_imports))))]

mod context;
mod details;
mod events;
mod failure;
mod key;
mod provider;
mod structs;
mod values;

pub use events::{ProviderEvent, ProviderEvents};
pub use open_feature;
pub use open_feature::StructValue;
pub use provider::StatsigProvider;
#[doc(hidden)]
pub use structs::from_struct;
