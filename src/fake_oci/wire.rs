//! How a body travels: packed or not, whole or not, in time or not.

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::time::Duration;

use flate2::write::GzEncoder;
use flate2::{Compress, Compression, FlushCompress};
use futures_util::stream::{self, Stream, StreamExt as _};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Bytes, Frame};

/// A body that may break off.
pub type Body = UnsyncBoxBody<Bytes, io::Error>;

/// How the body is packed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Packing {
    /// As the client can take it.
    #[default]
    Right,
    /// Packed twice, named once.
    Twice,
    /// Said to be packed, and is not.
    False,
    /// In place of the body spaces, so many that they unpack to this many bytes.
    Bomb(usize),
}

impl Packing {
    /// The bytes to send, and whether they are said to be gzip.
    pub fn pack(self, body: Vec<u8>, accepted: bool) -> (Vec<u8>, bool) {
        match self {
            Self::Right if accepted && body.len() > 256 => (packed(&body), true),
            Self::Right => (body, false),
            Self::Twice => (packed(&packed(&body)), true),
            Self::False => (body, true),
            Self::Bomb(bytes) => (bomb(bytes), true),
        }
    }
}

/// How it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    Whole,
    /// The connection is closed after so many thousandths.
    Broken(u32),
    /// Half arrives, then nothing.
    Stalled,
    /// A byte at a time, so far apart.
    Trickling(Duration),
    /// More is promised than comes.
    Long,
    /// Half is promised, and comes.
    Short,
    /// No answer at all.
    None,
}

impl Delivery {
    /// What the header promises of `length` bytes.
    pub fn promise(self, length: usize) -> usize {
        match self {
            Self::Long => length * 2 + 10,
            Self::Short => length / 2,
            _ => length,
        }
    }

    pub fn body(self, mut body: Vec<u8>) -> Body {
        match self {
            Self::Whole | Self::None => Full::new(Bytes::from(body)).map_err(|e: Infallible| match e {}).boxed_unsync(),
            Self::Broken(thousandths) => {
                body.truncate(body.len() * thousandths as usize / 1000);
                StreamBody::new(broken(body.into())).boxed_unsync()
            }
            Self::Stalled => {
                body.truncate(body.len() / 2);
                StreamBody::new(once(body).chain(stream::pending())).boxed_unsync()
            }
            Self::Trickling(apart) => StreamBody::new(trickling(body, apart)).boxed_unsync(),
            Self::Long => StreamBody::new(once(body)).boxed_unsync(),
            Self::Short => {
                body.truncate(body.len() / 2);
                StreamBody::new(once(body)).boxed_unsync()
            }
        }
    }
}

/// The part, then an error; in between it steps back once, so that the part is really sent.
fn broken(part: Bytes) -> impl Stream<Item = io::Result<Frame<Bytes>>> {
    stream::unfold(Some(part), |part| async move {
        match part {
            Some(part) if !part.is_empty() => Some((Ok(Frame::data(part)), Some(Bytes::new()))),
            Some(_) => {
                tokio::task::yield_now().await;
                Some((Err(io::ErrorKind::ConnectionReset.into()), None))
            }
            None => None,
        }
    })
}

fn once(body: Vec<u8>) -> impl Stream<Item = io::Result<Frame<Bytes>>> {
    stream::iter([Ok(Frame::data(body.into()))])
}

fn trickling(body: Vec<u8>, apart: Duration) -> impl Stream<Item = io::Result<Frame<Bytes>>> {
    stream::unfold((body, 0), move |(body, at)| async move {
        tokio::time::sleep(apart).await;
        let byte = Bytes::copy_from_slice(body.get(at..=at)?);
        Some((Ok(Frame::data(byte)), (body, at + 1)))
    })
}

fn packed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 6), Compression::fast());
    // writing to memory does not fail
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}

/// A gzip member whose one block, flushed so that it needs nothing before it, stands there again and again. It has no
/// end: who reads that far has lost.
fn bomb(bytes: usize) -> Vec<u8> {
    const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    const PART: usize = 1 << 20;
    let mut block = Vec::with_capacity(PART);
    let mut compress = Compress::new(Compression::best(), false);
    // into memory that is large enough this does not fail
    let _packed = compress.compress_vec(&vec![b' '; PART], &mut block, FlushCompress::Full);
    [&HEAD[..], &block.repeat(bytes.div_ceil(PART))].concat()
}
