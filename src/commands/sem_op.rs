//! `sem op` and `sem wait-zero`.

use std::ffi::OsString;

use clap::Args;

use crate::commands::shared::targets;
use crate::commands::shared::wait::WaitArgs;
use crate::error::{Error, Result, Status};
use crate::output::context::verbose;
use crate::set::{Operation, Range, Request};

/// Do several operations on semaphores at one moment
///
/// OP is INDEX-N to take, INDEX+N to give, or INDEX=0 to wait for zero; A:B stands for several semaphores; with 'n'
/// behind, an operation fails instead of waiting. All are done at one moment, or none. Nothing takes them back:
/// 'ipcadm sem run' holds a semaphore for as long as a program runs.
#[derive(Debug, Args)]
pub struct SemOpArgs {
    /// Semaphore set
    #[arg(value_name = "REF")]
    reference: OsString,
    /// What is to be done: 0-1, 2+3, 0:3=0, 1-1n
    #[arg(value_name = "OP", required = true, value_parser = Operation::parse)]
    operations: Vec<Operation>,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Wait until semaphores are zero
#[derive(Debug, Args)]
pub struct SemWaitZeroArgs {
    /// Semaphore set
    #[arg(value_name = "REF")]
    reference: OsString,
    /// Semaphores, by number: 0, or 0:3
    #[arg(value_name = "INDEX", required = true, value_parser = Range::parse)]
    semaphores: Vec<Range>,
    #[command(flatten)]
    wait: WaitArgs,
}

/// Does the operations.
///
/// # Errors
/// As `Request::perform`.
pub fn run(args: &SemOpArgs) -> Result<Status> {
    perform(&args.reference, &args.operations, args.wait)
}

/// Waits for zero.
///
/// # Errors
/// As `Request::perform`.
pub fn run_wait_zero(args: &SemWaitZeroArgs) -> Result<Status> {
    let zero =
        |range: &Range| Operation::wait_zero(*range).map_err(|bad| Error::Usage(format!("semaphore {range}: {bad}")));
    let operations = args.semaphores.iter().map(zero).collect::<Result<Vec<Operation>>>()?;
    perform(&args.reference, &operations, args.wait)
}

fn perform(reference: &OsString, operations: &[Operation], wait: WaitArgs) -> Result<Status> {
    let reference = targets::set(reference)?;
    let set = reference.resolve()?;
    let waited = Request { operations, wait: wait.wait() }.perform(&set);
    if let Ok(waited) = waited {
        verbose(|| format!("done on {} after {:.6} s", set, waited.as_secs_f64()));
    }
    wait.outcome(waited)
}
