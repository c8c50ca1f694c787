//! The lookup of countries from IP addresses.

#[cfg(feature = "country")]
mod shared_table;

use std::net::IpAddr;
use std::sync::Arc;

use statsig_core::country::Countries;
pub use statsig_core::country::{CountryCode, CountryLookup, CountryTable, CountryTableError};

use crate::guard::guarded;

/// The application's lookup, or the compiled-in table.
pub(crate) fn countries(lookup: Option<Arc<dyn CountryLookup>>) -> Countries {
    match lookup {
        Some(lookup) => Countries::of_application(Arc::new(Guarded(lookup))),
        None => built_in(),
    }
}

/// The application's lookup. If it panics, the address has no country.
#[derive(Debug)]
struct Guarded(Arc<dyn CountryLookup>);

impl CountryLookup for Guarded {
    fn country_of(&self, address: IpAddr) -> Option<CountryCode> {
        guarded("the country lookup", || self.0.country_of(address)).flatten()
    }
}

#[cfg(feature = "country")]
fn built_in() -> Countries {
    Countries::built_in(Arc::new(shared_table::SharedTable))
}

#[cfg(not(feature = "country"))]
fn built_in() -> Countries {
    Countries::disabled()
}
