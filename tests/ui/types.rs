use statsig::StatsigParams;

struct Opaque;

#[derive(StatsigParams)]
#[statsig(layer = "promos")]
struct NoParameterType {
    unknown: Option<Opaque>,
}

#[derive(StatsigParams)]
#[statsig(layer = "promos")]
struct NotDeserialize {
    #[statsig(json)]
    unknown: Option<Opaque>,
}

#[derive(StatsigParams)]
#[statsig(layer = "promos")]
struct NotParams {
    #[statsig(nested)]
    nested: Opaque,
}

#[derive(StatsigParams)]
#[statsig(layer = "promos")]
struct NotFlat {
    #[statsig(flatten)]
    flattened: Opaque,
}

fn main() {}
