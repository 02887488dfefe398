//! Reading is not judging: a definition that the rules refuse, and that is stored, is a program all the same.
//!
//! `refused/` has examples for every rule, `<rule>[.<case>].asl.json`, each a text that an older version might have
//! accepted. They are run in `crates/runtime/tests/refused.rs`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use asl::Program;
use asl::diagnostic::Diagnostic;
use asl::program::{StateKind, Transition};
use asl::read::{MachineType, load, read};

/// The examples, by name.
fn examples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused");
    let mut examples: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let name = name.strip_suffix(".asl.json").unwrap_or_else(|| panic!("{name} is no example"));
            (name.to_owned(), fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    examples.sort();
    examples
}

/// The rules: one file each.
fn rules() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/read/rules");
    let names = fs::read_dir(folder).unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".rs").map(str::to_owned)
    });
    // What the rules' tests share.
    names.filter(|name| name != "testing").collect()
}

#[test]
fn every_rule_has_an_example_and_every_example_a_rule() {
    let shown: BTreeSet<String> =
        examples().iter().map(|(name, _)| name.split('.').next().unwrap().to_owned()).collect();
    assert_eq!(shown, rules(), "tests/refused has an example for each file of src/read/rules");
}

#[test]
fn what_is_refused_is_a_program_once_it_is_stored() {
    let mut shown = String::new();
    for (name, text) in examples() {
        let found = findings(&text);
        assert!(!found.is_empty(), "{name} is neither refused nor warned of");
        writeln!(shown, "{name}").unwrap();
        found.iter().for_each(|found| writeln!(shown, "  judged: {found}").unwrap());
        match load(&text) {
            Ok(program) => writeln!(shown, "  loaded: {}", faults(&program)).unwrap(),
            Err(error) => writeln!(shown, "  no program: {error}").unwrap(),
        }
    }
    insta::assert_snapshot!(cut(&shown));
}

/// Places fifty branches deep are long.
fn cut(text: &str) -> String {
    let cut = |line: &str| match line.char_indices().nth(240) {
        Some((end, _)) => format!("{}…\n", &line[..end]),
        None => format!("{line}\n"),
    };
    text.lines().map(cut).collect()
}

/// What is said of it as a definition of either type.
fn findings(text: &str) -> Vec<String> {
    let standard = read(text, MachineType::Standard).diagnostics;
    let found = if standard.is_empty() { read(text, MachineType::Express).diagnostics } else { standard };
    let short = |found: &Diagnostic| found.to_string().replace(text, "…");
    found.iter().map(short).collect()
}

/// The states that cannot be run.
fn faults(program: &Program) -> String {
    follow(program);
    let faults: Vec<String> = program
        .states
        .iter()
        .filter_map(|state| Some(format!("\"{}\" cannot run: {}", state.name, state.fault.as_ref()?)))
        .collect();
    if faults.is_empty() { "all states run".to_owned() } else { faults.join("; ") }
}

/// Follows every reference of the program. One that leads nowhere panics.
fn follow(program: &Program) {
    program.state(program.branch(Program::ROOT).start_at);
    for (index, state) in program.states.iter().enumerate() {
        let beside = program.state_beside(program.branch(state.branch).start_at, &state.name).unwrap();
        assert_eq!(beside.0 as usize, index, "a state is found among those beside it");
        let transition = match &state.kind {
            StateKind::Pass(pass) => pass.transition,
            StateKind::Task(task) => task.transition,
            StateKind::Wait(wait) => wait.transition,
            StateKind::Parallel(parallel) => {
                parallel.branches.iter().for_each(|branch| _ = program.state(program.branch(*branch).start_at));
                parallel.transition
            }
            StateKind::Map(map) => {
                program.state(program.branch(map.processor).start_at);
                map.transition
            }
            StateKind::Choice(choice) => {
                choice.rules.iter().map(|rule| rule.next).chain(choice.default).for_each(|id| _ = program.state(id));
                Transition::End
            }
            StateKind::Succeed | StateKind::Fail(_) => Transition::End,
        };
        if let Transition::Next(next) = transition {
            assert_eq!(program.state(next).branch, state.branch);
        }
    }
}
