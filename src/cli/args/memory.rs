//! How much memory what is held may take.

use clap::Args;

use crate::domain::size;

/// What an index without events takes, with the threads that pack, fits in a fraction of this.
const LEAST: u64 = 32 << 20;

#[derive(Clone, Copy, Debug, Default, Args)]
pub struct MemoryArgs {
    /// Most memory for the events held, such as 512M or 2G, at least 32M; what is more goes to an unnamed temporary file,
    /// and where that is not enough events are left out, which is said [default: no limit]
    #[arg(long, value_name = "SIZE", value_parser = memory, help_heading = "Memory", env = "AUDITUI_MAX_MEMORY")]
    pub max_memory: Option<u64>,
}

fn memory(text: &str) -> Result<u64, String> {
    let bytes = size::parse(text).ok_or_else(|| "a size such as 512M, 2G or a number of bytes".to_owned())?;
    if bytes < LEAST { Err(format!("at least {}", size::format(LEAST))) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_is_refused_with_the_least_there_is() {
        assert_eq!(memory("32M"), Ok(LEAST));
        assert_eq!(memory("33554431").unwrap_err(), "at least 32 MiB");
        assert!(memory("much").unwrap_err().contains("512M"));
    }
}
