//! What an expression may see: the input, the result, the context object, the variables, and chance.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use crate::budget::Budget;
use crate::uuid;
use crate::value::{Text, Value};

/// Workflow variables by name. Cloning is a pointer.
pub type Variables = Arc<crate::value::Object>;

/// What a path, template or rule is evaluated against.
pub struct Scope<'a> {
    /// JSONPath's `$`; also what "could not be found in the input" messages quote.
    pub input: &'a Value,
    /// JSONata's `$states.input` where it differs from `input`: the state's own input.
    pub state_input: &'a Value,
    /// JSONata's `$states.result`, where there is one.
    pub result: Option<&'a Value>,
    /// JSONata's `$states.errorOutput`, in a catcher.
    pub error_output: Option<&'a Value>,
    /// The context object, `$$`.
    pub context: &'a Context<'a>,
    /// The variables in sight.
    pub variables: &'a Variables,
    /// Where `States.UUID` and its like draw from.
    pub chance: &'a Chance,
    /// The time, in milliseconds since 1970: what `$now()` and `$millis()` tell.
    pub now: i64,
    /// What the evaluation may use: work and bytes.
    pub budget: &'a Budget,
}

/// The context object, made when it is first asked for.
pub struct Context<'a> {
    made: OnceCell<Value>,
    make: &'a dyn Fn() -> Value,
}

impl<'a> Context<'a> {
    /// A context object that `make` makes on demand.
    pub fn new(make: &'a dyn Fn() -> Value) -> Self {
        Self { made: OnceCell::new(), make }
    }

    /// The object.
    pub fn value(&self) -> &Value {
        self.made.get_or_init(self.make)
    }
}

/// A source of numbers that is given, never drawn: the same seed gives the same numbers.
///
/// The seed comes from outside with the command, so UUIDs made from it are unguessable where the seed is.
pub struct Chance {
    state: Cell<u128>,
}

impl Chance {
    /// Begins with that seed.
    pub fn new(seed: u128) -> Self {
        Self { state: Cell::new(seed) }
    }

    /// The next 64 bits (PCG-XSL-RR over a 128-bit counter state).
    pub fn next_u64(&self) -> u64 {
        const MULTIPLIER: u128 = 0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645;
        const INCREMENT: u128 = 0x5851_F42D_4C95_7F2D_1405_7B7E_F767_814F;
        let state = self.state.get().wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT);
        self.state.set(state);
        let folded = (state >> 64) as u64 ^ state as u64;
        folded.rotate_right((state >> 122) as u32)
    }

    /// A float in `[0, 1)`.
    pub fn next_f64(&self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A random (version 4) UUID in its usual text form.
    pub fn uuid(&self) -> Text {
        let (high, low) = (self.next_u64(), self.next_u64());
        uuid::versioned(u128::from(high) << 64 | u128::from(low), 4).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let (a, b) = (Chance::new(7), Chance::new(7));
        assert!((0..100).all(|_| a.next_u64() == b.next_u64()));
        assert!((0..1000).all(|_| (0.0..1.0).contains(&a.next_f64())));
    }

    #[test]
    fn a_uuid_says_it_is_random() {
        let uuid = Chance::new(1).uuid();
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"));
    }
}
