use statsig::StatsigParams;

#[derive(StatsigParams)]
struct NoSource {
    a: Option<u8>,
}

#[derive(StatsigParams)]
#[statsig(layer = "a", experiment = "b")]
struct TwoSources {
    a: Option<u8>,
}

#[derive(StatsigParams)]
#[statsig(layer = "", rename_all = "camelcase", expose = "never", defaults)]
struct EveryValueWrong {
    a: Option<u8>,
}

#[derive(StatsigParams)]
#[statsig(layer = 5, alias = "x")]
struct WrongLiteral {
    a: Option<u8>,
}

#[derive(StatsigParams)]
#[statsig(layer = "a", on_mismatch = "panic", id_type = 5, deny_unknown = true, view = "V", bound = "T")]
struct MoreWrong {
    a: Option<u8>,
}

#[derive(StatsigParams)]
#[statsig(layer = "a", expose = "read", view = "not a name", vis = "public")]
struct WrongView {
    a: Option<u8>,
}

fn main() {
    // The stub keeps these from being errors too.
    let _ = NoSource::defaults().a;
    let _ = TwoSources::defaults().a;
}
