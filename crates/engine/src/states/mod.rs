//! One file a state type: how it is entered, resumed and left.

pub(crate) mod choice;
pub(crate) mod fail;
pub(crate) mod figure;
pub(crate) mod map;
pub(crate) mod parallel;
pub(crate) mod pass;
pub(crate) mod succeed;
pub(crate) mod task;
pub(crate) mod wait;
