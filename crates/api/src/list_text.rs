//! An answer that is a list, as JSON text in pieces of bounded length.
//!
//! A page of a history may be hundreds of megabytes as text. A piece is made when the connection takes it, so no more
//! than one waits in memory. What fits one piece is sent whole.

use std::vec;

use bytes::Bytes;

use crate::json_object_writer::JsonObjectWriter;
use crate::response_body::ResponseBody;

/// A piece is complete at the first item that makes it this long.
const PIECE_BYTES: usize = 64 * 1024;

/// How far the text is made.
enum Progress {
    Beginning,
    AmongItems,
    Over,
}

/// The text `{"<name>":[<items>]<rest>}`.
pub(crate) struct ListText<T, W> {
    name: &'static str,
    items: vec::IntoIter<T>,
    write: W,
    /// The members behind the list, each with its comma in front.
    rest: String,
    progress: Progress,
}

impl<T, W> ListText<T, W>
where
    T: Send + Unpin + 'static,
    W: FnMut(&mut JsonObjectWriter, T) + Send + Unpin + 'static,
{
    /// A list under that name, each item written by `write`, and where there is one, a `nextToken` behind it.
    pub(crate) fn new(name: &'static str, items: Vec<T>, next_token: Option<&str>, write: W) -> Self {
        // A token is hexadecimal digits, which need no escape.
        let rest = next_token.map(|token| format!(",\"nextToken\":\"{token}\"")).unwrap_or_default();
        Self { name, items: items.into_iter(), write, rest, progress: Progress::Beginning }
    }

    /// The body: whole where it is one piece.
    pub(crate) fn into_body(mut self) -> ResponseBody {
        let first = self.next().unwrap_or_default();
        match self.progress {
            Progress::Over => first.into(),
            Progress::Beginning | Progress::AmongItems => ResponseBody::pieces(std::iter::once(first).chain(self)),
        }
    }

    /// Room for the next piece: a guess, so that short lists do not take the room of long ones.
    fn capacity(&self) -> usize {
        (64 + 320 * self.items.len()).min(PIECE_BYTES)
    }
}

impl<T, W> Iterator for ListText<T, W>
where
    T: Send + Unpin + 'static,
    W: FnMut(&mut JsonObjectWriter, T) + Send + Unpin + 'static,
{
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut piece = String::with_capacity(self.capacity());
        let mut needs_comma = match self.progress {
            Progress::Beginning => {
                piece.push_str("{\"");
                piece.push_str(self.name);
                piece.push_str("\":[");
                false
            }
            Progress::AmongItems => true,
            Progress::Over => return None,
        };
        self.progress = Progress::AmongItems;
        while piece.len() < PIECE_BYTES {
            let Some(item) = self.items.next() else {
                piece.push(']');
                piece.push_str(&self.rest);
                piece.push('}');
                self.progress = Progress::Over;
                break;
            };
            if needs_comma {
                piece.push(',');
            }
            needs_comma = true;
            let mut writer = JsonObjectWriter::at_the_end_of(piece);
            (self.write)(&mut writer, item);
            piece = writer.finish();
        }
        Some(piece.into())
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use hyper::body::Body;

    use super::*;

    fn list(lengths: &[usize], next_token: Option<&str>) -> ListText<usize, fn(&mut JsonObjectWriter, usize)> {
        ListText::new("l", lengths.to_vec(), next_token, |item, length| {
            item.text("x", &"x".repeat(length));
        })
    }

    #[tokio::test]
    async fn a_short_list_is_whole() {
        for (lengths, token, text) in [
            (&[][..], None, r#"{"l":[]}"#),
            (&[1, 2][..], None, r#"{"l":[{"x":"x"},{"x":"xx"}]}"#),
            (&[1][..], Some("0a"), r#"{"l":[{"x":"x"}],"nextToken":"0a"}"#),
        ] {
            let body = list(lengths, token).into_body();
            assert!(matches!(body, ResponseBody::Whole(_)));
            assert_eq!(body.collect().await.unwrap().to_bytes(), text);
        }
    }

    #[tokio::test]
    async fn a_long_list_comes_in_pieces_that_are_bounded_and_make_the_same_text() {
        let lengths = [PIECE_BYTES / 3, 1, PIECE_BYTES * 2, 0, PIECE_BYTES / 2, PIECE_BYTES, 7];
        let items = lengths.map(|length| format!("{{\"x\":\"{}\"}}", "x".repeat(length)));
        let whole = format!("{{\"l\":[{}],\"nextToken\":\"7\"}}", items.join(","));

        let body = list(&lengths, Some("7")).into_body();
        assert_eq!(body.size_hint().exact(), None);
        assert_eq!(body.collect().await.unwrap().to_bytes(), whole);
        let pieces: Vec<Bytes> = list(&lengths, Some("7")).collect();
        assert!(pieces.len() > 2);
        // One item may go beyond a piece, two never do.
        assert!(pieces.iter().all(|piece| piece.len() < PIECE_BYTES * 3 + 64));
    }

    #[test]
    fn a_list_that_fills_its_last_piece_still_ends() {
        let pieces: Vec<Bytes> = list(&[PIECE_BYTES], None).collect();
        assert_eq!(pieces.len(), 2);
        assert_eq!(pieces[1], "]}");
    }
}
