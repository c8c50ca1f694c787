use statsig::StatsigParams;

#[derive(StatsigParams)]
#[statsig(layer = "a")]
struct Wrong {
    #[statsig(default = "0.1")]
    number: f64,
    #[statsig(default = 1.5)]
    integer: u8,
    #[statsig(default = -1)]
    negative: u16,
    #[statsig(default = 5)]
    text: String,
    #[statsig(default = "x")]
    wrapped: Option<u8>,
    #[statsig(default_with = text)]
    function: u8,
}

fn text() -> String {
    String::new()
}

#[derive(StatsigParams)]
#[statsig(layer = "a", default)]
struct NotDefault {
    a: u8,
}

fn main() {}
