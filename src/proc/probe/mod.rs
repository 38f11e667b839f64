//! Looking into other processes where it can do no harm: in a child that is given up when it gets stuck.
//!
//! Most files of `/proc/PID` make their reader wait for locks that the process holds, and a user can have his own process
//! hold them for as long as he likes. So all that is found out about other processes is found out by a probe, and sent
//! back. Where a probe does not go on, it is killed or abandoned, and another does it all again, which leaves alone what
//! did not answer: for that nothing is known then, as where permission is denied.

mod silent;

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::silent::What;
use self::silent::{Reason, Waits, silent};
use crate::sys::process::probe::{self, Probe as Child, Step};
pub use crate::sys::process::probe::{is_inside, program};

/// How long a process, or all processes of a user together, may keep a probe waiting; and how long once one has done so.
const PATIENCE: Duration = Duration::from_secs(2);
const LESS_PATIENCE: Duration = Duration::from_millis(250);
/// How often the progress of a probe is checked.
const TICK: Duration = Duration::from_millis(20);

/// From now on it is an error of this program to read anything outside of a probe that may have to be waited for.
pub fn require() {
    IS_REQUIRED.store(true, Ordering::Relaxed);
}

static IS_REQUIRED: AtomicBool = AtomicBool::new(false);

/// From now on this process waits for whomever it looks into, because its caller has asked for just that.
pub fn wait_as_asked() {
    IS_REQUIRED.store(false, Ordering::Relaxed);
}

/// Notes that what is done now has to do with no process, however long it takes: with a disk or a directory of accounts.
pub fn begin_elsewhere() {
    probe::note(0, What::Nothing as u32);
}

/// Notes that `what` of a process is about to be read.
///
/// # Errors
/// `TimedOut` when the process did not answer before.
pub fn begin(pid: u32, what: What) -> io::Result<()> {
    let is_safe = is_inside() || what == What::Nothing || pid == std::process::id() || silent().all.is_some();
    debug_assert!(is_safe || !IS_REQUIRED.load(Ordering::Relaxed), "process {pid} is looked into outside of a probe");
    let mut silent = silent();
    if silent.has(pid, what) {
        return Err(match silent.all {
            Some(Reason::NoProbe) => io::Error::other("no process can be started that looks into it"),
            _ => io::Error::new(io::ErrorKind::TimedOut, "it does not answer"),
        });
    }
    drop(silent);
    probe::note(pid, what as u32);
    Ok(())
}

/// Whether a process did not answer, so that it was looked into no further.
pub fn is_silent(pid: u32) -> bool {
    let mut silent = silent();
    silent.all != Some(Reason::NoProbe) && silent.has(pid, What::Facts)
}

/// Why a process was not looked into: a verb and what belongs to it.
pub fn why_unseen(pid: u32) -> &'static str {
    if is_silent(pid) { "does not answer" } else { "may not be looked into" }
}

/// From now on this process is its own probe. For tests that count what is done.
pub fn look_from_here() {
    IS_HERE.store(true, Ordering::Relaxed);
}

static IS_HERE: AtomicBool = AtomicBool::new(false);

/// Finds out something about other processes. `look` is to change nothing: it may be done several times.
pub fn run<T: Serialize + DeserializeOwned>(look: impl Fn() -> T) -> T {
    if is_inside() || IS_HERE.load(Ordering::Relaxed) {
        return look();
    }
    let mut probe = Probe::new(|()| look());
    loop {
        match probe.ask(&(), None) {
            Ok(answer) => return answer,
            Err(Failure::Silent(_)) => {}
            // There is no room for another process. What may hang is not looked at then.
            Err(Failure::NoProbe | Failure::Late) => {
                silent().all.get_or_insert(Reason::NoProbe);
                return look();
            }
        }
    }
}

/// How long an answer may take.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// For one file that has to be waited for.
    pub one: Duration,
    pub all: Duration,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It would have taken too long, and no process is to blame.
    Late,
    /// This process did not answer in time; the next time it will not be asked.
    Silent(u32),
    /// There is no room for another process, or it cannot be reached.
    NoProbe,
}

/// A probe that answers one question after the other. It is started when the first comes, and anew when one has got
/// stuck.
pub struct Probe<'a, Q, A> {
    child: Option<Child>,
    answer: Box<dyn FnMut(Q) -> A + 'a>,
}

impl<'a, Q: Serialize + DeserializeOwned, A: Serialize + DeserializeOwned> Probe<'a, Q, A> {
    /// A probe that answers so. What `answer` changes is seen by later questions to the same child alone.
    pub fn new(answer: impl FnMut(Q) -> A + 'a) -> Self {
        Self { child: None, answer: Box::new(answer) }
    }

    /// Whether there is a child that has been asked before.
    pub fn is_started(&self) -> bool {
        self.child.is_some()
    }

    /// Asks; how long the answer may take is told by `limit`, or else by how long one file may.
    ///
    /// # Errors
    /// When there is no answer. The child has been given up then.
    pub fn ask(&mut self, question: &Q, limit: Option<Limit>) -> Result<A, Failure> {
        let Self { child, answer } = self;
        if IS_HERE.load(Ordering::Relaxed) {
            let copy = postcard::to_allocvec(question).and_then(|bytes| postcard::from_bytes(&bytes));
            return copy.map(answer).map_err(|_| Failure::NoProbe);
        }
        if child.is_none() {
            let serve = |socket| serve(socket, answer);
            *child = Some(Child::start(serve).map_err(|_| Failure::NoProbe)?);
        }
        let Some(asked) = child.as_mut() else { return Err(Failure::NoProbe) };
        let result = exchange(asked, question, limit);
        if result.is_err() {
            *child = None;
        }
        result
    }
}

/// Asks a child, and waits for its answer for as long as it goes on and `limit` allows.
fn exchange<Q: Serialize, A: DeserializeOwned>(
    child: &mut Child,
    question: &Q,
    limit: Option<Limit>,
) -> Result<A, Failure> {
    let patience = match limit {
        Some(limit) => limit.one,
        None if silent().is_nobody() => PATIENCE,
        None => LESS_PATIENCE,
    };
    send(&mut child.socket, question).map_err(|_| Failure::NoProbe)?;
    let began = Instant::now();
    let mut since = began;
    let mut waits = Waits::default();
    while !child.wait(TICK).map_err(|_| Failure::NoProbe)? {
        let Step { pid, what, .. } = child.step();
        let passed = since.elapsed();
        since = Instant::now();
        let is_kept_waiting = pid != 0 && child.is_waiting();
        let mut blame = if is_kept_waiting { waits.add(pid, What::of(what), passed, patience) } else { None };
        let is_late = limit.is_some_and(|limit| began.elapsed() >= limit.all);
        if is_late {
            blame = blame.or_else(|| waits.slowest());
        }
        if is_late || blame.is_some() {
            // If it is no news, the next look would be kept waiting as long.
            let news = blame.filter(|blame| blame.is_news);
            return Err(news.map_or(Failure::Late, |blame| Failure::Silent(blame.pid)));
        }
    }
    receive(&mut child.socket).map_err(|_| Failure::NoProbe)
}

fn serve<Q: DeserializeOwned, A: Serialize>(mut socket: UnixStream, answer: &mut dyn FnMut(Q) -> A) {
    while let Ok(question) = receive(&mut socket) {
        if send(&mut socket, &answer(question)).is_err() {
            return;
        }
    }
}

fn send(socket: &mut UnixStream, message: &impl Serialize) -> io::Result<()> {
    let bytes = postcard::to_allocvec(message).map_err(io::Error::other)?;
    socket.write_all(&(bytes.len() as u64).to_ne_bytes())?;
    socket.write_all(&bytes)
}

fn receive<T: DeserializeOwned>(socket: &mut UnixStream) -> io::Result<T> {
    let mut length = [0; 8];
    socket.read_exact(&mut length)?;
    let mut bytes = Vec::new();
    let length = u64::from_ne_bytes(length);
    if socket.take(length).read_to_end(&mut bytes)? as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    postcard::from_bytes(&bytes).map_err(io::Error::other)
}
