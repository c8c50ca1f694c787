use std::time::Instant;

use statsig::{ParamEnum, StatsigParams};

struct Point {
    _x: u8,
}

#[derive(ParamEnum)]
enum Tone {
    Formal,
}

#[derive(StatsigParams)]
#[statsig(layer = "promos")]
struct Direct {
    #[statsig(default = Point { _x: 1 })]
    own: Point,
    maybe: Option<Point>,
    #[statsig(default)]
    many: Vec<Point>,
    foreign: Option<Instant>,
    #[statsig(default = Tone::Formal)]
    fine: Tone,
}

#[derive(StatsigParams)]
#[statsig(layer = "promos")]
struct Json {
    #[statsig(json)]
    json: Option<Point>,
}

#[derive(StatsigParams)]
#[statsig(layer = "promos")]
struct Nested {
    #[statsig(nested)]
    nested: Point,
    #[statsig(nested)]
    maybe: Option<Point>,
}

#[derive(StatsigParams)]
#[statsig(layer = "promos")]
struct Flattened {
    #[statsig(flatten)]
    flattened: Point,
}

fn main() {}
