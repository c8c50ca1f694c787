use statsig::{StatsigParams, Typed};

#[derive(StatsigParams)]
#[statsig(layer = "a", expose = "read")]
struct Clashing {
    meta: Option<u8>,
    #[statsig(default = 1)]
    other: u8,
}

#[derive(StatsigParams)]
#[statsig(layer = "a", expose = "read")]
struct Fine {
    #[statsig(default = 1)]
    a: u8,
}

fn main() {
    let clashing = Typed::detached(Clashing::defaults());
    let _ = clashing.other();

    let fine = Typed::detached(Fine::defaults());
    let _ = fine.a;
}
