//! Councils' processes and the lines that go to and come from them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use parecon::planning::{CouncilId, Message};

use crate::args::Args;

/// What came from a council.
pub(crate) enum Heard {
    Line(CouncilId, String),
    /// Its process has ended or cannot be read.
    Gone(CouncilId),
    /// Nobody said anything in time.
    Silence,
}

/// The processes of all councils but the one that a person speaks for.
pub(crate) struct Pipes {
    children: BTreeMap<CouncilId, Child>,
    inputs: BTreeMap<CouncilId, ChildStdin>,
    heard: Receiver<Heard>,
    sender: Sender<Heard>,
}

impl Pipes {
    pub(crate) fn new() -> Self {
        let (sender, heard) = channel();
        Pipes { children: BTreeMap::new(), inputs: BTreeMap::new(), heard, sender }
    }

    /// Starts this program again as a council.
    pub(crate) fn start(&mut self, args: &Args, council: CouncilId, die_in: Option<usize>) -> Result<()> {
        let program = std::env::current_exe().context("finding this program")?;
        let mut command = Command::new(program);
        command.arg("--serve").arg(match council {
            CouncilId::Worker(w) => format!("worker:{w}"),
            CouncilId::Consumer(c) => format!("consumer:{c}"),
        });
        if let Some(path) = &args.economy {
            command.arg("--economy").arg(path);
        }
        if let Some(round) = die_in {
            command.arg("--die-in").arg(round.to_string());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("starting the process of {council}"))?;
        if let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) {
            self.inputs.insert(council, input);
            let sender = self.sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(output).lines() {
                    let Ok(line) = line else { break };
                    if sender.send(Heard::Line(council, line)).is_err() {
                        return;
                    }
                }
                // If nobody listens any more, nobody needs to know.
                let _ = sender.send(Heard::Gone(council));
            });
        }
        self.children.insert(council, child);
        Ok(())
    }

    /// Whether a council's process can still be talked to.
    pub(crate) fn is_there(&self, council: CouncilId) -> bool {
        self.inputs.contains_key(&council)
    }

    /// Says something to one council. If it cannot be reached, it is gone, which its reader will notice.
    pub(crate) fn tell(&mut self, council: CouncilId, message: &Message) -> Result<()> {
        let line = message.to_line()?;
        if let Some(input) = self.inputs.get_mut(&council)
            && writeln!(input, "{line}").and_then(|()| input.flush()).is_err()
        {
            self.inputs.remove(&council);
        }
        Ok(())
    }

    /// Says something to all.
    pub(crate) fn tell_all(&mut self, message: &Message) -> Result<()> {
        let all: Vec<CouncilId> = self.inputs.keys().copied().collect();
        all.into_iter().try_for_each(|council| self.tell(council, message))
    }

    /// Waits for what comes next, until the deadline if there is one.
    pub(crate) fn listen(&mut self, deadline: Option<Instant>) -> Heard {
        let heard = match deadline {
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                self.heard.recv_timeout(left).or_else(|e| match e {
                    RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected => Ok(Heard::Silence),
                })
            }
            None => self.heard.recv().map_err(|_| ()),
        };
        let heard = heard.unwrap_or(Heard::Silence);
        if let Heard::Gone(council) = heard {
            self.inputs.remove(&council);
        }
        heard
    }
}

impl Drop for Pipes {
    /// Leaves no process behind: whoever does not end when its input ends is ended.
    fn drop(&mut self) {
        self.inputs.clear();
        let deadline = Instant::now() + Duration::from_secs(2);
        for child in self.children.values_mut() {
            while Instant::now() < deadline && matches!(child.try_wait(), Ok(None)) {
                thread::sleep(Duration::from_millis(5));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
