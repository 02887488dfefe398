//! Any text, read as a definition: diagnostics point into the text, and a program holds together, a stored one too. It
//! takes no more memory than some times its text, and says how much.
#![no_main]

use asl::diagnostic::Severity;
use asl::program::{Program, StateKind, Transition};
use asl::read::{MachineType, Reading, load, read, read_state};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    check(text, &read(text, MachineType::Standard));
    check(text, &read(text, MachineType::Express));
    check(text, &read_state(text, "A", MachineType::Standard));
    let (loaded, held, peak) = fuzz::meter::weighed(|| load(text));
    let Ok(program) = loaded else { return };
    walk(&program);
    let said = program.memory_bytes();
    assert!(held <= said + UNSAID, "{held} bytes are held, {said} are said");
    let bytes = text.len();
    assert!(said <= BYTES_A_BYTE * bytes + UNSAID, "{said} bytes are said of a text of {bytes}");
    assert!(peak <= 2 * BYTES_A_BYTE * bytes + UNSAID, "{peak} bytes at a time for a text of {bytes}");
});

/// Bytes of a program for each byte of its text: 45 for the most wasteful text that was found, a list of patterns.
const BYTES_A_BYTE: usize = 60;

/// Bytes of a program whatever its text is, and of what is made once for all.
const UNSAID: usize = 8 << 10;

fn check(text: &str, reading: &Reading) {
    for diagnostic in &reading.diagnostics {
        if let Some(span) = diagnostic.span.clone() {
            assert!(text.get(span.clone()).is_some(), "{span:?} of {diagnostic}");
        }
    }
    let refused = reading.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    assert_eq!(reading.program.is_none(), refused);
    if let Some(program) = &reading.program {
        assert!(program.states.iter().all(|state| state.fault.is_none()), "what is accepted can be run");
        walk(program);
    }
}

/// Follows every reference of the program. One that leads nowhere panics.
fn walk(program: &Program) {
    for branch in &program.branches {
        program.state(branch.start_at);
    }
    for (name, id) in &program.names {
        assert_eq!(&program.state(*id).name, name);
    }
    for state in &program.states {
        program.branch(state.branch);
        let transition = match &state.kind {
            StateKind::Pass(pass) => pass.transition,
            StateKind::Task(task) => task.transition,
            StateKind::Wait(wait) => wait.transition,
            StateKind::Parallel(parallel) => {
                parallel.branches.iter().for_each(|branch| _ = program.branch(*branch));
                parallel.transition
            }
            StateKind::Map(map) => {
                program.branch(map.processor);
                map.transition
            }
            StateKind::Choice(choice) => {
                choice.default.iter().for_each(|target| _ = program.state(*target));
                choice.rules.iter().for_each(|rule| _ = program.state(rule.next));
                Transition::End
            }
            StateKind::Succeed | StateKind::Fail(_) => Transition::End,
        };
        if let Transition::Next(target) = transition {
            assert_eq!(program.state(target).branch, state.branch, "a transition stays within its branch");
        }
    }
    program.variable_references();
}
