//! The numbers of frames: written by whoever decides, and taken as they are written.

use engine::{Event, EventKind, Execution, FrameId, Numbered};

use crate::run::{Run, info, program};

const PARALLEL: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[
    {"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":3,"End":true}}},
    {"StartAt":"B","States":{"B":{"Type":"Wait","Seconds":3,"End":true}}}
    ],"End":true}}}"#;

const MAP: &str = r#"{"StartAt":"M","States":{"M":{"Type":"Map","ItemProcessor":
    {"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}},"End":true}}}"#;

/// Why the events do not replay, once the branches' frames have these numbers.
fn refusal(numbers: &[u32]) -> Option<&'static str> {
    let mut execution = Execution::new(program(PARALLEL), info());
    for mut event in Run::start(PARALLEL, "{}").events {
        if let EventKind::ParallelStateStarted { frames, .. } = &mut event.kind {
            *frames = Numbered::Written(numbers.iter().copied().map(FrameId).collect());
            return execution.apply(&event).err().map(|error| error.why);
        }
        execution.apply(&event).unwrap();
    }
    panic!("the branches did not begin");
}

#[test]
fn a_frame_has_the_number_that_is_written_unless_another_one_has_it() {
    assert_eq!(refusal(&[1, 2]), None);
    assert_eq!(refusal(&[0, 1]), Some("the number of the frame is in use"));
    assert_eq!(refusal(&[1, 1]), Some("the number of the frame is in use"));
    assert_eq!(refusal(&[2, 3]), Some("the number of the frame leaves others out"));
    assert_eq!(refusal(&[u32::MAX, 1]), Some("the number of the frame leaves others out"));
    assert_eq!(refusal(&[1]), Some("there is not one frame for each branch"));
}

#[test]
fn the_iterations_of_a_long_map_share_few_frames() {
    let items = format!("[{}]", vec!["1"; 2_000].join(","));
    let run = Run::start(MAP, &items);
    let number = |event: &Event| match &event.kind {
        EventKind::MapIterationStarted { child: Numbered::Written(child), .. } => Some(child.0),
        _ => None,
    };
    let numbers: Vec<u32> = run.events.iter().filter_map(number).collect();
    assert_eq!((numbers.len(), numbers.into_iter().max()), (2_000, Some(40)));
}
