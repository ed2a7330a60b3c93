//! `--stats`: what a run took.

use std::time::Instant;

use serde_json::json;

use super::args::StatsArgs;
use super::talk::Talk;
use crate::domain::text::{count_of, thousands};
use crate::files::Groups;
use crate::index::{Memory, Snapshot};

/// Ticks of processor time in a second, as Linux counts them for programs (`USER_HZ`) on every machine.
const TICKS: f64 = 100.0;

/// What a run took so far.
pub struct Stats {
    begun: Option<Instant>,
}

/// What a run had to do with.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Events.
    pub rows: u64,
    /// Bytes of these, as they were sent; `None` where they were not counted.
    pub raw_bytes: Option<u64>,
    /// Of an index.
    pub memory: Option<Memory>,
    /// Events that a limit of memory left out; `None` where nothing is held.
    pub refused: Option<u64>,
    /// Of Parquet files, where any was read.
    pub groups: Option<Groups>,
}

impl Load {
    pub fn of(snapshot: &Snapshot) -> Self {
        let totals = snapshot.totals();
        Self {
            rows: totals.events,
            raw_bytes: Some(totals.raw_bytes),
            memory: Some(snapshot.memory()),
            refused: Some(totals.refused),
            groups: None,
        }
    }
}

impl Stats {
    /// Says nothing in the end where that was not asked for.
    pub fn begin(args: StatsArgs) -> Self {
        Self { begun: args.stats.then(Instant::now) }
    }

    pub fn tell(&self, load: Load, talk: &Talk) {
        let Some(begun) = self.begun else { return };
        let (resident, most, cpu) = (of_process("VmRSS:"), of_process("VmHWM:"), cpu_seconds());
        let seconds = begun.elapsed().as_secs_f64();
        let accounted = load.memory.map(|memory| memory.resident());
        let object = json!({
            "type": "stats", "rows": load.rows, "rawBytes": load.raw_bytes, "accountedBytes": accounted, "spilledBytes": load.memory.map(|memory| memory.spilled), "refusedRows": load.refused,
            "rowGroupsRead": load.groups.map(|groups| groups.read), "rowGroupsSkipped": load.groups.map(|groups| groups.skipped),
            "parquetBytesRead": load.groups.map(|groups| groups.bytes), "residentBytes": resident, "mostResidentBytes": most, "seconds": seconds, "cpuSeconds": cpu,
        });
        let number = |number: Option<u64>| number.map_or_else(|| "unknown".to_owned(), thousands);
        let mut lines = vec![match load.raw_bytes {
            Some(bytes) => format!("{}, {} as they were sent", count_of(load.rows, "row"), count_of(bytes, "byte")),
            None => count_of(load.rows, "row"),
        }];
        lines.extend(load.groups.map(|Groups { read, skipped, bytes }| {
            let (read, skipped) = (count_of(read, "row group"), thousands(skipped));
            format!("of Parquet files: {read} read, {skipped} passed over, {} read", count_of(bytes, "byte"))
        }));
        lines.extend(load.memory.map(|memory| of_index(memory, load)));
        lines.push(format!("memory of the process: {} bytes, at most {}", number(resident), number(most)));
        let cpu = cpu.map_or_else(|| "unknown".to_owned(), |cpu| format!("{cpu:.2}"));
        lines.push(format!("{seconds:.2} seconds, {cpu} of processor time"));
        talk.stats(&lines, &object);
    }
}

fn of_index(memory: Memory, load: Load) -> String {
    let each = memory.resident().checked_div(load.rows).unwrap_or_default();
    let parts = [memory.resident(), memory.blocks, memory.columns, memory.dictionaries, memory.tables, memory.spilled];
    let [all, blocks, columns, values, tables, spilled] = parts.map(thousands);
    let on_disk = if memory.spilled > 0 { format!("; spilled {spilled}") } else { String::new() };
    let refused = load.refused.filter(|refused| *refused > 0);
    let refused = refused.map_or_else(String::new, |refused| format!("; refused {}", count_of(refused, "row")));
    let parts = format!("events {blocks}, columns {columns}, values {values}, tables {tables}{on_disk}{refused}");
    format!("memory of the index: {all} bytes, {each} a row: {parts}")
}

/// Bytes, from `/proc/self/status`, which counts in KiB; Linux only.
fn of_process(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1_024)
}

/// Of all threads, for us and by the system on our behalf; Linux only.
fn cpu_seconds() -> Option<f64> {
    // The name before the last parenthesis may hold anything; user and system time are the 12th and 13th field behind it.
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some((ticks()? + ticks()?) as f64 / TICKS)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn linux_tells() {
        assert!(of_process("VmRSS:").is_some_and(|bytes| bytes > 1 << 20));
        assert!(of_process("VmHWM:") >= of_process("VmRSS:") && of_process("VmNone:").is_none());
        assert!(cpu_seconds().is_some_and(|seconds| seconds < 1e6));
    }
}
