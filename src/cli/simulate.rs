//! `auditui simulate`: the invented tenancy, served for other clients.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;

use super::args::SimulateArgs;
use super::interrupt::Interrupt;
use super::listing::print_text;
use crate::domain::problem::{Problem, ProblemKind};
use crate::fake_oci::{FakeOci, Options, Scenario};

/// Serves until it is interrupted.
pub async fn run(args: &SimulateArgs, interrupt: &mut Interrupt) -> Result<ExitCode, Problem> {
    let scenario = scenario(&args.scenario)?;
    let options = Options { port: args.port, seed: args.seed, epoch: args.epoch, ..Options::default() };
    let fake = FakeOci::start(scenario, options).await.map_err(|error| {
        Problem::new(ProblemKind::Io, format!("cannot serve on 127.0.0.1:{}: {error}", args.port))
            .hint("--port 0 takes a free one")
    })?;
    print_text(&describe(&fake, args.home.as_deref())?)?;
    interrupt.unless(std::future::pending::<()>()).await;
    if let Some(path) = &args.requests {
        write_requests(&fake, path).map_err(|error| {
            Problem::new(ProblemKind::Io, format!("cannot write the requests into {}: {error}", path.display()))
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

fn scenario(name: &str) -> Result<Scenario, Problem> {
    if let Some(scenario) = Scenario::named(name) {
        return Ok(scenario);
    }
    Scenario::load(Path::new(name)).map_err(|error| {
        Problem::usage(format!("scenario {name}: {error}"))
            .hint(format!("a TOML file, or one of {}", Scenario::names().join(", ")))
    })
}

fn write_requests(fake: &FakeOci, path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = BufWriter::new(options.open(path)?);
    for request in fake.requests() {
        serde_json::to_writer(&mut out, &request)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}

fn describe(fake: &FakeOci, home: Option<&Path>) -> Result<String, Problem> {
    let endpoint = fake.endpoint_template();
    let mut text = format!("serving {endpoint}\n");
    if let Some(directory) = home {
        let written = fake.write_home(directory).map_err(|error| {
            Problem::new(ProblemKind::Io, format!("cannot write into {}: {error}", directory.display()))
        })?;
        fake.write_sign_ins(&written).map_err(|error| {
            Problem::new(ProblemKind::Io, format!("cannot write into {}: {error}", directory.display()))
        })?;
        let config = written.config.display();
        let _ = write!(
            text,
            "config  {config}\n\n  auditui --config-file {config} --endpoint '{endpoint}'\n  \
             ... --profile SESSION; or after `. {}/instance.env` (resource.env, cloud-shell.env) without --config-file\n  \
             OCI SDK: service_endpoint=\"http://127.0.0.1:{}/audit/{}\"\n",
            written.config.parent().unwrap_or(directory).display(),
            fake.port(),
            fake.credentials().region,
        );
    } else {
        text.push_str("--home DIR writes a config and key for it\n");
    }
    text.push_str("\nCtrl-C ends it");
    Ok(text)
}
