use statsig::StatsigParams;
use statsig::typed::Value;

#[derive(StatsigParams)]
#[statsig(layer = "promos")]
struct Promo {
    #[statsig(default, json, with = shouted)]
    two_ways: String,
    #[statsig(default, decode_with = 5)]
    no_path: String,
    #[statsig(flatten, rename = "inner")]
    renamed: Inner,
    #[statsig(flatten)]
    maybe: Option<Inner>,
    #[statsig(nested, range = 0..5)]
    constrained: Inner,
}

#[derive(StatsigParams)]
#[statsig(embedded)]
struct Inner {
    a: Option<u8>,
}

#[derive(StatsigParams)]
#[statsig(layer = "promos")]
struct Functions {
    #[statsig(default, decode_with = wrong_type)]
    wrong_type: u8,
    #[statsig(default, decode_with = no_message)]
    no_message: u8,
    #[statsig(default, validate = no_verdict)]
    no_verdict: u8,
}

fn wrong_type(_: &Value) -> Result<String, String> {
    Ok(String::new())
}

struct Silent;

fn no_message(_: &Value) -> Result<u8, Silent> {
    Err(Silent)
}

fn no_verdict(_: &u8) -> u8 {
    0
}

fn main() {
    let _ = Promo::defaults();
}
