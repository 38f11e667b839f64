//! The truth about use: nothing that a living process may use is called unused, and what is leaked is found all the same.
//!
//! The kernel keeps the last user of an object only. Each test is a scene of foreign programs in a world of its own,
//! where the truth is known: real processes that know an object and are idle, or that have left one behind.

mod ages;
mod cases;
mod kinds;
mod leaked;
mod limits;
mod locks;
mod messages;
mod programs;
mod servers;
mod users;

use ipcadm_testbed::{Cmd, World, ipcadm};

use crate::support::Json as _;

/// A process in a scene, as evidence names it.
struct Who<'a> {
    pid: &'a str,
    command: &'a str,
    user: &'a str,
}

impl<'a> Who<'a> {
    /// One of root.
    fn root(pid: &'a str, command: &'a str) -> Self {
        Self { pid, command, user: "root" }
    }
}

impl std::fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}, {})", self.pid, self.command, self.user)
    }
}

/// Whoever asks.
#[derive(Clone, Copy)]
struct Scene<'a> {
    world: &'a World,
    caller: Option<u32>,
}

impl<'a> Scene<'a> {
    /// Asked by root.
    fn of(world: &'a World) -> Self {
        Self { world, caller: None }
    }

    fn ipcadm(&self, args: &[&str]) -> Cmd {
        let command = ipcadm(args.iter().copied()).inside(self.world);
        match self.caller {
            Some(uid) => command.uid(uid),
            None => command,
        }
    }

    /// The state of an object, and the evidence as lines.
    #[track_caller]
    fn judged(&self, object: &str) -> (String, String) {
        let words = ["ls", "--format", "jsonl", "-o", "state,evidence", "--grace", "0", object];
        let outcome = self.ipcadm(&words).run().ok();
        let object = outcome.json();
        let lines = object["evidence"].as_array().expect("a list").iter().map(|one| {
            format!("{} [{}]", one["fact"].as_str().expect("a fact"), one["source"].as_str().expect("a source"))
        });
        (object["state"].as_str().expect("a state").to_owned(), lines.collect::<Vec<_>>().join("\n"))
    }

    /// It may be in use, and this says why: the state, the evidence, and what refuses to remove it.
    #[track_caller]
    fn may_be_used(&self, object: &str, by: &Who<'_>, because: &[&str]) {
        let (state, evidence) = self.judged(object);
        assert_eq!(state, "unknown", "{object}: {evidence}");
        let line = evidence.lines().find(|line| line.starts_with(&by.to_string()));
        let line = line.unwrap_or_else(|| panic!("{object}: {by} is not named in\n{evidence}"));
        for part in because {
            assert!(line.contains(part), "{object}: {part:?} is not in\n{line}");
        }
        self.is_kept(object, &[by.pid]);
    }

    /// It is in use in one way or another, by one of these processes.
    #[track_caller]
    fn is_used(&self, object: &str, by: &[&str]) {
        let (state, evidence) = self.judged(object);
        assert!(["active", "unknown", "idle"].contains(&&*state), "{object} is {state}: {evidence}");
        assert!(by.iter().any(|pid| names(&evidence, pid)), "{object}: none of {by:?} is named in\n{evidence}");
        self.is_kept(object, by);
    }

    /// Nothing removes it that asks first, and the refusal names one of the processes.
    #[track_caller]
    fn is_kept(&self, object: &str, by: &[&str]) {
        self.ipcadm(&["clean", "--yes", "--grace", "0", "--discard-messages"]).run().stdout_lacks("removed");
        let refused = self.ipcadm(&["rm", "--yes", "--if-unused", object]).run().status(10);
        assert!(by.iter().any(|pid| names(&refused.stderr_str(), pid)), "none of {by:?} is named\n{refused}");
        self.ipcadm(&["ls", "-q", object]).run().ok();
    }

    /// It is leaked, and goes.
    #[track_caller]
    fn is_leaked(&self, object: &str) {
        let (state, evidence) = self.judged(object);
        assert_eq!(state, "orphan", "{object}: {evidence}");
        let outcome = self.ipcadm(&["clean", "--yes", "--grace", "0", "--discard-messages"]).run().ok();
        outcome.stdout_has(&format!("removed {object}\n"));
    }

    /// A limit that is documented: somebody may use it, and that is not seen.
    #[track_caller]
    fn is_wrongly_an_orphan(&self, object: &str) {
        let (state, evidence) = self.judged(object);
        assert_eq!(state, "orphan", "better than documented: {object}: {evidence}");
    }
}

/// Whether a text names the process, with its command: "4 (perl, root)". Other numbers may be the same.
fn names(text: &str, pid: &str) -> bool {
    let starts_a_word = |at: usize| !text[..at].ends_with(|c: char| c.is_ascii_digit());
    text.match_indices(&format!("{pid} (")).any(|(at, _)| starts_a_word(at))
}
