use statsig::StatsigParams;

#[derive(StatsigParams)]
#[statsig(layer = "promos")]
struct Promo {
    title: String,
    #[statsig(default = 1, rename = 5)]
    discount: f64,
    #[statsig(defualt = 1)]
    limit: Option<u8>,
    #[statsig(banana)]
    unheard_of: Option<u8>,
    #[statsig(json, skip)]
    contradictory: u8,
    #[statsig(default, default_with = zero)]
    two_defaults: u8,
    #[statsig(rename = "")]
    empty: Option<u8>,
    #[statsig(rename = "title")]
    twice: Option<u8>,
    #[statsig(rename_all = "camelCase")]
    misplaced: Option<u8>,
    #[statsig(default = "a")]
    borrowed: &'static str,
    #[statsig(default default)]
    no_comma: u8,
    #[statsig(alias = "b", alias = "b")]
    same_alias: Option<u8>,
}

fn zero() -> u8 {
    0
}

fn main() {
    let _ = (Promo::defaults(), zero());
}
