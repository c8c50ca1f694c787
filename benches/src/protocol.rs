//! The protocol between the comparison and a side: lines of JSON over the side's input and output.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::measure::{Figures, Measured};

/// The prefix of every answer. The measured crates may write to the output, too.
const MARK: &str = "\u{1e}";

/// A question to a side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Asks for the names of its cases.
    Cases,
    /// Asks for the results of all cases, to compare both sides.
    Answers,
    /// Prepares this case.
    Begin(String),
    /// Runs its part of a round. The answer contains the measurements.
    Turn,
}

impl Question {
    fn to_line(&self) -> String {
        match self {
            Self::Cases => json!("cases"),
            Self::Answers => json!("answers"),
            Self::Begin(name) => json!({ "begin": name }),
            Self::Turn => json!("turn"),
        }
        .to_string()
    }

    fn of_line(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line).ok()?;
        match value.as_str() {
            Some("cases") => Some(Self::Cases),
            Some("answers") => Some(Self::Answers),
            Some("turn") => Some(Self::Turn),
            Some(_) => None,
            None => Some(Self::Begin(value["begin"].as_str()?.to_owned())),
        }
    }
}

/// Answers questions until the input ends.
pub fn serve(mut answer: impl FnMut(Question) -> Result<Value, String>) -> Result<(), String> {
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|error| error.to_string())?;
        let question = Question::of_line(&line).ok_or_else(|| format!("unknown: {line}"))?;
        let answer = answer(question)?;
        let mut output = io::stdout().lock();
        let written = writeln!(output, "{MARK}{answer}").and_then(|()| output.flush());
        written.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// A side in its own process. Dropping this ends the process.
#[derive(Debug)]
pub struct Side {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Side {
    pub fn start(program: &Path, arguments: &[String]) -> Result<Self, String> {
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let input = process.stdin.take().ok_or("a side without input")?;
        let output = process.stdout.take().ok_or("a side without output")?;
        Ok(Self {
            process,
            input,
            output: BufReader::new(output),
        })
    }

    pub fn ask(&mut self, question: &Question) -> Result<Value, String> {
        writeln!(self.input, "{}", question.to_line()).map_err(|error| error.to_string())?;
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line);
            if read.map_err(|error| error.to_string())? == 0 {
                return Err(format!("a side ended instead of answering {question:?}"));
            }
            if let Some(answer) = line.strip_prefix(MARK) {
                return serde_json::from_str(answer).map_err(|error| error.to_string());
            }
        }
    }

    /// The measurements of one turn: the case's work, and the work compared with it.
    pub fn turn(&mut self) -> Result<Vec<Measured>, String> {
        let answer = self.ask(&Question::Turn)?;
        let works = answer.as_array().ok_or("expected a list of figures")?;
        works
            .iter()
            .map(|work| {
                Some(Measured {
                    caller: figures_of(&work[0])?,
                    whole: figures_of(&work[1])?,
                })
            })
            .collect::<Option<_>>()
            .ok_or_else(|| format!("expected figures, found {answer}"))
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The answer to [`Question::Turn`].
pub fn measured(works: &[Measured]) -> Value {
    let both = |work: &Measured| json!([figures(&work.caller), figures(&work.whole)]);
    works.iter().map(both).collect()
}

fn figures(figures: &Figures) -> Value {
    json!([figures.wall, figures.cpu, figures.allocs])
}

fn figures_of(value: &Value) -> Option<Figures> {
    Some(Figures {
        wall: value[0].as_f64()?,
        cpu: value[1].as_f64()?,
        allocs: value[2].as_f64()?,
    })
}
