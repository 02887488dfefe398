//! Task tokens: they name a task and prove that we made them.
//!
//! A token is base64url text of a version, the execution's number, the number of the task's scheduling
//! event, and an HMAC-SHA256 over these. Every attempt of a task has a scheduling event of its own, so the
//! token of an earlier attempt is never taken for a later one.

use asl::Text;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::EventId;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use store::record::ExecutionId;

/// The name under which the store keeps the key.
pub(crate) const KEY_NAME: &str = "task-token-key";

/// Bytes of the key.
pub(crate) const KEY_BYTES: usize = 32;

const VERSION: u8 = 1;
const BODY_BYTES: usize = 17;
const MAC_BYTES: usize = 32;
/// Base64 characters of body and code.
const TEXT_LENGTH: usize = ((BODY_BYTES + MAC_BYTES) * 4).div_ceil(3);

/// Makes and reads task tokens.
#[derive(Clone)]
pub struct Tokens {
    keyed: Hmac<Sha256>,
}

impl Tokens {
    /// With that key.
    pub fn new(key: &[u8; KEY_BYTES]) -> Self {
        // A block as long as the hash's own takes any shorter key, padded with zeros.
        let mut block = [0; 64];
        block[..KEY_BYTES].copy_from_slice(key);
        Self { keyed: Hmac::new(&block.into()) }
    }

    /// The token of a task.
    pub fn sign(&self, execution: ExecutionId, scheduled: EventId) -> Text {
        let mut bytes = [0; BODY_BYTES + MAC_BYTES];
        bytes[0] = VERSION;
        bytes[1..9].copy_from_slice(&execution.0.to_be_bytes());
        bytes[9..BODY_BYTES].copy_from_slice(&scheduled.0.to_be_bytes());
        let code = self.keyed.clone().chain_update(&bytes[..BODY_BYTES]).finalize().into_bytes();
        bytes[BODY_BYTES..].copy_from_slice(&code);
        URL_SAFE_NO_PAD.encode(bytes).into()
    }

    /// The task a token names; `None` for any text we did not make. Takes the same time whatever differs.
    pub fn verify(&self, token: &str) -> Option<(ExecutionId, EventId)> {
        if token.len() != TEXT_LENGTH {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (body, code) = bytes.split_at_checked(BODY_BYTES)?;
        self.keyed.clone().chain_update(body).verify_slice(code).ok()?;
        let execution = i64::from_be_bytes(body.get(1..9)?.try_into().ok()?);
        let scheduled = u64::from_be_bytes(body.get(9..)?.try_into().ok()?);
        (body.first() == Some(&VERSION)).then_some((ExecutionId(execution), EventId(scheduled)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_task() {
        let tokens = Tokens::new(&[7; KEY_BYTES]);
        let token = tokens.sign(ExecutionId(41), EventId(3));
        assert_eq!(tokens.verify(&token), Some((ExecutionId(41), EventId(3))));
        assert_eq!(token.len(), TEXT_LENGTH);
    }

    #[test]
    fn any_other_text_is_refused() {
        let tokens = Tokens::new(&[7; KEY_BYTES]);
        let token = tokens.sign(ExecutionId(41), EventId(3));
        for at in 0..token.len() {
            let mut changed: Vec<u8> = token.bytes().collect();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(tokens.verify(&changed), None, "{changed}");
        }
        for garbage in ["", "x", &token[1..], &"é".repeat(33), &"*".repeat(TEXT_LENGTH)] {
            assert_eq!(tokens.verify(garbage), None, "{garbage}");
        }
        assert_eq!(Tokens::new(&[8; KEY_BYTES]).verify(&token), None);
    }
}
