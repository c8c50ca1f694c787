use statsig::StatsigParams;

#[derive(StatsigParams)]
#[statsig(embedded)]
struct Inner {
    title: Option<String>,
}

#[derive(StatsigParams)]
#[statsig(layer = "promos")]
struct Twice {
    title: Option<String>,
    #[statsig(flatten)]
    inner: Inner,
}

fn main() {
    let _ = Twice::SCHEMA;
}
