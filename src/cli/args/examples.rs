//! What help shows behind the options.

pub const PROGRAM: &str = "\
Examples:
  auditui --demo                                     explore an invented tenancy, no account needed
  auditui --profile PROD --since 6h                  explore the last six hours
  auditui export --time 2026-03-14T08:00Z..14:00Z > events.jsonl
  auditui export --since yesterday --until today --writes -o table
  auditui export --since 7d 'is:denied user:svc-*' > denied.jsonl
  auditui export --since 30d --plan                  what that would ask, and its cost
  auditui coverage events.jsonl                      what an export holds, and what it lacks
  auditui open events.jsonl.gz                       explore an export, without any network
  auditui count events.jsonl --by user,event         who did what how often
  auditui collect --into /var/lib/audit              keep all there is, and add to it with every run
  auditui verify /var/lib/audit                      is it all there, and as it was written?
  auditui reconcile /var/lib/audit archive/          what has Connector Hub that we have not?
  auditui doctor                                     what is wrong with my configuration?
  auditui config show                                what is in force, and who says so

Exit codes: 0 complete, 1 error, 2 usage or configuration, 3 finished but something is missing,
4 authentication, 5 nothing readable, 6 not as it was written (verify), 130 interrupted (what was
written is valid)";

pub const COLLECT: &str = "\
Examples:
  auditui collect --into /var/lib/audit
  auditui collect --into /var/lib/audit --profile PROD,TEST --since 30d
  auditui collect --into /var/lib/audit --watch=10m  goes on until interrupted";

pub const VERIFY: &str = "\
Examples:
  auditui verify /var/lib/audit
  auditui verify /var/lib/audit -o json
  auditui verify case-42 --custody 'handed to Bob'   an evidence bundle, and who has it now";

pub const RECONCILE: &str = "\
Examples:
  auditui reconcile /var/lib/audit archive/
  auditui reconcile /var/lib/audit archive/ --time 2026-03-14 -o markdown > gaps.md
  auditui reconcile day.jsonl archive/ --ids=missing.jsonl

Nobody is asked: fetch the archive first, such as with oci os object bulk-download. Hours are those of UTC, by when
events happened. Where nothing in a record says its region, a directory called like one does (archive/eu-frankfurt-1/).";

pub const COMPLETIONS: &str = "\
Examples:
  auditui completions bash > ~/.local/share/bash-completion/completions/auditui
  auditui completions zsh > ~/.zfunc/_auditui          with fpath+=~/.zfunc before compinit
  auditui completions fish > ~/.config/fish/completions/auditui.fish";

pub const COUNT: &str = "\
Examples:
  auditui count events.jsonl --by user,event
  auditui count exports/ -Q 'is:write status>=400' --by ip -o json
  auditui count --since 6h --by event                reads the time span, and writes no events

Fields: event type svc user uid auth caller ip ua key session comp compid region queried ad res
resid action path status msg req group id src, and access (read, write, session), day and hour (UTC).
What an event has not is null, in a table (none).";

pub const SUMMARY: &str = "\
Examples:
  auditui summary day.jsonl
  auditui summary exports/ -o markdown > report.md
  auditui summary --since 24h --region fra            reads the time span, and writes no events

Writes are counted in two ways. By method: events of calls with POST, PUT, PATCH or DELETE. By meaning: events
that change something, and sign-ins (the query is:write): searches by POST are none.
Lines are those of `auditui export -o jsonl`, one for each event; bytes are those of the events as Oracle sent
them. Days are those of UTC.";

pub const EXPORT: &str = "\
Examples:
  auditui export --since 6h > events.jsonl
  auditui export --time 2026-03-14T08:00Z..14:00Z --output-file day.jsonl
  auditui export --since 7d 'is:denied user:svc-*' -o table
  auditui export --since 30d --plan                  what that would ask; reads no event
  auditui export --since 30d --split day --compress zstd --output-file month
  auditui export --since 1d --redact --pseudonyms --case-key case.key --output-file copy.jsonl
  auditui export --since 1d --evidence case-42       a bundle with digests and every request
  auditui export --since 1h --follow                 goes on until interrupted
  auditui export --from /var/lib/audit --since 2026-03-14 -o ocsf
                                                     out of a collection or an archive; asks nobody";

pub const OPEN: &str = "\
Examples:
  auditui open day.jsonl
  auditui open exports/ other.jsonl.gz -Q 'user:alice'
  zcat day.jsonl.gz | auditui open -
  auditui open /var/lib/audit --since 7d             what collect has kept: only the files of these days are read";

pub const COVERAGE: &str = "\
Examples:
  auditui coverage day.jsonl                         what the export holds and lacks
  auditui coverage /var/lib/audit                    what was collected, and what was not
  auditui coverage --since 6h -o json                what could be read now";

pub const REGIONS: &str = "\
Examples:
  auditui regions
  auditui regions --profile PROD -o json";

pub const COMPARTMENTS: &str = "\
Examples:
  auditui compartments
  auditui compartments -o json | jq -r '.[].path'";

pub const CONFIG: &str = "\
Examples:
  auditui config path
  auditui config show                                what is in force, and who says so
  auditui config check                               what of the files has no effect, and why
  auditui config check --write-default               a file to begin with";

pub const DOCTOR: &str = "\
Examples:
  auditui doctor
  auditui doctor --profile PROD --offline             without a request";

pub const SIMULATE: &str = "\
Examples:
  auditui simulate --home /tmp/sim                   the demo tenancy on port 9800
  auditui simulate --scenario throttled --port 0";

pub const MAN: &str = "\
Examples:
  auditui man > ~/.local/share/man/man1/auditui.1
  auditui man | man -l -";
