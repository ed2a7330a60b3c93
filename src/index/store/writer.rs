//! The writer's side of the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pack::{Block, Event, PackCell, PackState, Plain};
use super::primer::Primers;
use super::spill::{SpillFile, temporary};
use super::training::{ENOUGH, Training, train};
use super::unpack::Unpacker;
use super::view::Blocks;
use super::workers::{Done, Job, Packer, Workers};
use super::{Ordinal, PACK_BLOCKS, SpillError, StoreMemory, StoreOptions};
use crate::index::appended::Appender;

/// What is counted as it changes.
#[derive(Default)]
struct Accounts {
    raw: u64,
    packed_raw: u64,
    packed: u64,
    spilled: u64,
    /// Held by blocks that wait to be packed, the open one included.
    plain: usize,
    /// Held by packed blocks that wait for their pack.
    loose: usize,
    /// Held by packs.
    packs: usize,
}

/// See the room's own description.
pub struct Store {
    options: StoreOptions,
    packs: Appender<PackCell>,
    primers: Arc<Primers>,
    len: u32,
    open: Arc<Block>,
    /// Packed blocks of each pack that is not complete.
    incomplete: BTreeMap<u32, u32>,
    workers: Option<Workers>,
    packer: Option<Packer>,
    training: Option<Training>,
    unpacker: Unpacker,
    file: Option<SpillFile>,
    /// Packs before this one are in the file.
    next_to_spill: u32,
    accounts: Accounts,
}

impl Store {
    pub fn new(options: StoreOptions) -> Self {
        Self {
            options,
            packs: Appender::new(),
            primers: Arc::default(),
            len: 0,
            open: Arc::new(Block::Plain(Plain::new())),
            incomplete: BTreeMap::new(),
            workers: None,
            packer: None,
            training: None,
            unpacker: Unpacker::new(),
            file: None,
            next_to_spill: 0,
            accounts: Accounts::default(),
        }
    }

    /// The ordinal that the next event gets.
    pub fn next(&self) -> Ordinal {
        Ordinal(self.len)
    }

    /// Keeps an event's bytes, and its digest beside them.
    pub fn push(&mut self, bytes: &[u8], digest: u64) {
        let at = self.next();
        if at.slot() == 0 {
            self.begin_block(at);
        }
        let event = Event::new(bytes);
        self.accounts.raw += bytes.len() as u64;
        self.accounts.plain += event.held();
        if let (Some(cell), Some(open)) = (self.packs.list().get(at.pack()), self.open.plain()) {
            cell.set_digest(at, digest);
            open.set(at.slot(), event);
        }
        self.len += 1;
        if self.next().slot() == 0 {
            self.end_block(at.block());
        }
    }

    /// 0 when there is no such event.
    pub fn digest(&self, at: Ordinal) -> u64 {
        if at.0 >= self.len {
            return 0;
        }
        self.packs.list().get(at.pack()).map_or(0, |cell| cell.digest(at))
    }

    /// Any event pushed so far.
    pub fn read(&mut self, at: Ordinal) -> Option<&[u8]> {
        let blocks = self.blocks();
        self.unpacker.read(&blocks, at)
    }

    /// All events pushed so far. Takes the same however many there are.
    pub fn blocks(&mut self) -> Blocks {
        Blocks { packs: self.packs.list().clone(), primers: Arc::clone(&self.primers), len: self.len }
    }

    pub fn memory(&self) -> StoreMemory {
        let Accounts { raw, packed_raw, packed, spilled, plain, loose, packs } = self.accounts;
        let cells = self.packs.list().bytes() + self.packs.list().len() as usize * PackCell::BYTES;
        let threads = self.workers.as_ref().map_or(0, Workers::bytes) + self.packer.as_ref().map_or(0, Packer::bytes);
        let held = plain + loose + packs + cells + threads + self.primers.bytes() + self.unpacker.bytes();
        StoreMemory { raw, resident: held as u64, spilled, packed_raw, packed }
    }

    /// Moves packs to a temporary file, oldest first, until no more than `target_resident` bytes are in memory or nothing
    /// is left to move. What could not be moved stays where it was.
    pub fn spill(&mut self, target_resident: u64) -> Result<(), SpillError> {
        while self.memory().resident > target_resident {
            if !self.spill_next()? {
                break;
            }
        }
        Ok(())
    }

    pub fn options(&self) -> &StoreOptions {
        &self.options
    }

    /// Waits for the blocks that are being packed, and gives back what packing and unpacking took.
    pub fn settle(&mut self) {
        while let Some(done) = self.workers.as_mut().and_then(Workers::wait) {
            self.take(done);
        }
        self.adopt_trained();
        self.workers = None;
        self.packer = None;
        self.unpacker = Unpacker::new();
    }

    fn begin_block(&mut self, at: Ordinal) {
        if at.slot_in_pack() == 0 {
            self.packs.push(PackCell::new());
            self.incomplete.insert(at.pack(), 0);
        }
        self.open = Arc::new(Block::Plain(Plain::new()));
        self.accounts.plain += Plain::BYTES;
        self.put(at.block(), Arc::clone(&self.open));
    }

    fn end_block(&mut self, number: u32) {
        self.take_done();
        let job = Job { number, block: Arc::clone(&self.open), primers: Arc::clone(&self.primers) };
        if let Some(job) = self.hand_over(job) {
            let done = self.packer.get_or_insert_with(Packer::new).pack(&job);
            self.take(done);
        }
        self.consider_training(number);
    }

    /// Gives a block to the workers; gives it back when they have enough to do, or there are none.
    fn hand_over(&mut self, job: Job) -> Option<Job> {
        if self.workers.is_none() && self.options.workers > 0 {
            self.workers = Workers::start(self.options.workers);
        }
        match &mut self.workers {
            Some(workers) => workers.offer(job),
            None => Some(job),
        }
    }

    fn take_done(&mut self) {
        while let Some(done) = self.workers.as_mut().and_then(Workers::try_done) {
            self.take(done);
        }
    }

    /// Puts a packed block in the place of what it was.
    fn take(&mut self, done: Done) {
        let Done { number, packed: Some(packed) } = done else { return };
        let Some(before) = self.block(number) else { return };
        let Some(plain) = before.plain() else { return };
        self.accounts.plain -= plain.held();
        self.accounts.packed_raw += plain.raw();
        self.accounts.loose += packed.held();
        self.accounts.packed += packed.stored() as u64;
        self.put(number, Arc::new(Block::Packed(packed)));
        let pack = number / PACK_BLOCKS;
        let packed = self.incomplete.entry(pack).or_insert(0);
        *packed += 1;
        if *packed == PACK_BLOCKS {
            self.complete(pack);
        }
    }

    fn complete(&mut self, pack: u32) {
        self.incomplete.remove(&pack);
        let Some(cell) = self.packs.list().get(pack) else { return };
        let Some((whole, loose)) = cell.gather() else { return };
        self.accounts.loose -= loose;
        self.accounts.packs += whole.held();
        cell.set_pack(whole);
    }

    fn put(&self, number: u32, block: Arc<Block>) {
        if let Some(cell) = self.packs.list().get(number / PACK_BLOCKS) {
            cell.set_block((number % PACK_BLOCKS) as usize, block);
        }
    }

    fn block(&self, number: u32) -> Option<Arc<Block>> {
        self.packs.list().get(number / PACK_BLOCKS)?.block((number % PACK_BLOCKS) as usize)
    }

    /// Whether there was one to move.
    fn spill_next(&mut self) -> Result<bool, SpillError> {
        let Some(cell) = self.packs.list().get(self.next_to_spill) else { return Ok(false) };
        let state = cell.state();
        let PackState::Packed(pack) = &**state else { return Ok(false) };
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(SpillFile::new(temporary(self.options.directory.as_deref())?)),
        };
        let start = file.end();
        let moved = pack.moved(|bytes| file.put(bytes)).inspect_err(|_| file.cut(start))?;
        self.accounts.packs = self.accounts.packs + moved.held() - pack.held();
        self.accounts.spilled += file.end() - start;
        cell.set_pack(moved);
        self.next_to_spill += 1;
        Ok(true)
    }

    fn consider_training(&mut self, full: u32) {
        self.adopt_trained();
        if !self.options.train || full + 1 != ENOUGH {
            return;
        }
        let blocks = self.blocks();
        if self.options.workers > 0 {
            self.training = Training::start(blocks);
        } else if let Some(trained) = train(&blocks) {
            self.primers.adopt(trained);
        }
    }

    /// Packs with the trained primer from now on, if there is one by now.
    fn adopt_trained(&mut self) {
        let Some(Ok(trained)) = self.training.as_ref().map(Training::poll) else { return };
        self.training = None;
        if let Some(trained) = trained {
            self.primers.adopt(trained);
        }
    }

    /// Spills to this from now on.
    #[cfg(test)]
    pub(super) fn spill_to(&mut self, file: SpillFile) {
        self.file = Some(file);
    }
}
