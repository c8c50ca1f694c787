use statsig::StatsigParams;
use std::time::Duration;

#[derive(StatsigParams)]
#[statsig(layer = "promos")]
struct Promo {
    #[statsig(default = "a", range = 0..=5)]
    range_of_text: String,
    #[statsig(default = 1, range = 5)]
    no_range: u8,
    #[statsig(default = 1, range = ..)]
    everything: u8,
    #[statsig(default = 1, range = 0.0..=1.0)]
    fractions: u8,
    #[statsig(default = 1, range = 5..=1)]
    backwards: u8,
    #[statsig(default = 1.2, range = 0.0..=0.9)]
    default_outside: f64,
    #[statsig(default = 1, clamp)]
    clamped_to_nothing: u8,
    #[statsig(default = 1, range = 0..=5, one_of = [1, 2])]
    both: u8,
    #[statsig(default = "green", one_of = ["red", "blue"])]
    default_not_listed: String,
    #[statsig(default = "red", one_of = ["red", 5])]
    other_type: String,
    #[statsig(default = "red", one_of = RED)]
    no_list: String,
    #[statsig(default = "red", one_of = [RED])]
    no_literal: String,
    #[statsig(default = "", non_empty)]
    empty: String,
    #[statsig(default = 1, non_empty)]
    number: u8,
    #[statsig(default = 1, validate = |x| true)]
    closure: u8,
    #[statsig(default, range = 1..=5)]
    own_default: u8,
    #[statsig(default, non_empty)]
    own_empty_default: Vec<u8>,
}

#[derive(StatsigParams)]
#[statsig(layer = "promos")]
struct Times {
    #[statsig(default)]
    no_unit: Duration,
    #[statsig(default = 1, unit = "ms")]
    no_duration: u64,
    #[statsig(default = 1, unit = "seconds")]
    unknown_unit: Duration,
    #[statsig(default = -1, unit = "s")]
    negative: Duration,
    #[statsig(default = "1s", unit = "s")]
    text: Duration,
}

fn main() {
    let _ = (Promo::defaults(), Times::defaults());
}
