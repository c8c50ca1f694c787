use statsig::StatsigParams;

#[derive(StatsigParams)]
#[statsig(layer = "a")]
struct Tuple(u8);

#[derive(StatsigParams)]
#[statsig(layer = "a")]
struct Unit;

#[derive(StatsigParams)]
#[statsig(layer = "a")]
enum Enum {
    A,
}

#[derive(StatsigParams)]
#[statsig(layer = "a")]
union Union {
    a: u8,
}

#[derive(StatsigParams)]
#[statsig(layer = "a")]
struct Borrowed<'a> {
    #[statsig(default = "")]
    a: &'a str,
}

fn main() {}
