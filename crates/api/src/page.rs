//! Page sizes and `nextToken`s.
//!
//! A token says where a listing goes on. It is bound to that listing and its filter: given to another one,
//! or made up, it is an `InvalidToken`.

use asl::Text;
use store::record::Page;

use crate::answer::Answer;
use crate::error::ApiError;
use crate::request::Members;
use crate::shapes::{PAGE_SIZE, PAGE_TOKEN};

/// The page size where none is given, or 0.
pub(crate) const DEFAULT_SIZE: usize = 100;

/// The number of items asked for by `maxResults`, which the shape has bounded.
pub(crate) fn size(max_results: Option<i64>) -> usize {
    match max_results.and_then(|n| usize::try_from(n).ok()) {
        None | Some(0) => DEFAULT_SIZE,
        Some(size) => size,
    }
}

/// `maxResults` and `nextToken`.
pub(crate) fn members(members: &mut Members<'_>) -> (Option<i64>, Option<Text>) {
    (members.optional("maxResults", &PAGE_SIZE), members.optional("nextToken", &PAGE_TOKEN))
}

/// The part of a listing that a request asks for.
pub(crate) fn read(listing: Listing, max_results: Option<i64>, token: Option<&str>) -> Result<Page, ApiError> {
    let after = token.map(|token| listing.position(token)).transpose()?.map(u64::cast_signed);
    Ok(Page { limit: size(max_results), after })
}

/// Writes `nextToken`, where there is more.
pub(crate) fn write_next(answer: &mut Answer, listing: Listing, next: Option<i64>) {
    if let Some(next) = next {
        answer.text("nextToken", &listing.token(next.cast_unsigned()));
    }
}

/// What a token is bound to: a listing with its filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listing(u64);

impl Listing {
    /// The listing an operation makes under those members.
    pub(crate) fn new(operation: &str, members: &[&str]) -> Self {
        let mut hash = Fnv::new();
        hash.add(operation.as_bytes());
        for member in members {
            hash.add(&[0]);
            hash.add(member.as_bytes());
        }
        Self(hash.0)
    }

    /// The token for that position.
    pub(crate) fn token(self, position: u64) -> String {
        format!("{:016x}{position:016x}", self.seal(position))
    }

    /// The position a token stands for.
    pub(crate) fn position(self, token: &str) -> Result<u64, ApiError> {
        let hex = token.len() == 32 && token.bytes().all(|b| b.is_ascii_hexdigit());
        let halves = hex.then(|| token.split_at_checked(16)).flatten();
        let (seal, position) = halves.ok_or_else(ApiError::invalid_token)?;
        let number = |digits| u64::from_str_radix(digits, 16).map_err(|_| ApiError::invalid_token());
        let position = number(position)?;
        if number(seal)? != self.seal(position) {
            return Err(ApiError::invalid_token());
        }
        Ok(position)
    }

    fn seal(self, position: u64) -> u64 {
        let mut hash = Fnv(self.0);
        hash.add(&position.to_be_bytes());
        hash.0
    }
}

/// FNV-1a, 64 bits: a check against mistakes, not against malice. A forged position shows nothing that an
/// honest listing would not.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_back_to_its_position() {
        let listing = Listing::new("ListExecutions", &["arn", "RUNNING"]);
        for position in [0, 1, 42, u64::MAX] {
            assert_eq!(listing.position(&listing.token(position)).unwrap(), position);
        }
    }

    #[test]
    fn a_token_of_another_listing_or_garbage_is_refused() {
        let listing = Listing::new("ListExecutions", &["arn", "RUNNING"]);
        let strange = [
            Listing::new("ListExecutions", &["arn", "FAILED"]).token(7),
            Listing::new("ListExecutions", &["arnRUNNING"]).token(7),
            listing.token(7).replace('7', "8"),
            "x".repeat(32),
            "é".repeat(16),
            "+".repeat(32),
            String::new(),
            "0".repeat(32),
        ];
        for token in strange {
            let error = listing.position(&token).unwrap_err();
            assert_eq!((error.code, &*error.message), ("InvalidToken", "Invalid Token: 'Invalid token'"), "{token}");
        }
    }

    #[test]
    fn no_size_and_zero_mean_the_default() {
        assert_eq!([None, Some(0), Some(1), Some(1000)].map(size), [100, 100, 1, 1000]);
    }
}
