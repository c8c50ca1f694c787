use statsig::StatsigParams;

#[derive(StatsigParams)]
#[statsig(layer = "a")]
struct Overflow {
    #[statsig(default = 300)]
    plain: u8,
    #[statsig(default = 65_536)]
    wrapped: Option<u16>,
}

fn main() {}
