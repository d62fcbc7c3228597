//! All processes of an MPI run.

use std::fmt;
use std::sync::Arc;

use mpi::Threading;
use mpi::collective::{Root, SystemOperation};
use mpi::environment::Universe;
use mpi::topology::{Communicator, SimpleCommunicator};
use parecon_planning::Collective;

use crate::Error;

/// Numbers in one message; their count must fit MPI's 32 bits.
const BLOCK: usize = 1 << 24;
/// The process that adds up.
const ROOT: i32 = 0;

/// All processes of a run, from `MPI_Init` until it is dropped.
///
/// Sums are made in one process and sent to all, so that all have the same bits and take the same decisions. They
/// depend on the number of processes, by rounding, but not on timing or on the number of threads in each.
///
/// All processes must run the same program. If one dies, MPI ends the others; a process that cannot go on must say so
/// with [`abort`](Self::abort), or be [asked by all](Self::agree): the others would wait for it forever.
pub struct World {
    /// Ends MPI when it is dropped.
    _universe: Universe,
}

impl World {
    /// Starts MPI. Call it once, first of all, from the main thread.
    ///
    /// # Errors
    /// [`Error::is_start`] if MPI has been started before, or does not allow threads.
    pub fn start() -> Result<Arc<Self>, Error> {
        // Not `Funneled`: who plans inside a thread pool calls from one of its threads.
        let (universe, threading) = mpi::initialize_with_threading(Threading::Serialized)
            .ok_or_else(|| Error::start("has been started before in this process"))?;
        if threading < Threading::Serialized {
            return Err(Error::start(format!("offers {threading:?} threads, must be at least Serialized")));
        }
        Ok(Arc::new(World { _universe: universe }))
    }

    /// Number of this process, from 0.
    #[must_use]
    pub fn rank(&self) -> usize {
        usize::try_from(SimpleCommunicator::world().rank()).unwrap_or_default()
    }

    /// Number of processes.
    #[must_use]
    pub fn size(&self) -> usize {
        usize::try_from(SimpleCommunicator::world().size()).unwrap_or(1)
    }

    /// What each process found, if all succeeded; otherwise the first failure, in all processes.
    ///
    /// For what a process does on its own, such as reading its councils. All processes must call it.
    ///
    /// # Errors
    /// [`Error::process`] says where it failed.
    pub fn agree<T, E: fmt::Display>(&self, result: Result<T, E>) -> Result<T, Error> {
        // The lowest rank that failed has the largest of these.
        let mut first = [if result.is_err() { -(self.rank() as f64) } else { f64::NEG_INFINITY }];
        self.largest(&mut first);
        let failed = -first[0] as usize;
        match result {
            Ok(value) if first[0] == f64::NEG_INFINITY => Ok(value),
            Err(error) if failed == self.rank() => {
                Err(Error::in_process(failed, self.tell(failed, &error.to_string())))
            }
            _ => Err(Error::in_process(failed, self.tell(failed, ""))),
        }
    }

    /// Whether any process says so.
    pub(crate) fn any(&self, here: bool) -> bool {
        let mut flag = [if here { 1.0 } else { 0.0 }];
        self.largest(&mut flag);
        flag[0] > 0.0
    }

    /// Ends all processes at once, with exit code 1, after saying why on standard error.
    pub fn abort(&self, reason: &dyn fmt::Display) -> ! {
        eprintln!("error: process {} of {}: {reason}", self.rank(), self.size());
        SimpleCommunicator::world().abort(1)
    }

    /// The text that process `rank` has, in all processes.
    pub(crate) fn tell(&self, rank: usize, text: &str) -> String {
        let world = SimpleCommunicator::world();
        let root = world.process_at_rank(i32::try_from(rank).unwrap_or(ROOT));
        let mut length = text.len() as u64;
        root.broadcast_into(&mut length);
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(usize::try_from(length).unwrap_or_default(), 0);
        for block in bytes.chunks_mut(BLOCK) {
            root.broadcast_into(block);
        }
        String::from_utf8(bytes).unwrap_or_default()
    }

    fn combine(&self, values: &mut [f64], operation: SystemOperation) {
        let world = SimpleCommunicator::world();
        let root = world.process_at_rank(ROOT);
        let mut total = Vec::new();
        for block in values.chunks_mut(BLOCK) {
            if world.rank() == ROOT {
                total.resize(block.len(), 0.0);
                root.reduce_into_root(&*block, &mut total[..], operation);
                block.copy_from_slice(&total);
            } else {
                root.reduce_into(&*block, operation);
            }
            root.broadcast_into(block);
        }
    }
}

impl Collective for World {
    fn sum(&self, values: &mut [f64]) {
        self.combine(values, SystemOperation::sum());
    }

    fn largest(&self, values: &mut [f64]) {
        self.combine(values, SystemOperation::max());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Others wait for this process's next message: finishing MPI would wait for them.
        if std::thread::panicking() {
            self.abort(&"panicked");
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("rank", &self.rank()).field("size", &self.size()).finish()
    }
}
