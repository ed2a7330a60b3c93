//! Reading what a stranger has made: no link leads out of the bag, nothing in it holds up whoever looks, and no file fills
//! the memory.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

/// Bytes of a file that is read whole: a manifest, the cells, the coverage, the log.
pub const LARGEST: u64 = 256 << 20;

/// Opens a plain file below a bag. Anything else, a pipe or a device say, is an error before it is opened.
pub fn open(bag: &Path, name: &str) -> io::Result<File> {
    let name = Path::new(name);
    let above = name.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
    for directory in above {
        if !bag.join(directory).symlink_metadata()?.is_dir() {
            return Err(not_plain());
        }
    }
    let path = bag.join(name);
    if !path.symlink_metadata()?.is_file() {
        return Err(not_plain());
    }
    let file = no_link(OpenOptions::new().read(true)).open(path)?;
    // It may have been replaced in between.
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_plain()) }
}

/// All of a plain file below a bag that has no more bytes than `most`.
pub fn read(bag: &Path, name: &str, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(bag, name)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it has more than {most} bytes")));
    }
    Ok(bytes)
}

/// The same, as text.
pub fn read_text(bag: &Path, name: &str, most: u64) -> io::Result<String> {
    String::from_utf8(read(bag, name, most)?).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is no text"))
}

fn not_plain() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file")
}

/// So that a link in the place of a file is an error, and a pipe is not waited for.
#[cfg(unix)]
pub fn no_link(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    options.custom_flags(flags.bits().cast_signed())
}

#[cfg(not(unix))]
pub fn no_link(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}
