//! A worker thread without async: every call blocks, and the client runs on a thread of its own.

#![expect(clippy::print_stdout, reason = "this is what the example shows")]

use std::error::Error;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use statsig::sources::BootstrapSpecs;
use statsig::testing::{Specs, custom};
use statsig::{Event, Statsig, StatsigOptions, StatsigUser};

/// One job: the customer, the plan and the amount.
type Job = (&'static str, &'static str, f64);

/// Charges customers until the queue is closed.
fn work(statsig: &Statsig, jobs: &mpsc::Receiver<Job>) -> u32 {
    let mut done = 0;
    for (customer, plan, amount) in jobs {
        let user = StatsigUser::builder(customer).custom("plan", plan).build();
        // One set of specs for the whole job, even if others arrive meanwhile.
        let statsig = statsig.pin();
        let fee = statsig
            .get_dynamic_config(&user, "billing")
            .get_float("fee", 0.05);
        let fee = if statsig.check_gate(&user, "no_fee") {
            0.0
        } else {
            fee
        };
        println!("{customer} pays {:.2}", amount * (1.0 + fee));
        statsig.log_event(&user, Event::new("charged").value(amount));
        done += 1;
    }
    done
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let specs = Specs::new()
        .gate("no_fee", |g| {
            g.rule("gold").when(custom("plan").any(["gold"]))
        })
        .config("billing", |c| c.default("fee", 0.1));
    let options = StatsigOptions::builder()
        .specs_adapter(Arc::new(BootstrapSpecs::new(specs.to_json()?)))
        .disable_network(true) // a real worker downloads the specs and sends its events
        .build()?;
    let statsig = Statsig::new("secret-worker", options);
    statsig.initialize_blocking()?;

    let (queue, jobs) = mpsc::channel();
    let client = statsig.clone();
    let worker = thread::spawn(move || work(&client, &jobs));
    for job in [
        ("alice", "gold", 40.0),
        ("bob", "free", 40.0),
        ("carol", "free", 10.0),
    ] {
        queue.send(job)?;
    }
    drop(queue); // the worker ends when it has done all jobs
    let done = worker.join().map_err(|_| "the worker panicked")?;
    assert_eq!(done, 3);

    let report = statsig.shutdown_blocking()?;
    assert_eq!(report.stats.pending, 0);
    println!("{report}");
    Ok(())
}
