use statsig::StatsigParams;

#[derive(StatsigParams)]
#[statsig(layer = "promos", deny_unknown_fields)]
struct Promo {
    #[statsig(default_value = 1)]
    from_clap: u8,
    #[statsig(default, deserialize_with = decode)]
    from_serde: u8,
    #[statsig(default, min = 1, max = 5)]
    from_validators: u8,
    #[statsig(default, choices = ["a", "b"])]
    from_schemas: String,
    #[statsig(feature_gate = "a_gate")]
    from_the_console: bool,
}

fn main() {
    let _ = Promo::defaults();
}
