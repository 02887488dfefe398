//! Listings: page sizes, `nextToken`s, and the text of a page.
//!
//! A token says where a listing goes on. It is bound to that listing and its filter: given to another one,
//! or made up, it is an `InvalidToken`.

use asl::Text;
use store::record::{Listing, Page};

use crate::call_context::CallContext;
use crate::error::ApiError;
use crate::json_object_writer::JsonObjectWriter;
use crate::list_text::ListText;
use crate::request::Members;
use crate::response_body::ResponseBody;
use crate::shape::TextShape;
use crate::shapes::{PAGE_SIZE, PAGE_TOKEN};

/// `maxResults` and `nextToken`, as every listing has them.
pub(crate) struct PageMembers {
    max_results: Option<i64>,
    next_token: Option<Text>,
}

impl PageMembers {
    /// Reads them.
    pub(crate) fn read(members: &mut Members<'_>) -> Self {
        Self::with_token(members, &PAGE_TOKEN)
    }

    /// Reads them, where the token has a shape of its own.
    pub(crate) fn with_token(members: &mut Members<'_>, token: &TextShape) -> Self {
        Self {
            max_results: members.optional("maxResults", &PAGE_SIZE),
            next_token: members.optional("nextToken", token),
        }
    }
}

/// Items asked for by `maxResults`, which its shape has bounded; absent and 0 ask for the default.
pub(crate) fn page_size(max_results: Option<i64>, default: usize) -> usize {
    max_results.and_then(|n| usize::try_from(n).ok()).filter(|size| *size > 0).unwrap_or(default)
}

/// The part of a listing that a request asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageRequest {
    seal: TokenSeal,
    /// At most that many items.
    pub(crate) size: usize,
    /// Where it begins; absent for the listing's own beginning.
    pub(crate) from: Option<u64>,
}

impl PageRequest {
    /// The part of the listing that an operation makes, under those members of the request.
    pub(crate) fn new(
        context: &CallContext<'_>,
        operation: &str,
        filter: &[&str],
        members: &PageMembers,
    ) -> Result<Self, ApiError> {
        let seal = TokenSeal::new(operation, filter);
        let from = members.next_token.as_deref().map(|token| seal.position(token)).transpose()?;
        Ok(Self { seal, size: page_size(members.max_results, context.quotas.page_items), from })
    }

    /// As stores are asked.
    pub(crate) fn page(&self) -> Page {
        Page { limit: self.size, after: self.from.map(u64::cast_signed) }
    }

    /// The answer with what a store found.
    pub(crate) fn answer<T: Send + Unpin + 'static>(
        &self,
        name: &'static str,
        found: Listing<T>,
        write: impl FnMut(&mut JsonObjectWriter, T) + Send + Unpin + 'static,
    ) -> ResponseBody {
        self.answer_from(name, found.items, found.next.map(i64::cast_unsigned), write)
    }

    /// The answer with those items, where the listing goes on at `next`.
    pub(crate) fn answer_from<T: Send + Unpin + 'static>(
        &self,
        name: &'static str,
        items: Vec<T>,
        next: Option<u64>,
        write: impl FnMut(&mut JsonObjectWriter, T) + Send + Unpin + 'static,
    ) -> ResponseBody {
        let token = next.map(|next| self.seal.token(next));
        ListText::new(name, items, token.as_deref(), write).into_body()
    }
}

/// What a token is bound to: a listing with its filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TokenSeal(u64);

impl TokenSeal {
    /// That of the listing an operation makes under those members.
    fn new(operation: &str, members: &[&str]) -> Self {
        let mut hash = Fnv::new();
        hash.add(operation.as_bytes());
        for member in members {
            hash.add(&[0]);
            hash.add(member.as_bytes());
        }
        Self(hash.0)
    }

    /// The token for that position.
    fn token(self, position: u64) -> String {
        format!("{:016x}{position:016x}", self.sealed(position))
    }

    /// The position a token stands for.
    fn position(self, token: &str) -> Result<u64, ApiError> {
        let hex = token.len() == 32 && token.bytes().all(|b| b.is_ascii_hexdigit());
        let halves = hex.then(|| token.split_at_checked(16)).flatten();
        let (sealed, position) = halves.ok_or_else(ApiError::invalid_token)?;
        let number = |digits| u64::from_str_radix(digits, 16).map_err(|_| ApiError::invalid_token());
        let position = number(position)?;
        if number(sealed)? != self.sealed(position) {
            return Err(ApiError::invalid_token());
        }
        Ok(position)
    }

    fn sealed(self, position: u64) -> u64 {
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
        let seal = TokenSeal::new("ListExecutions", &["arn", "RUNNING"]);
        for position in [0, 1, 42, u64::MAX] {
            assert_eq!(seal.position(&seal.token(position)).unwrap(), position);
        }
    }

    #[test]
    fn a_token_of_another_listing_or_garbage_is_refused() {
        let seal = TokenSeal::new("ListExecutions", &["arn", "RUNNING"]);
        let strange = [
            TokenSeal::new("ListExecutions", &["arn", "FAILED"]).token(7),
            TokenSeal::new("ListExecutions", &["arnRUNNING"]).token(7),
            seal.token(7).replace('7', "8"),
            "x".repeat(32),
            "é".repeat(16),
            "+".repeat(32),
            String::new(),
            "0".repeat(32),
        ];
        for token in strange {
            let error = seal.position(&token).unwrap_err();
            assert_eq!((error.code, &*error.message), ("InvalidToken", "Invalid Token: 'Invalid token'"), "{token}");
        }
    }

    #[test]
    fn no_size_and_zero_mean_the_default() {
        assert_eq!([None, Some(0), Some(1), Some(1000)].map(|size| page_size(size, 100)), [100, 100, 1, 1000]);
    }
}
