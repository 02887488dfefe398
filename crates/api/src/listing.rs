//! Listings: page sizes, `nextToken`s, and the text of a page.
//!
//! A token says where a listing goes on. It is bound to that listing and its filter: given to another one,
//! or made up, it is an `InvalidToken`.

use std::fmt::Write as _;

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

/// Where a listing goes on, as a token carries it.
pub(crate) trait Position: Sized {
    /// As bytes.
    fn bytes(&self) -> Vec<u8>;
    /// From bytes; `None` where they are no position.
    fn of_bytes(bytes: &[u8]) -> Option<Self>;
}

impl Position for u64 {
    fn bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

impl Position for i64 {
    fn bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

impl Position for Text {
    fn bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().map(Self::from)
    }
}

/// The part of a listing that a request asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageRequest<P = i64> {
    seal: TokenSeal,
    /// At most that many items.
    pub(crate) size: usize,
    /// Where it begins; absent for the listing's own beginning.
    pub(crate) from: Option<P>,
}

impl<P: Position + Clone> PageRequest<P> {
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
    pub(crate) fn page(&self) -> Page<P> {
        Page { limit: self.size, after: self.from.clone() }
    }

    /// The answer with what a store found.
    pub(crate) fn answer<T: Send + Unpin + 'static>(
        &self,
        name: &'static str,
        found: Listing<T, P>,
        write: impl FnMut(&mut JsonObjectWriter, T) + Send + Unpin + 'static,
    ) -> ResponseBody {
        self.answer_from(name, found.items, found.next, write)
    }

    /// The answer with those items, where the listing goes on at `next`.
    pub(crate) fn answer_from<T: Send + Unpin + 'static>(
        &self,
        name: &'static str,
        items: Vec<T>,
        next: Option<P>,
        write: impl FnMut(&mut JsonObjectWriter, T) + Send + Unpin + 'static,
    ) -> ResponseBody {
        let token = next.map(|next| self.seal.token(&next));
        ListText::new(name, items, token.as_deref(), write).into_body()
    }
}

/// What a token is bound to: a listing with its filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TokenSeal(u64);

/// Hexadecimal digits of the seal, which come before the position's.
const SEAL_DIGITS: usize = 16;

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
    fn token(self, position: &impl Position) -> String {
        let bytes = position.bytes();
        let mut token = format!("{:0SEAL_DIGITS$x}", self.sealed(&bytes));
        for byte in bytes {
            // Writing to a string does not fail.
            let _ = write!(token, "{byte:02x}");
        }
        token
    }

    /// The position a token stands for.
    fn position<P: Position>(self, token: &str) -> Result<P, ApiError> {
        let is_hex = token.bytes().all(|b| b.is_ascii_hexdigit());
        let parts = token.split_at_checked(SEAL_DIGITS).filter(|_| is_hex);
        let (sealed, digits) = parts.ok_or_else(ApiError::invalid_token)?;
        let bytes = bytes_of(digits).ok_or_else(ApiError::invalid_token)?;
        let sealed = u64::from_str_radix(sealed, 16).map_err(|_| ApiError::invalid_token())?;
        let position = P::of_bytes(&bytes).filter(|_| sealed == self.sealed(&bytes));
        position.ok_or_else(ApiError::invalid_token)
    }

    fn sealed(self, position: &[u8]) -> u64 {
        let mut hash = Fnv(self.0);
        hash.add(position);
        hash.0
    }
}

/// The bytes that hexadecimal digits stand for, two for each.
fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(pair).collect()
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
            assert_eq!(seal.position::<u64>(&seal.token(&position)).unwrap(), position);
        }
        for name in ["", "a", "arn:aws:states:us-east-1:1:stateMachine:ä b", &"é".repeat(200)] {
            let token = seal.token(&Text::from(name));
            assert_eq!(seal.position::<Text>(&token).unwrap(), Text::from(name));
            assert!(token.len() <= 1024, "longer than a nextToken may be");
        }
    }

    #[test]
    fn a_token_of_another_listing_or_garbage_is_refused() {
        let seal = TokenSeal::new("ListExecutions", &["arn", "RUNNING"]);
        let strange = [
            TokenSeal::new("ListExecutions", &["arn", "FAILED"]).token(&7_u64),
            TokenSeal::new("ListExecutions", &["arnRUNNING"]).token(&7_u64),
            seal.token(&7_u64).replace('7', "8"),
            seal.token(&7_u64)[..31].to_owned(),
            seal.token(&Text::from("name")),
            "x".repeat(32),
            "é".repeat(16),
            "+".repeat(32),
            String::new(),
            "0".repeat(32),
        ];
        for token in strange {
            let error = seal.position::<u64>(&token).unwrap_err();
            assert_eq!((error.code, &*error.message), ("InvalidToken", "Invalid Token: 'Invalid token'"), "{token}");
        }
    }

    #[test]
    fn no_size_and_zero_mean_the_default() {
        assert_eq!([None, Some(0), Some(1), Some(1000)].map(|size| page_size(size, 100)), [100, 100, 1, 1000]);
    }
}
