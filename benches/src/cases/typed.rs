//! Derived structs of three and of twenty parameters, beside reading them by hand.

use std::hint::black_box;
use std::rc::Rc;

use super::{Case, Sides, peer};
use crate::measure::Work;
use crate::ours::{self, Promo, Wide};
#[cfg(feature = "peer")]
use crate::peer;

pub(super) fn cases(sides: &Sides) -> Vec<Case> {
    three_fields(sides)
        .into_iter()
        .chain(twenty_fields(sides))
        .collect()
}

/// What both crates do by hand: read each parameter with its type and a fallback.
macro_rules! read_twenty {
    ($layer:expr, $text:expr) => {
        read_twenty!($layer, $text,
            "parameter_0" "parameter_1" "parameter_2", "parameter_3" "parameter_4" "parameter_5",
            "parameter_6" "parameter_7" "parameter_8", "parameter_9" "parameter_10" "parameter_11",
            "parameter_12" "parameter_13" "parameter_14", "parameter_15" "parameter_16" "parameter_17")
    };
    ($layer:expr, $text:expr, $($string:literal $number:literal $switch:literal),*) => {
        (
            $((
                $layer.get_string($string, $text),
                $layer.get_f64($number, 0.0),
                $layer.get_bool($switch, false),
            ),)*
            $layer.get_string("parameter_18", $text),
            $layer.get_f64("parameter_19", 0.0),
        )
    };
}

fn twenty_fields(sides: &Sides) -> Vec<Case> {
    let Some(layer) = sides.roles.wide_layer else {
        return Vec::new();
    };
    let typed = || {
        let (ours, user) = (Rc::clone(&sides.ours), ours::user("a-user".to_owned()));
        Work::repeat(move || {
            let wide = ours.client.get_typed::<Wide>(&user);
            black_box((&wide.parameter_0, wide.parameter_1, wide.parameter_2));
            wide
        })
    };
    let (ours, user) = (Rc::clone(&sides.ours), ours::user("a-user".to_owned()));
    let by_hand = Work::repeat(move || {
        let layer = ours.client.get_layer(&user, layer);
        read_twenty!(layer, "Default")
    });
    vec![
        Case::new(
            "get_typed/twenty_fields/same_user",
            typed(),
            peer!(
                |peer| {
                    let user = peer::user("a-user".to_owned());
                    Work::repeat(move || {
                        let layer = peer.client.get_layer(&user, layer);
                        read_twenty!(layer, "Default".to_owned())
                    })
                },
                sides
            ),
        ),
        Case::new(
            "get_typed/twenty_fields/vs_ours_by_hand",
            typed(),
            Some(by_hand),
        ),
    ]
}

fn three_fields(sides: &Sides) -> Vec<Case> {
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
