//! The two languages a state can be written in.

/// Which language a state's paths and expressions are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueryLanguage {
    /// Paths and payload templates.
    #[default]
    JsonPath,
    /// `{% %}` expressions.
    Jsonata,
}
