//! What makes a definition wrong, one rule a file: its reason, its text, its tests.

pub(crate) mod allowed_values;
pub(crate) mod condition;
pub(crate) mod credentials;
pub(crate) mod distributed;
pub(crate) mod express;
pub(crate) mod heartbeat;
pub(crate) mod json_syntax;
pub(crate) mod label;
pub(crate) mod max_delay;
pub(crate) mod missing_dollar;
pub(crate) mod missing_path;
pub(crate) mod nesting;
pub(crate) mod not_empty;
pub(crate) mod one_of;
pub(crate) mod path;
pub(crate) mod query_language;
pub(crate) mod range;
pub(crate) mod reachable;
pub(crate) mod required_fields;
pub(crate) mod resource;
pub(crate) mod state_name;
pub(crate) mod states_all;
pub(crate) mod states_members;
pub(crate) mod static_result;
pub(crate) mod supported_fields;
pub(crate) mod target;
pub(crate) mod template;
pub(crate) mod terminal_state;
pub(crate) mod timestamp;
pub(crate) mod value_type;
pub(crate) mod variable_name;
pub(crate) mod variable_scope;

#[cfg(test)]
pub(crate) mod testing;
