//! The results: a line of JSON for each case after its measurement, and a table of all cases at the
//! end.

use serde_json::{Map, Value, json};

use crate::measure::{Figures, Measured};

/// The measurements of one case.
#[derive(Debug)]
pub struct Row {
    name: String,
    ours: Figures,
    peer: Option<Figures>,
    /// With two threads: the throughput as a multiple of one thread's, for ours and the peer.
    scaling: Option<(f64, Option<f64>)>,
}

impl Row {
    pub fn new(name: String, ours: Figures, peer: Option<Figures>) -> Self {
        Self {
            name,
            ours,
            peer,
            scaling: None,
        }
    }

    /// Adds the growth of throughput from one thread to two.
    #[must_use]
    pub fn scaled_from(mut self, ours: Measured, peer: Option<Measured>) -> Self {
        let peer_scaling = peer
            .zip(self.peer)
            .map(|(alone, both)| alone.whole.wall / both.wall);
        self.scaling = Some((ours.whole.wall / self.ours.wall, peer_scaling));
        self
    }

    fn ratio(&self) -> Option<f64> {
        Some(self.peer?.wall / self.ours.wall)
    }

    pub fn json(&self) -> String {
        let mut line = Map::new();
        let mut put = |key: &str, value: f64, digits: i32| {
            let unit = 10_f64.powi(digits);
            line.insert(key.to_owned(), json!((value * unit).round() / unit));
        };
        put("ours_ns", self.ours.wall, 1);
        if let (Some(peer), Some(ratio)) = (self.peer, self.ratio()) {
            put("peer_ns", peer.wall, 1);
            put("ratio", ratio, 2);
        }
        put("ours_cpu_ns", self.ours.cpu, 1);
        put("ours_allocs", self.ours.allocs, 2);
        if let Some(peer) = self.peer {
            put("peer_cpu_ns", peer.cpu, 1);
            put("peer_allocs", peer.allocs, 2);
        }
        if let Some((ours, peer)) = self.scaling {
            put("ours_scaling", ours, 2);
            if let Some(peer) = peer {
                put("peer_scaling", peer, 2);
            }
        }
        // The name comes first, in any order of the map.
        let name = Value::from(self.name.as_str());
        let rest = Value::Object(line).to_string();
        format!("{{\"case\":{name},{}", rest.trim_start_matches('{'))
    }

    fn cells(&self) -> [String; 8] {
        let or_dash = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
        let mut name = self.name.clone();
        if let Some((ours, peer)) = self.scaling {
            let peer = or_dash(peer.map(|peer| format!("{peer:.2}")));
            name = format!("{name} (throughput of one thread ×{ours:.2}, peer ×{peer})");
        }
        [
            name,
            nanoseconds(self.ours.wall),
            or_dash(self.peer.map(|peer| nanoseconds(peer.wall))),
            or_dash(self.ratio().map(|ratio| format!("{ratio:.1}"))),
            nanoseconds(self.ours.cpu),
            or_dash(self.peer.map(|peer| nanoseconds(peer.cpu))),
            count(self.ours.allocs),
            or_dash(self.peer.map(|peer| count(peer.allocs))),
        ]
    }
}

const HEADINGS: [&str; 8] = [
    "case",
    "ours ns",
    "peer ns",
    "peer/ours",
    "ours CPU ns",
    "peer CPU ns",
    "ours allocs",
    "peer allocs",
];

/// The table as text or in Markdown.
pub fn table(rows: &[Row], markdown: bool) -> String {
    let cells: Vec<_> = rows.iter().map(Row::cells).collect();
    let mut widths = HEADINGS.map(|heading| heading.chars().count());
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: [&str; 8]| {
        let mut padded =
            cells
                .into_iter()
                .zip(widths)
                .enumerate()
                .map(|(column, (cell, width))| {
                    if column == 0 {
                        format!("{cell:<width$}")
                    } else {
                        format!("{cell:>width$}")
                    }
                });
        let first = padded.next().unwrap_or_default();
        let rest: Vec<_> = padded.collect();
        if markdown {
            format!("| {first} | {} |\n", rest.join(" | "))
        } else {
            format!("{first}  {}\n", rest.join("  "))
        }
    };
    let mut table = line(HEADINGS);
    if markdown {
        table.push_str("|---|---:|---:|---:|---:|---:|---:|---:|\n");
    }
    for row in &cells {
        table.push_str(&line(row.each_ref().map(String::as_str)));
    }
    table
}

/// A number with thin spaces between groups of three digits.
fn nanoseconds(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Background work allocates sometimes, so less than a hundredth of an allocation per call counts
/// as none.
fn count(value: f64) -> String {
    if value < 0.01 {
        "0".to_owned()
    } else if value < 10.0 && (value - value.round()).abs() > 0.05 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}
