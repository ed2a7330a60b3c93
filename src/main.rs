//! Reads the arguments and hands over.

use std::process::ExitCode;

use auditui::cli::args::CommandLine;

fn main() -> ExitCode {
    match CommandLine::from_process() {
        Ok(line) => auditui::cli::run(line),
        Err(error) => {
            // Help and version are no errors; where they cannot be printed nobody is there to be told.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}
