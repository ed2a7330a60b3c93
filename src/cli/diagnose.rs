//! `auditui doctor`: the report, printed; and what the terminal can do.

use std::io::IsTerminal;
use std::process::ExitCode;

use super::args::{DoctorArgs, IdentityArgs, ListingFormat};
use super::connect::connect;
use super::doctor::{self, Check};
use super::listing::{print_json, print_text};
use crate::domain::problem::Problem;
use crate::domain::text::clean;
use crate::oci::{Env, try_resolve};

/// Checks what there is to check without a request, then, unless told not to, asks the service.
pub async fn run(identity: &IdentityArgs, env: &Env, args: &DoctorArgs) -> Result<ExitCode, Problem> {
    if identity.demo {
        return Err(Problem::usage("the demo tenancy needs no doctor").hint("auditui --demo opens it"));
    }
    let options = identity.profile_options(env);
    let mut report = doctor::report_with(&options, identity.client_options(env)?.endpoint.as_ref());
    let asks = !identity.no_input && std::io::stdin().is_terminal();
    let locked = asks && try_resolve(&options).is_ok_and(|settings| settings.key_is_encrypted_without_passphrase());
    if !args.offline && (report.problems.is_empty() || locked) {
        match connect(identity, env).await {
            Ok(connection) => {
                // A pass phrase was asked for, and it fits.
                report.problems.clear();
                let checks = doctor::online(&connection.client).await;
                report.complete(&connection.client, checks);
            }
            Err(problem) => report.checks = vec![Check::fail("credential", problem)],
        }
    }
    match args.output {
        ListingFormat::Json => print_json(&report)?,
        ListingFormat::Table => print_text(&format!("{}{}", report.to_text(), terminal(env)))?,
    }
    Ok(ExitCode::from(report.exit_code()))
}

/// What the explorer would find: a terminal, its size, colours, and a way to the clipboard.
fn terminal(env: &Env) -> String {
    let interactive = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let size = match crossterm::terminal::size() {
        Ok((width, height)) if interactive => format!("{width}x{height}"),
        _ => "not a terminal; the explorer needs one, the other commands do not".to_owned(),
    };
    let colour = if env.get("NO_COLOR").is_some() {
        "none (NO_COLOR)"
    } else if env.get("COLORTERM").is_some_and(|value| value.contains("truecolor") || value.contains("24bit")) {
        "24 bit"
    } else {
        "16 or more"
    };
    let name = clean(env.get("TERM").unwrap_or("not set")).into_owned();
    let clipboard = crate::driver::clipboard::likely_way(env);
    let rows = [("size", size.as_str()), ("TERM", &name), ("colours", colour), ("clipboard", clipboard)];
    let lines = rows.map(|(key, value)| format!("  {key:<20}{value}")).join("\n");
    format!("\nterminal\n{lines}")
}
