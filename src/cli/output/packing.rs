//! How what is written is packed. The same content, handed over in the same pieces, makes the same bytes: no time and no
//! name is in them.

use std::io::{self, Write};

use clap::ValueEnum;
use flate2::Compression;
use flate2::write::GzEncoder;

/// The level at which zstd is about as quick as what is to be packed comes.
const ZSTD_LEVEL: i32 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Packing {
    /// What every program reads
    Gzip,
    /// Quicker and smaller
    Zstd,
}

impl Packing {
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// What names of such files end in.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Gzip => "gz",
            Self::Zstd => "zst",
        }
    }
}

/// Packs what is written to it, or hands it on as it is.
pub enum Packer<W: Write> {
    Plain(W),
    Gzip(Box<GzEncoder<W>>),
    Zstd(Box<zstd::Encoder<'static, W>>),
}

impl<W: Write> Packer<W> {
    pub fn new(packing: Option<Packing>, inner: W) -> io::Result<Self> {
        Ok(match packing {
            None => Self::Plain(inner),
            Some(Packing::Gzip) => Self::Gzip(Box::new(GzEncoder::new(inner, Compression::default()))),
            Some(Packing::Zstd) => {
                let mut encoder = zstd::Encoder::new(inner, ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Self::Zstd(Box::new(encoder))
            }
        })
    }

    pub fn get_ref(&self) -> &W {
        match self {
            Self::Plain(inner) => inner,
            Self::Gzip(encoder) => encoder.get_ref(),
            Self::Zstd(encoder) => encoder.get_ref(),
        }
    }

    /// Writes what is still to come of it.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(inner) => Ok(inner),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Packer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(inner) => inner.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(inner) => inner.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn packed(packing: Option<Packing>, parts: &[&[u8]]) -> Vec<u8> {
        let mut packer = Packer::new(packing, Vec::new()).unwrap();
        for part in parts {
            packer.write_all(part).unwrap();
        }
        packer.finish().unwrap()
    }

    #[test]
    fn what_is_packed_has_neither_time_nor_name_and_comes_out_as_it_was() {
        let text = b"one two three\n".repeat(1_000);
        let gzip = packed(Some(Packing::Gzip), &[&text]);
        assert_eq!(gzip.get(..8), Some([0x1f, 0x8b, 8, 0, 0, 0, 0, 0].as_slice()), "no flags, no time");
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(gzip.as_slice()).read_to_end(&mut out).unwrap();
        assert_eq!(out, text);
        let zstd = packed(Some(Packing::Zstd), &[&text]);
        assert_eq!(zstd::decode_all(zstd.as_slice()).unwrap(), text);
        assert_eq!(packed(None, &[&text]), text);
    }
}
