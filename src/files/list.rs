//! Files of values, as `in @file` names them.

use std::fs::File;
use std::io::Read as _;

use crate::domain::text::clean;

/// The largest that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// The content of the file, or in a sentence why there is none. A relative name is below the current directory.
pub fn read_list(name: &str) -> Result<String, String> {
    let refused = |why: &str| format!("{} cannot be read: {why}", clean(name));
    // A pipe would be waited for, when it is opened already.
    if std::fs::metadata(name).is_ok_and(|found| !found.is_file()) {
        return Err(refused("it is no file"));
    }
    let file = File::open(name).map_err(|error| refused(&error.to_string()))?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| refused(&error.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refused("it is larger than 16 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| refused("it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_refused_without_waiting_for_it() {
        let directory = tempfile::tempdir().unwrap();
        let name = directory.path().display().to_string();
        assert!(read_list(&name).unwrap_err().contains("it is no file"));
        assert!(read_list("/dev/null").unwrap_err().contains("it is no file"));
        assert!(read_list(&format!("{name}/x")).is_err());
    }
}
