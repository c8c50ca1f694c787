use statsig::StatsigParams;

struct Opaque;

#[derive(StatsigParams)]
#[statsig(layer = "promos")]
struct NotParams {
    #[statsig(nested)]
    nested: Opaque,
    #[statsig(flatten)]
    flattened: Opaque,
}

fn main() {}
