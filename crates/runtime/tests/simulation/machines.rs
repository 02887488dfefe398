//! Random state machines: small, valid, and they come to an end.

use crate::random::Random;

pub(crate) const ACTIVITIES: [&str; 2] =
    ["arn:aws:states:us-east-1:123456789012:activity:first", "arn:aws:states:us-east-1:123456789012:activity:second"];
/// Nobody created it: a state that reaches it fails.
const MISSING: &str = "arn:aws:states:us-east-1:123456789012:activity:missing";

/// One of each pattern.
const SERVICES: [&str; 4] = [
    "arn:aws:lambda:us-east-1:123456789012:function:f",
    "arn:aws:states:::sqs:sendMessage",
    "arn:aws:states:::batch:submitJob.sync",
    "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
];

/// A definition, as JSON text.
pub(crate) fn definition(random: &mut Random) -> String {
    let mut names = 0;
    let timeout =
        if random.percent(10) { format!(r#""TimeoutSeconds":{},"#, 50 + random.below(5_000)) } else { String::new() };
    format!("{{{timeout}{}}}", branch(random, &mut names, 0))
}

/// `StartAt` and `States` of a chain of states.
fn branch(random: &mut Random, names: &mut usize, depth: usize) -> String {
    let length = 1 + random.below(if depth == 0 { 5 } else { 3 });
    let first = *names;
    // The chain's own names come first, so that each state knows the next one's.
    *names += length;
    let states: Vec<_> = (0..length)
        .map(|at| {
            let next = (at + 1 < length).then(|| format!("S{}", first + at + 1));
            let last = format!("S{}", first + length - 1);
            format!(r#""S{}":{}"#, first + at, state(random, names, depth, next.as_deref(), &last))
        })
        .collect();
    format!(r#""StartAt":"S{first}","States":{{{}}}"#, states.join(","))
}

fn state(random: &mut Random, names: &mut usize, depth: usize, next: Option<&str>, last: &str) -> String {
    let transition = match next {
        Some(next) => format!(r#""Next":"{next}""#),
        None => r#""End":true"#.to_owned(),
    };
    // A catcher must lead forward, or the machine may run for ever.
    let catch = match next {
        Some(_) if random.percent(40) => {
            format!(r#","Catch":[{{"ErrorEquals":["States.ALL"],"ResultPath":null,"Next":"{last}"}}]"#)
        }
        _ => String::new(),
    };
    let retry = match random.below(3) {
        0 => format!(
            r#","Retry":[{{"ErrorEquals":["States.ALL"],"IntervalSeconds":{},"MaxAttempts":{},"BackoffRate":2}}]"#,
            1 + random.below(200),
            random.below(3)
        ),
        _ => String::new(),
    };
    match random.below(if depth < 2 { 10 } else { 7 }) {
        0 => format!(r#"{{"Type":"Pass",{transition}}}"#),
        1 if random.percent(60) => format!(
            r#"{{"Type":"Pass","QueryLanguage":"JSONata","Output":"{{% $merge([$states.input, {{'n': $states.input.n + 0}}]) %}}",{transition}}}"#
        ),
        1 => format!(r#"{{"Type":"Pass","Result":{{"passed":true}},"ResultPath":null,{transition}}}"#),
        2 => format!(r#"{{"Type":"Wait","Seconds":{},{transition}}}"#, random.pick(&[0, 1, 7, 100, 1_000, 90_000])),
        3 if next.is_some() => format!(
            r#"{{"Type":"Choice","Choices":[{{"Variable":"$.n","IsPresent":{},"Next":"{last}"}}],"Default":"{}"}}"#,
            random.percent(50),
            next.unwrap_or(last)
        ),
        3 if random.percent(20) => r#"{"Type":"Fail","Error":"Wanted","Cause":"by the generator"}"#.to_owned(),
        7 => format!(
            r#"{{"Type":"Parallel","Branches":[{{{}}},{{{}}}],"ResultPath":null{retry}{catch},{transition}}}"#,
            branch(random, names, depth + 1),
            branch(random, names, depth + 1)
        ),
        8 => format!(
            r#"{{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":{},"ItemProcessor":{{{}}},"ResultPath":null{retry}{catch},{transition}}}"#,
            random.below(3),
            branch(random, names, depth + 1)
        ),
        _ => {
            let resource = match random.below(100) {
                0..3 => MISSING,
                3..45 => random.pick(&SERVICES),
                _ => random.pick(&ACTIVITIES),
            };
            let timeout = match random.below(3) {
                0 => String::new(),
                1 => format!(r#""TimeoutSeconds":{},"#, 10 + random.below(300)),
                _ => format!(
                    r#""TimeoutSeconds":{},"HeartbeatSeconds":{},"#,
                    200 + random.below(300),
                    5 + random.below(100)
                ),
            };
            format!(
                r#"{{"Type":"Task","Resource":"{resource}",{timeout}"ResultPath":null{retry}{catch},{transition}}}"#
            )
        }
    }
}
