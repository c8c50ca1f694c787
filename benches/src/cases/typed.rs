//! A derived struct of three parameters, beside reading the three by hand.

use std::hint::black_box;
use std::rc::Rc;

use super::{Case, Sides, peer};
use crate::measure::Work;
use crate::ours::{self, Promo};
#[cfg(feature = "peer")]
use crate::peer;

pub(super) fn cases(sides: &Sides) -> Vec<Case> {
    let Some(layer) = sides.roles.typed_layer else {
        return Vec::new();
    };
    let typed = || {
        let (ours, user) = (Rc::clone(&sides.ours), ours::user("a-user".to_owned()));
        Work::repeat(move || {
            let promo = ours.client.get_typed::<Promo>(&user);
            black_box((&promo.title, promo.discount, &promo.call_to_action));
            promo
        })
    };
    let (ours, user) = (Rc::clone(&sides.ours), ours::user("a-user".to_owned()));
    let by_hand = Work::repeat(move || {
        let layer = ours.client.get_layer(&user, layer);
        (
            layer.get_string("title", "Welcome"),
            layer.get_f64("discount", 0.0),
            layer.get_string("call_to_action", "Browse"),
        )
    });
    vec![
        Case::new(
            "get_typed/three_fields/same_user",
            typed(),
            peer!(
                |peer| {
                    let user = peer::user("a-user".to_owned());
                    Work::repeat(move || {
                        let layer = peer.client.get_layer(&user, layer);
                        (
                            layer.get_string("title", "Welcome".to_owned()),
                            layer.get_f64("discount", 0.0),
                            layer.get_string("call_to_action", "Browse".to_owned()),
                        )
                    })
                },
                sides
            ),
        ),
        Case::new(
            "get_typed/three_fields/vs_ours_by_hand",
            typed(),
            Some(by_hand),
        ),
    ]
}
