//! Derived structs of three and of twenty parameters, compared with reading them by hand. The other
//! crate only supports the latter.

#[cfg(feature = "ours")]
use std::hint::black_box;

use super::{Case, Measured};
use crate::measure::Work;
use crate::side;
#[cfg(feature = "ours")]
use crate::side::{Promo, Wide};

pub(super) fn cases(measured: &Measured) -> Vec<Case> {
    three_fields(measured)
        .into_iter()
        .chain(twenty_fields(measured))
        .collect()
}

/// The code by hand for both crates: reads each parameter with its type and a fallback.
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

fn twenty_fields(measured: &Measured) -> Vec<Case> {
    let Some(layer) = measured.roles.wide_layer else {
        return Vec::new();
    };
    let (side, user) = (measured.side(), side::user("a-user".to_owned()));
    let by_hand = Work::repeat(move || {
        let layer = side.client.get_layer(&user, layer);
        read_twenty!(layer, side::fallback("Default"))
    });
    #[cfg(feature = "ours")]
    let typed = || {
        let (side, user) = (measured.side(), side::user("a-user".to_owned()));
        Work::repeat(move || {
            let wide = side.client.get_typed::<Wide>(&user);
            black_box((&wide.parameter_0, wide.parameter_1, wide.parameter_2));
            wide
        })
    };
    #[cfg(feature = "ours")]
    return typed_cases("twenty_fields", typed, by_hand);
    #[cfg(not(feature = "ours"))]
    vec![Case::new("get_typed/twenty_fields/same_user", by_hand)]
}

fn three_fields(measured: &Measured) -> Vec<Case> {
    let Some(layer) = measured.roles.typed_layer else {
        return Vec::new();
    };
    let (side, user) = (measured.side(), side::user("a-user".to_owned()));
    let by_hand = Work::repeat(move || {
        let layer = side.client.get_layer(&user, layer);
        (
            layer.get_string("title", side::fallback("Welcome")),
            layer.get_f64("discount", 0.0),
            layer.get_string("call_to_action", side::fallback("Browse")),
        )
    });
    #[cfg(feature = "ours")]
    let typed = || {
        let (side, user) = (measured.side(), side::user("a-user".to_owned()));
        Work::repeat(move || {
            let promo = side.client.get_typed::<Promo>(&user);
            black_box((&promo.title, promo.discount, &promo.call_to_action));
            promo
        })
    };
    #[cfg(feature = "ours")]
    return typed_cases("three_fields", typed, by_hand);
    #[cfg(not(feature = "ours"))]
    vec![Case::new("get_typed/three_fields/same_user", by_hand)]
}

/// Compares with the other crate by hand, and with ours by hand.
#[cfg(feature = "ours")]
fn typed_cases(fields: &str, typed: impl Fn() -> Work, by_hand: Work) -> Vec<Case> {
    vec![
        Case::new(format!("get_typed/{fields}/same_user"), typed()),
        Case {
            versus: Some(by_hand),
            ..Case::new(format!("get_typed/{fields}/vs_ours_by_hand"), typed())
        },
    ]
}
