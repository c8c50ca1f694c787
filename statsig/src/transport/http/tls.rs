//! The trusted certificates.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;

use super::TransportError;
use crate::cause::Cause;
use crate::files;

/// The limit of a bundle in bytes. The bundle of all public authorities has a quarter of a
/// megabyte.
const MAX_BUNDLE_BYTES: usize = 16 * 1024 * 1024;

/// The TLS configuration with this verifier. If there is no verifier, the configuration accepts no
/// certificate, and the error is returned beside it.
///
/// # Errors
/// When the protocol cannot be used.
pub(super) fn config(
    verifier: Result<Arc<Verifier>, rustls::Error>,
) -> Result<(rustls::ClientConfig, Option<Cause>), TransportError> {
    let builder = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TransportError::unusable)?;
    Ok(match verifier {
        Ok(verifier) => {
            let config = builder
                .dangerous()
                .with_custom_certificate_verifier(verifier)
                .with_no_client_auth();
            (config, None)
        }
        Err(error) => {
            let config = builder
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth();
            let problem =
                format!("expected the system's trusted certificates, found none ({error})");
            (config, Some(Cause::saying(&problem, error)))
        }
    })
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Trusts the certificates of the operating system, those of the bundle, if there is one, and with
/// the feature `bundled-roots` those of Mozilla's list. Reads many files.
///
/// # Errors
/// When the bundle cannot be used. The inner error when the trust store cannot be read.
pub(super) fn verifier(
    bundle: Option<&Path>,
) -> Result<Result<Verifier, rustls::Error>, TransportError> {
    let provider = provider();
    let mut extra = bundle.map_or(Ok(Vec::new()), usable_certificates)?;
    #[cfg(feature = "bundled-roots")]
    extra.extend_from_slice(webpki_root_certs::TLS_SERVER_ROOT_CERTS);
    Ok(if extra.is_empty() {
        Verifier::new(provider)
    } else {
        Verifier::new_with_extra_roots(std::mem::take(&mut extra), provider)
    })
}

/// The certificates of a PEM bundle. Skips other entries.
fn usable_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let failed = |source: Cause| TransportError::CertificateBundle {
        path: path.to_owned(),
        source,
    };
    let pem = files::read_at_most(path, MAX_BUNDLE_BYTES)
        .map_err(|error| failed(Cause::new(error)))?
        .ok_or_else(|| failed(Cause::new(format!("more than {MAX_BUNDLE_BYTES} bytes"))))?;
    let is_usable = |certificate: &CertificateDer<'static>| {
        RootCertStore::empty().add(certificate.clone()).is_ok()
    };
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem).collect();
    let entries = found.len();
    let usable: Vec<_> = found
        .into_iter()
        .filter_map(Result::ok)
        .filter(is_usable)
        .collect();
    if usable.is_empty() {
        return Err(failed(Cause::new("none that can be used")));
    }
    if usable.len() < entries {
        tracing::warn!(
            target: crate::targets::NETWORK,
            path = %path.display(),
            left_out = entries - usable.len(),
            "the certificate bundle holds entries that cannot be used"
        );
    }
    Ok(usable)
}
