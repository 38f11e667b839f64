//! `shm lock` and `shm unlock`: keep segments in RAM, or let them be swapped again.

use std::ffi::OsString;

use clap::Args;

use crate::commands::shared::targets;
use crate::error::{Error, Result, Status};
use crate::kind::system_v::SystemV;
use crate::object::change;
use crate::object::names::user_text;
use crate::object::reference::Resolved;
use crate::output::context::note;
use crate::output::format::FormatArgs;
use crate::output::report::{Outcome, Report, ReportOptions};
use crate::sys::Errno;

/// Keep segments in RAM
///
/// This is no mutex: a locked segment can be read and written as before, only it is never swapped out. Pages that
/// nobody has written to yet are still given memory on first use.
#[derive(Debug, Args)]
pub struct LockArgs {
    #[command(flatten)]
    common: Common,
}

/// Let segments be swapped again
///
/// Undoes 'shm lock', whoever did it. This has nothing to do with mutual exclusion.
#[derive(Debug, Args)]
pub struct UnlockArgs {
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Common {
    /// Segments; '-' reads them from standard input, also as lines of ls --format jsonl
    #[arg(value_name = "REF", required = true)]
    refs: Vec<OsString>,
    /// Say what would be changed, and change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Print no lines of success
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    format: FormatArgs,
}

pub fn run_lock(args: &LockArgs) -> Result<Status> {
    args.common.run(true)
}

pub fn run_unlock(args: &UnlockArgs) -> Result<Status> {
    args.common.run(false)
}

impl Common {
    fn run(&self, lock: bool) -> Result<Status> {
        let targets = targets::parse(&self.refs, Some(SystemV::Segment.kind()))?;
        let (looked_up, objects) = targets::look_up(&targets);
        let options = ReportOptions { format: self.format.format(), quiet: self.quiet, dry_run: self.dry_run };
        let mut report = Report::new(options, &objects)?;
        for (target, found) in looked_up {
            match found {
                Ok(Some(found)) => match targets::unchanged(target, &found.object) {
                    Ok(()) => self.one(lock, &found, &mut report),
                    Err(error) => report.failed(&found.to_string(), Some(&found.object), Outcome::Kept, &error),
                },
                Ok(None) => report.failed(&target.text(), None, Outcome::Failed, &target.absent()),
                Err(error) => report.failed(&target.text(), None, Outcome::Failed, &error),
            }
        }
        report.finish()
    }

    fn one(&self, lock: bool, found: &Resolved<'_>, report: &mut Report) {
        let (word, past) = if lock { ("lock", "locked") } else { ("unlock", "unlocked") };
        let text = &found.to_string();
        if found.object.perm.mode.is_shm_locked() == lock {
            return report.done(&found.object, Outcome::Kept, false, format!("{text}: already {past}"));
        }
        if self.dry_run {
            return report.done(&found.object, Outcome::Changed, true, format!("would {word} {text}"));
        }
        match change::set_locked(&found.object, lock) {
            Ok(after) if after.perm.mode.is_shm_locked() == lock => {
                report.done(&after, Outcome::Changed, true, format!("{past} {text}"));
            }
            Ok(after) => {
                note(&format!("{text} is made of huge pages, which are never swapped out; there is nothing to {word}"));
                report.done(&after, Outcome::Kept, false, format!("{text}: unchanged"));
            }
            Err(errno) => report.failed(text, Some(&found.object), Outcome::Failed, &refused(found, word, errno)),
        }
    }
}

fn refused(found: &Resolved<'_>, word: &str, errno: Errno) -> Error {
    let (status, remedy) = match errno {
        Errno::EPERM => {
            let owner = user_text(found.object.perm.uid);
            let remedy =
                format!("owned by {owner}; needs its owner or creator with RLIMIT_MEMLOCK above 0, or CAP_IPC_LOCK");
            (Status::Denied, Some(remedy))
        }
        Errno::ENOMEM => {
            let size = found.object.as_segment().map_or(0, |segment| segment.size);
            let remedy = format!("its {size} bytes exceed what you may lock: RLIMIT_MEMLOCK, 'ulimit -l'");
            (Status::Failed, Some(remedy))
        }
        Errno::EINVAL | Errno::EIDRM => (Status::NotFound, Some("it was removed meanwhile".to_owned())),
        errno => (Status::of(errno), None),
    };
    Error::cannot(status, &format!("{word} {}", found), errno, remedy.as_deref())
}
