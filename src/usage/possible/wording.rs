//! Possible users in words.

use crate::kind::model::{Kind, Object};
use crate::kind::recorded::Activity;
use crate::kind::system_v::SystemV;
use crate::proc::permission::LetIn;
use crate::sys::accounts;
use crate::usage::evidence::{fact, span};
use crate::usage::possible::able::Able;
use crate::usage::possible::answer::{Candidate, MayKnow};
use crate::usage::possible::there::There;
use crate::usage::process::Process;
use crate::usage::state::Evidence;

/// The most candidates that are told of one by one; of more, the first two are and the others are counted.
const MOST_TOLD: u64 = 3;

/// The calls that use an object of a kind.
pub(super) const fn call(kind: Kind) -> &'static str {
    match kind.system_v() {
        Some(SystemV::Segment) => "shmat",
        Some(SystemV::Set) => "semop",
        Some(SystemV::Queue) => "msgsnd or msgrcv",
        None => "what uses it",
    }
}

/// `4 (apache2, root)`
fn name(process: &Process) -> String {
    let user = process.uid.map(|uid| accounts::user_name(uid).unwrap_or_else(|| uid.to_string()));
    match (process.command.as_str(), user) {
        ("", None) => process.pid.to_string(),
        ("", Some(user)) => format!("{} ({user})", process.pid),
        (command, None) => format!("{} ({command})", process.pid),
        (command, Some(user)) => format!("{} ({command}, {user})", process.pid),
    }
}

impl MayKnow {
    /// Why it cannot be said that nobody uses the object, the most telling fact first; nothing where that can be said.
    pub(in crate::usage) fn evidence(&self, object: &Object, last: &Activity) -> Vec<Evidence> {
        if let Some(why) = &self.unseen {
            return vec![fact(format!("living processes may know it unseen: {why}"), "/proc")];
        }
        let told = if self.number > MOST_TOLD { 2 } else { MOST_TOLD as usize };
        let each = self.candidates.iter().take(told).map(|candidate| candidate.evidence(object, last));
        let summary =
            self.candidates.first().filter(|_| self.number > MOST_TOLD).map(|first| {
                fact(format!("{} and {} more may know it", name(&first.process), self.number - 1), "/proc")
            });
        summary.into_iter().chain(each).collect()
    }

    /// Those who are not set aside.
    fn others(&self) -> &'static str {
        if self.set_aside.is_empty() { "them" } else { "the others" }
    }

    /// The evidence that nobody may use it.
    pub(in crate::usage) fn asked(&self, kind: Kind) -> Evidence {
        let call = call(kind);
        let aside: u64 = self.set_aside.values().sum();
        let there = match self.in_question {
            0 => "none was there and is let in".to_owned(),
            1 if aside == 0 => format!("1 was there and is let in; it cannot call {call}"),
            1 => "1 was there and is let in".to_owned(),
            many => format!("{many} were there and are let in; none of {} can call {call}", self.others()),
        };
        let names: Vec<&str> = self.set_aside.keys().map(String::as_str).collect();
        let aside =
            if aside == 0 { String::new() } else { format!("; {aside} set aside: {} (bystanders)", names.join(", ")) };
        let source = if self.in_question == 0 { "/proc/PID/stat, /proc/PID/status" } else { "/proc/PID/maps" };
        fact(format!("of {} living processes {there}{aside}", self.living), source)
    }
}

impl Candidate {
    /// What it runs and as whom: `apache2 (root)`.
    pub fn program(&self) -> String {
        let Process { pid, command, uid, .. } = &self.process;
        let command = if command.is_empty() { pid.to_string() } else { command.clone() };
        match uid {
            Some(uid) => format!("{command} ({})", accounts::user_name(*uid).unwrap_or_else(|| uid.to_string())),
            None => command,
        }
    }

    /// What it may do with an object of a kind, in a few words: `may know it: libapr-1.so.0 can call semop`.
    pub fn words(&self, kind: Kind) -> String {
        let call = call(kind);
        let able = match &self.able {
            Able::Imports(file) => format!("{file} can call {call}"),
            Able::Static => format!("its code calls {call}"),
            Able::ForeignFunctions(file) => format!("{file} can call anything"),
            Able::Undo => "it may hold a semaphore".to_owned(),
            Able::Arguments => "it is an ipcadm that was told of it".to_owned(),
            Able::Environment => "ipcadm sem run started it".to_owned(),
            Able::Unexaminable(_) => "what it calls cannot be seen".to_owned(),
        };
        format!("may know it: {able}")
    }

    /// `was running when it was last used, is let in as its creator, and its libapr-1.so.0 can call semop`, with the
    /// process in front.
    fn evidence(&self, object: &Object, last: &Activity) -> Evidence {
        let Self { process, there, let_in, able } = self;
        let pid = process.pid;
        match able {
            Able::Undo => {
                let text = "gives back what it took from semaphores when it ends: it may hold one";
                return fact(format!("{} {text}", name(process)), "kcmp(2)");
            }
            Able::Arguments => {
                let command = if object.is_set() { "sem run" } else { "msg recv or send" };
                let text = format!("was told of it: ipcadm {command} {}", object.id);
                return fact(format!("{} {text}", name(process)), format!("/proc/{pid}/cmdline"));
            }
            Able::Environment => {
                let text = format!("was started by ipcadm sem run {}", object.id);
                return fact(format!("{} {text}", name(process)), format!("/proc/{pid}/environ"));
            }
            _ => {}
        }
        let used = if last.field == "ctime" { "made or last changed" } else { "last used" };
        let (there, there_source) = match there {
            There::Running => (format!("was running when it was {used}"), format!("/proc/{pid}/stat, {}", last.field)),
            There::Service(unit) => {
                (format!("belongs to {unit}, which was running when it was {used}"), "/run/systemd/units".to_owned())
            }
            There::Session(of) => {
                (format!("belongs to the session of its last user {of}"), format!("/proc/{pid}/stat"))
            }
            There::Group(of) => {
                (format!("belongs to the process group of its last user {of}"), format!("/proc/{pid}/stat"))
            }
            There::SoonAfter(seconds) => (
                format!("was started {} after it was {used}", span(*seconds)),
                format!("/proc/{pid}/stat, {}", last.field),
            ),
            There::ByKey => (format!("may look it up by its key {}", object.perm.key), "key".to_owned()),
            There::Unknown => ("may have been running when it was last used".to_owned(), format!("/proc/{pid}/stat")),
        };
        let let_in = match let_in {
            LetIn::Creator => "is let in as its creator",
            LetIn::Owner => "is let in as its owner",
            LetIn::Group => "is let in by its group",
            LetIn::Other => "is let in as anybody",
            LetIn::Unseen => "may be let in",
        };
        let call = call(object.kind());
        let able = match able {
            Able::Imports(file) => format!("its {file} can call {call}"),
            Able::Static => format!("its code calls {call}"),
            Able::ForeignFunctions(file) => format!("its {file} can call anything"),
            Able::Unexaminable(why) => why.clone(),
            Able::Undo | Able::Arguments | Able::Environment => String::new(),
        };
        let text = format!("{} {there}, {let_in}, and {able}", name(process));
        fact(text, format!("{there_source}; /proc/{pid}/status, mode; /proc/{pid}/maps"))
    }
}
