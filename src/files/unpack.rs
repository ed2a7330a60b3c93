//! The content of a file: what it begins with says whether and how it is packed; names may lie.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

/// Bytes read at once.
const BUFFER: usize = 256 << 10;

/// Bytes that are read before anything else, to see what the file is.
const HEAD: u64 = 1 << 10;

/// Unpacks what is packed. Several gzip members or zstd frames after each other are one content.
pub fn unpack(mut packed: impl Read + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let mut head = Vec::new();
    packed.by_ref().take(HEAD).read_to_end(&mut head)?;
    let kind = Kind::of(&head);
    let whole = BufReader::with_capacity(BUFFER, Cursor::new(head).chain(packed));
    Ok(match kind {
        Kind::Plain => Box::new(whole),
        Kind::Gzip => Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(whole))),
        Kind::Zstd => Box::new(BufReader::with_capacity(BUFFER, zstd::Decoder::with_buffer(whole)?)),
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Gzip,
    Zstd,
}

impl Kind {
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A frame, or one that is to be skipped before it.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gz(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn content(packed: Vec<u8>) -> (Vec<u8>, io::Result<()>) {
        let mut text = Vec::new();
        let result = unpack(Cursor::new(packed)).and_then(|mut reader| reader.read_to_end(&mut text));
        (text, result.map(|_| ()))
    }

    #[test]
    fn what_it_is_packed_by_shows_in_its_first_bytes() {
        let zst = |text: &[u8]| zstd::encode_all(text, 1).unwrap();
        for packed in [b"one two".to_vec(), gz(b"one two"), zst(b"one two"), [gz(b"one "), gz(b"two")].concat()] {
            assert_eq!(content(packed).0, b"one two");
        }
        assert_eq!(content([zst(b"one "), zst(b"two")].concat()).0, b"one two");
        assert_eq!(content(b"1".to_vec()).0, b"1");
        assert_eq!(content(Vec::new()).0, b"");
    }

    #[test]
    fn a_cut_file_gives_what_it_has_and_then_an_error() {
        let text: Vec<u8> = (0..100_000u32).flat_map(u32::to_be_bytes).collect();
        let mut packed = gz(&text);
        packed.truncate(packed.len() / 2);
        let (some, result) = content(packed);
        assert!(text.starts_with(&some) && !some.is_empty() && result.is_err());
    }
}
