//! The attack of the demo: a stolen key, step by step, in the last minutes before the epoch.

use std::io;

use chrono::{DateTime, NaiveTime, Timelike, Utc};
use serde::Deserialize;

use super::background::{HOUR, Phase, Sketch, What, lag};
use super::cast::Cast;
use super::catalogue::Catalogue;
use super::seed::{self, Stream};
use super::tenancy::{Cell, Tenancy};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    actor: String,
    ip: String,
    key: String,
    browser: String,
    agent: String,
    step: Vec<Step>,
}

/// One call or a row of them; the texts in `payload` to `details` are JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Before the epoch.
    at: String,
    #[serde(default = "once")]
    repeat: usize,
    /// Milliseconds between repetitions.
    #[serde(default)]
    every: i64,
    #[serde(default)]
    by: By,
    calls: Vec<String>,
    source: Option<String>,
    region: String,
    compartment: String,
    #[serde(default)]
    statuses: Vec<u16>,
    pub resource: Option<String>,
    pub resource_type: Option<String>,
    pub path: Option<String>,
    pub message: Option<String>,
    pub payload: Option<String>,
    pub previous: Option<String>,
    pub current: Option<String>,
    pub details: Option<String>,
    /// A service that makes the call for the actor.
    pub acting: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    Browser,
    #[default]
    Key,
}

fn once() -> usize {
    1
}

/// One event of the story.
#[derive(Debug)]
pub struct Scene {
    pub cell: Cell,
    pub action: usize,
    pub phase: Phase,
    pub status: u16,
    pub by: By,
    /// Shared by the records of one operation.
    pub group: u64,
    step: usize,
    sketch: Sketch,
}

/// The story, ready to be told.
#[derive(Debug)]
pub struct Told {
    pub actor: usize,
    pub ip: String,
    pub key: String,
    pub browser: String,
    pub agent: String,
    steps: Vec<Step>,
    scenes: Vec<Scene>,
}

impl Told {
    /// The stolen key, in `tenancy` before `epoch`. Steps in places that the tenancy does not have are left out.
    pub fn stolen_key(
        seed: u64,
        tenancy: &Tenancy,
        cast: &Cast,
        catalogue: &Catalogue,
        epoch: DateTime<Utc>,
    ) -> io::Result<Self> {
        let text = include_str!("../../assets/fake_oci/stolen-key.toml");
        let file: File = toml::from_str(text).map_err(io::Error::other)?;
        let mut scenes = Vec::new();
        for (at, step) in file.step.iter().enumerate() {
            let start = epoch.timestamp_millis() - before(&step.at)?;
            let (Some(region), Some(compartment)) = (tenancy.region(&step.region), place(tenancy, &step.compartment))
            else {
                continue;
            };
            let cell = Cell { region, compartment };
            for turn in 0..step.repeat {
                let time = start + step.every * turn as i64;
                scenes.extend(play(seed, catalogue, (at, step), turn, time, cell)?);
            }
        }
        for (at, scene) in scenes.iter_mut().enumerate() {
            scene.sketch.what = What::Story(at);
        }
        let actor = cast.find(&file.actor).ok_or_else(|| io::Error::other("the story's actor is not in the cast"))?;
        Ok(Self {
            actor,
            ip: file.ip,
            key: file.key,
            browser: file.browser,
            agent: file.agent,
            steps: file.step,
            scenes,
        })
    }

    pub fn scene(&self, at: usize) -> Option<(&Scene, &Step)> {
        let scene = self.scenes.get(at)?;
        Some((scene, self.steps.get(scene.step)?))
    }

    pub fn sketches(&self, cell: Cell, hour: i64) -> impl Iterator<Item = Sketch> + '_ {
        let here = move |scene: &&Scene| scene.cell == cell && scene.sketch.time.div_euclid(HOUR) == hour;
        self.scenes.iter().filter(here).map(|scene| scene.sketch)
    }
}

fn place(tenancy: &Tenancy, path: &str) -> Option<usize> {
    tenancy.compartments.iter().position(|compartment| compartment.path == path)
}

/// The scenes of one turn of a step: one, or two for an operation with a begin and an end.
fn play(
    seed: u64,
    catalogue: &Catalogue,
    (at, step): (usize, &Step),
    turn: usize,
    time: i64,
    cell: Cell,
) -> io::Result<Vec<Scene>> {
    let in_turn = |len: usize| turn % len.max(1);
    let call = step.calls.get(in_turn(step.calls.len())).map_or("", String::as_str);
    let action = catalogue
        .find(call, step.source.as_deref())
        .ok_or_else(|| io::Error::other(format!("the story calls `{call}`, which is not in the catalogue")))?;
    let status = step.statuses.get(in_turn(step.statuses.len())).copied().unwrap_or(200);
    let group = seed::mix(&[seed, at as u64, turn as u64, seed::text("story")]);
    let mut stream = Stream::new(group);
    let mut scene = |phase, time| {
        let processed = time + lag(&mut stream).min(60_000);
        let id = stream.number();
        let sketch = Sketch { time, processed, visible: processed, id, what: What::Story(0) };
        Scene { cell, action, phase, status, by: step.by, group, step: at, sketch }
    };
    Ok(match catalogue.action(action) {
        Some(action) if action.phases => vec![scene(Phase::Begin, time), scene(Phase::End, time + 48_000)],
        _ => vec![scene(Phase::Whole, time)],
    })
}

/// `HH:MM:SS` as milliseconds.
fn before(text: &str) -> io::Result<i64> {
    let time = NaiveTime::parse_from_str(text, "%H:%M:%S").map_err(io::Error::other)?;
    Ok(i64::from(time.num_seconds_from_midnight()) * 1000)
}
