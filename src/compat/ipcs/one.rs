//! `-i`: everything about one object.
//!
//! What the mode of an object keeps from the caller is left out and said, and the rest shown: only the values of
//! semaphores are ever secret. util-linux gives up there, and shows the capacity of such a queue as 0.

use std::process::ExitCode;

use super::{Unit, push_size};
use crate::compat::Tool;
use crate::compat::common::{Failed, say};
use crate::compat::out::Out;
use crate::compat::text::{pad, push_left_i64, push_left_u64, push_octal_marked};
use crate::compat::times::push_ctime;
use crate::kind::model::{Detail, Object, ObjectId, Queue, Segment, Set};
use crate::object::inventory;
use crate::object::semaphores::{Budget, Semaphore, semaphores};
use crate::render::units::{push_i64, push_u64};
use crate::sys::{Errno, Timestamp};

/// Shows an object. It is a failure when there is none, or some of it may not be read.
pub(super) fn show(out: &mut Out, id: ObjectId, unit: Unit) -> ExitCode {
    let object = match inventory::look(id) {
        Ok(Some(object)) => object,
        Ok(None) => return not_found(id),
        Err(errno) => {
            say(Tool::Ipcs, Failed(&format!("id {} cannot be looked at", id.sysv()), errno));
            return ExitCode::FAILURE;
        }
    };
    let text = &mut out.text;
    match &object.detail {
        Detail::Shm(segment) => show_segment(text, &object, segment, unit),
        Detail::Msg(queue) => show_queue(text, &object, queue, unit),
        Detail::Sem(set) => {
            let semaphores = semaphores(&object, &mut Budget::unlimited());
            if matches!(semaphores, Err(Errno::EINVAL | Errno::EIDRM)) {
                return not_found(id);
            }
            show_set(text, &object, set);
            match semaphores {
                Ok(semaphores) => semaphores.iter().for_each(|semaphore| show_semaphore(text, semaphore)),
                Err(errno) => {
                    say(Tool::Ipcs, Failed("semctl(GETVAL) failed", errno));
                    text.push('\n');
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    text.push('\n');
    ExitCode::SUCCESS
}

fn not_found(id: ObjectId) -> ExitCode {
    say(Tool::Ipcs, format_args!("id {} not found", id.sysv()));
    ExitCode::FAILURE
}

fn show_segment(out: &mut String, object: &Object, segment: &Segment, unit: Unit) {
    head(out, "Shared memory Segment shmid=", object);
    owners(out, object, "\t");
    out.push_str("\nmode=");
    modes(out, object, "\t");
    out.push_str(if unit == Unit::Human { "\nsize=" } else { "\nbytes=" });
    push_size(out, segment.size, unit);
    field(out, "\tlpid=", segment.lpid.raw());
    field(out, "\tcpid=", segment.cpid.raw());
    out.push_str("\tnattch=");
    push_u64(out, segment.nattch);
    out.push('\n');
    time(out, "att_time=", segment.atime);
    time(out, "det_time=", segment.dtime);
    time(out, "change_time=", object.ctime);
}

fn show_queue(out: &mut String, object: &Object, queue: &Queue, unit: Unit) {
    head(out, "Message Queue msqid=", object);
    owners(out, object, "\t");
    out.push_str("\tmode=");
    push_octal_marked(out, object.perm.mode.bits());
    let human = unit == Unit::Human;
    out.push_str(if human { "\ncsize=" } else { "\ncbytes=" });
    push_size(out, queue.cbytes, unit);
    out.push_str(if human { "\tqsize=" } else { "\tqbytes=" });
    // Unknown only to kernels before 4.17.
    push_size(out, queue.qbytes.unwrap_or(0), unit);
    out.push_str("\tqnum=");
    push_u64(out, queue.qnum);
    field(out, "\tlspid=", queue.lspid.raw());
    field(out, "\tlrpid=", queue.lrpid.raw());
    out.push('\n');
    time(out, "send_time=", queue.stime);
    time(out, "rcv_time=", queue.rtime);
    time(out, "change_time=", object.ctime);
}

fn show_set(out: &mut String, object: &Object, set: &Set) {
    head(out, "Semaphore Array semid=", object);
    owners(out, object, "\t ");
    out.push_str("\nmode=");
    modes(out, object, ", ");
    out.push_str("\nnsems = ");
    push_u64(out, set.nsems);
    out.push('\n');
    time(out, "otime = ", set.otime);
    time(out, "ctime = ", object.ctime);
    out.push_str("semnum     value      ncount     zcount     pid       \n");
}

fn show_semaphore(out: &mut String, semaphore: &Semaphore) {
    let counts = [semaphore.ncnt, semaphore.zcnt].map(Option::unwrap_or_default);
    for number in [semaphore.index, semaphore.value.into()].into_iter().chain(counts) {
        push_left_u64(out, number.into(), 10);
        out.push(' ');
    }
    push_left_i64(out, semaphore.pid.raw().into(), 10);
    out.push('\n');
}

fn head(out: &mut String, title: &str, object: &Object) {
    out.push('\n');
    field(out, title, object.id.sysv());
    out.push('\n');
}

fn owners(out: &mut String, object: &Object, between: &str) {
    let perm = &object.perm;
    let numbers =
        [("uid=", perm.uid.raw()), ("gid=", perm.gid.raw()), ("cuid=", perm.cuid.raw()), ("cgid=", perm.cgid.raw())];
    for (place, (label, number)) in numbers.into_iter().enumerate() {
        if place > 0 {
            out.push_str(between);
        }
        out.push_str(label);
        push_u64(out, number.into());
    }
}

fn modes(out: &mut String, object: &Object, between: &str) {
    push_octal_marked(out, object.perm.mode.bits());
    out.push_str(between);
    out.push_str("access_perms=");
    push_octal_marked(out, object.perm.mode.permissions());
}

fn field(out: &mut String, label: &str, number: i32) {
    out.push_str(label);
    push_i64(out, number.into());
}

fn time(out: &mut String, label: &str, time: Timestamp) {
    out.push_str(label);
    let start = out.len();
    if time.is_never() {
        out.push_str("Not set");
    } else {
        push_ctime(out, time);
    }
    pad(out, start, 26);
    out.push('\n');
}
