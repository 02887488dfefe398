//! The figures: gathered over the runs, set beside their targets, printed and written as JSON.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::error::BenchError;
use crate::options::Options;
use crate::stats::median;

/// What a figure counts. The number is in this unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Unit {
    #[serde(rename = "per second")]
    PerSecond,
    #[serde(rename = "us")]
    Microseconds,
    #[serde(rename = "ms")]
    Milliseconds,
    #[serde(rename = "s")]
    Seconds,
    #[serde(rename = "MiB")]
    Mebibytes,
    #[serde(rename = "count")]
    Count,
    #[serde(rename = "ratio")]
    Ratio,
}

/// What a figure should be, in its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// At least that.
    AtLeast(f64),
    /// At most that.
    AtMost(f64),
}

/// One figure of one run.
#[derive(Clone, Debug)]
pub(crate) struct Measure {
    pub(crate) name: String,
    pub(crate) unit: Unit,
    pub(crate) value: f64,
    pub(crate) target: Option<Target>,
}

/// One figure over all runs.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    name: String,
    unit: Unit,
    median: f64,
    min: f64,
    max: f64,
    values: Vec<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    met: Option<bool>,
}

/// One scenario over all its runs.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    scenario: &'static str,
    about: String,
    runs: usize,
    figures: Vec<Figure>,
}

/// All that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    cores: Option<usize>,
    durable: bool,
    clients: u32,
    seconds: u64,
    scenarios: Vec<Section>,
}

impl Measure {
    /// A figure that nothing is expected of.
    pub(crate) fn new(name: impl Into<String>, unit: Unit, value: f64) -> Self {
        Self { name: name.into(), unit, value, target: None }
    }

    /// The same, with what is expected.
    pub(crate) fn expecting(self, target: Target) -> Self {
        Self { target: Some(target), ..self }
    }
}

impl Target {
    fn value(self) -> f64 {
        match self {
            Self::AtLeast(value) | Self::AtMost(value) => value,
        }
    }

    /// The target where each run had its own: the median of them, of the same kind.
    fn over(targets: &[Self]) -> Option<Self> {
        let values: Vec<f64> = targets.iter().map(|target| target.value()).collect();
        Some(match targets.first()? {
            Self::AtLeast(_) => Self::AtLeast(median(&values)),
            Self::AtMost(_) => Self::AtMost(median(&values)),
        })
    }

    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }

    fn text(self, unit: Unit) -> String {
        let sign = match self {
            Self::AtLeast(_) => ">=",
            Self::AtMost(_) => "<=",
        };
        format!("{sign} {}", with_unit(self.value(), unit))
    }
}

impl Figure {
    /// Puts together what the runs measured under one name.
    fn over(name: String, runs: &[&Measure], unit: Unit) -> Self {
        let values: Vec<f64> = runs.iter().map(|measure| measure.value).collect();
        let targets: Vec<Target> = runs.iter().filter_map(|measure| measure.target).collect();
        let target = Target::over(&targets);
        let middle = median(&values);
        Self {
            name,
            unit,
            median: middle,
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            values,
            target: target.map(|target| target.text(unit)),
            met: target.map(|target| target.is_met(middle)),
        }
    }

    fn row(&self) -> String {
        let range =
            if self.values.len() > 1 { format!("{} .. {}", number(self.min), number(self.max)) } else { String::new() };
        let verdict = match self.met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        let target = self.target.as_deref().unwrap_or_default();
        let row = format!(
            "  {:<44} {:>14}  {:<23} {:<15} {}",
            self.name,
            with_unit(self.median, self.unit),
            range,
            target,
            verdict
        );
        row.trim_end().to_owned()
    }
}

impl Section {
    /// Puts the runs of a scenario together. Figures keep the order of the first run.
    pub(crate) fn over(scenario: &'static str, about: String, runs: &[Vec<Measure>]) -> Self {
        let first = runs.first().map(Vec::as_slice).unwrap_or_default();
        let figures = first
            .iter()
            .map(|figure| {
                let same: Vec<&Measure> = runs.iter().flatten().filter(|other| other.name == figure.name).collect();
                Figure::over(figure.name.clone(), &same, figure.unit)
            })
            .collect();
        Self { scenario, about, runs: runs.len(), figures }
    }

    fn table(&self) -> String {
        let mut text = format!("{}: {}\n", self.scenario, self.about);
        text.push_str(&format!("  {:<44} {:>14}  {:<23} {}\n", "figure", "median", "min .. max", "target"));
        for figure in &self.figures {
            text.push_str(&figure.row());
            text.push('\n');
        }
        text
    }
}

impl Report {
    /// An empty report of what those options measure.
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            cores: std::thread::available_parallelism().ok().map(std::num::NonZero::get),
            durable: !options.in_memory,
            clients: options.clients,
            seconds: options.seconds,
            scenarios: Vec::new(),
        }
    }

    /// Adds a scenario.
    pub(crate) fn push(&mut self, section: Section) {
        self.scenarios.push(section);
    }

    /// Writes everything as JSON.
    pub(crate) fn write(&self, path: &Path) -> Result<(), BenchError> {
        let text = serde_json::to_string_pretty(self).expect("figures have text keys and finite numbers");
        fs::write(path, text + "\n").map_err(BenchError::io(format!("write {}", path.display())))
    }
}

/// Prints a scenario's table.
#[expect(clippy::print_stdout, reason = "the figures are this program's output")]
pub(crate) fn print(section: &Section) {
    println!("{}", section.table());
}

/// Tells the person at the terminal what goes on, beside the figures.
#[expect(clippy::print_stderr, reason = "progress and errors are for the person who started the program")]
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}

fn with_unit(value: f64, unit: Unit) -> String {
    let suffix = match unit {
        Unit::PerSecond => "/s",
        Unit::Microseconds => " us",
        Unit::Milliseconds => " ms",
        Unit::Seconds => " s",
        Unit::Mebibytes => " MiB",
        Unit::Count | Unit::Ratio => "",
    };
    number(value) + suffix
}

/// A number with three digits at least, thousands set apart.
pub(crate) fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 10.0 && value.fract() != 0.0 {
        return format!("{value:.2}");
    }
    if value.abs() < 100.0 && value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::from(if value < 0.0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(rate: f64, limit: f64) -> Vec<Measure> {
        vec![
            Measure::new("rate", Unit::PerSecond, rate).expecting(Target::AtLeast(1000.0)),
            Measure::new("latency", Unit::Milliseconds, 2.5).expecting(Target::AtMost(limit)),
            Measure::new("memory", Unit::Mebibytes, 7.0),
        ]
    }

    #[test]
    fn figures_are_medians_of_the_runs() {
        let section =
            Section::over("pass", "one state".to_owned(), &[run(900.0, 2.0), run(1500.0, 3.0), run(1100.0, 1.0)]);
        let [rate, latency, memory] = section.figures.as_slice() else { panic!("three figures: {section:?}") };
        assert_eq!((rate.median, rate.min, rate.max, rate.met), (1100.0, 900.0, 1500.0, Some(true)));
        assert_eq!(rate.target.as_deref(), Some(">= 1,000/s"));
        assert_eq!((latency.target.as_deref(), latency.met), (Some("<= 2 ms"), Some(false)));
        assert_eq!((memory.target.as_deref(), memory.met), (None, None));
    }

    #[test]
    fn a_table_shows_target_and_verdict() {
        let table = Section::over("pass", "one state".to_owned(), &[run(900.0, 3.0)]).table();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0], "pass: one state");
        assert!(lines[2].contains("900/s") && lines[2].ends_with("MISSED"), "{table}");
        assert!(lines[3].contains("2.50 ms") && lines[3].ends_with(" met"), "{table}");
        assert!(lines[4].ends_with("7 MiB"), "{table}");
    }

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0"),
            (0.123, "0.12"),
            (9.5, "9.50"),
            (7.0, "7"),
            (42.34, "42.3"),
            (123.4, "123"),
            (1234.0, "1,234"),
            (1_234_567.8, "1,234,568"),
            (-1234.0, "-1,234"),
        ];
        for (value, expected) in cases {
            assert_eq!(number(value), expected);
        }
    }
}
