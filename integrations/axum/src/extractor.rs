//! The arguments of handlers that are made of the flags of the request.

/// Implements axum's traits for such an argument, also for an optional one.
macro_rules! extractor {
    ($argument:ty $(where $param:ident: $bound:path)?, $flags:ident => $made:expr) => {
        impl<$($param: $bound,)? S: Send + Sync> axum_core::extract::FromRequestParts<S>
            for $argument
        {
            type Rejection = $crate::MissingFlagsLayer;

            async fn from_request_parts(
                parts: &mut http::request::Parts,
                _: &S,
            ) -> Result<Self, $crate::MissingFlagsLayer> {
                $crate::Flags::from_extensions(&parts.extensions).map(|$flags| $made)
            }
        }

        impl<$($param: $bound,)? S: Send + Sync> axum_core::extract::OptionalFromRequestParts<S>
            for $argument
        {
            type Rejection = std::convert::Infallible;

            async fn from_request_parts(
                parts: &mut http::request::Parts,
                _: &S,
            ) -> Result<Option<Self>, std::convert::Infallible> {
                let flags = $crate::Flags::from_extensions(&parts.extensions);
                Ok(flags.ok().map(|$flags| $made))
            }
        }
    };
}

pub(crate) use extractor;
