use std::time::Duration;

use statsig::StatsigParams;

enum Tone {
    Friendly,
}

#[derive(StatsigParams)]
#[statsig(layer = "a")]
struct Unsupported {
    #[statsig(default = Duration::ZERO)]
    duration: Duration,
    #[statsig(default = Tone::Friendly)]
    tone: Tone,
    list: Option<Vec<Duration>>,
    #[statsig(json, default = Tone::Friendly)]
    json: Tone,
}

struct Plain {
    a: u8,
}

fn main() {
    let _ = <Plain as StatsigParams>::defaults();
}
