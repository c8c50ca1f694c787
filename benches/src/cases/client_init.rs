//! Client initialize responses: every entity for one user, written as JSON.

use std::rc::Rc;

use statsig::{ClientInitResponseOptions, HashAlgorithm};

use super::{Case, Sides, peer};
use crate::measure::Work;
use crate::ours;
#[cfg(feature = "peer")]
use crate::peer;

pub(super) fn cases(sides: &Sides) -> Vec<Case> {
    [
        HashAlgorithm::None,
        HashAlgorithm::Djb2,
        HashAlgorithm::Sha256,
    ]
    .map(|algorithm| of(sides, algorithm))
    .into()
}

fn of(sides: &Sides, algorithm: HashAlgorithm) -> Case {
    let name = match algorithm {
        HashAlgorithm::None => "none",
        HashAlgorithm::Djb2 => "djb2",
        HashAlgorithm::Sha256 => "sha256",
    };
    let ours = Rc::clone(&sides.ours);
    let options = ClientInitResponseOptions::new().hash_algorithm(algorithm);
    Case::new(
        format!("client_init/{name}/new_user"),
        Work::fresh(ours::user, move |user| {
            (ours.client).get_client_init_response_as_string_with_options(user, &options)
        }),
        peer!(
            |peer| {
                let options = statsig_rust::ClientInitResponseOptions {
                    hash_algorithm: Some(match algorithm {
                        HashAlgorithm::None => statsig_rust::HashAlgorithm::None,
                        HashAlgorithm::Djb2 => statsig_rust::HashAlgorithm::Djb2,
                        HashAlgorithm::Sha256 => statsig_rust::HashAlgorithm::Sha256,
                    }),
                    ..Default::default()
                };
                Work::fresh(peer::user, move |user| {
                    (peer.client).get_client_init_response_with_options_as_string(user, &options)
                })
            },
            sides
        ),
    )
}
