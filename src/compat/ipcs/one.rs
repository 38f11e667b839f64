//! `-i`: everything about one object.
//!
//! What the mode of an object keeps from the caller is left out and said, and the rest shown: only the values of
//! semaphores are ever secret. util-linux gives up there, and shows the capacity of such a queue as 0.

use super::{Unit, push_size};
use crate::compat::fact::{self, Fact, Value};
use crate::compat::out::Out;
use crate::compat::text::{pad, push_left_i64, push_left_u64, push_octal_marked};
use crate::compat::times::push_ctime;
use crate::kind::model::{Kind, Object, ObjectId};
use crate::object::inventory;
use crate::object::semaphores::{self, Budget, Semaphore};
use crate::render::units::{push_i64, push_u64};
use crate::sys::Errno;

/// The labels with what goes before them, and the facts behind them.
const fn sheet(kind: Kind) -> &'static [(&'static str, Fact)] {
    match kind {
        Kind::Shm => &[
            ("\nShared memory Segment shmid=", fact::ID),
            ("\nuid=", fact::UID),
            ("\tgid=", fact::GID),
            ("\tcuid=", fact::CUID),
            ("\tcgid=", fact::CGID),
            ("\nmode=", fact::MODE_BITS),
            ("\taccess_perms=", fact::PERM_BITS),
            ("\nbytes=", fact::SIZE),
            ("\tlpid=", fact::LPID),
            ("\tcpid=", fact::CPID),
            ("\tnattch=", fact::NATTCH),
            ("\natt_time=", fact::ATTACH),
            ("\ndet_time=", fact::DETACH),
            ("\nchange_time=", fact::CTIME),
        ],
        Kind::Msg => &[
            ("\nMessage Queue msqid=", fact::ID),
            ("\nuid=", fact::UID),
            ("\tgid=", fact::GID),
            ("\tcuid=", fact::CUID),
            ("\tcgid=", fact::CGID),
            ("\tmode=", fact::MODE_BITS),
            ("\ncbytes=", fact::USED_BYTES),
            ("\tqbytes=", fact::CAPACITY),
            ("\tqnum=", fact::MESSAGES),
            ("\tlspid=", fact::LSPID),
            ("\tlrpid=", fact::LRPID),
            ("\nsend_time=", fact::SEND),
            ("\nrcv_time=", fact::RECV),
            ("\nchange_time=", fact::CTIME),
        ],
        Kind::Sem => &[
            ("\nSemaphore Array semid=", fact::ID),
            ("\nuid=", fact::UID),
            ("\t gid=", fact::GID),
            ("\t cuid=", fact::CUID),
            ("\t cgid=", fact::CGID),
            ("\nmode=", fact::MODE_BITS),
            (", access_perms=", fact::PERM_BITS),
            ("\nnsems = ", fact::NSEMS),
            ("\notime = ", fact::OTIME),
            ("\nctime = ", fact::CTIME),
        ],
    }
}

/// Shows an object. It is a failure when there is none, or some of it may not be read.
pub(super) fn show(out: &mut Out, id: ObjectId, unit: Unit) {
    let object = match inventory::look(id) {
        Ok(Some(object)) => object,
        Ok(None) => return out.fail(format_args!("id {} not found", id.sysv())),
        Err(errno) => return out.fail(format_args!("id {} cannot be looked at: {errno}", id.sysv())),
    };
    if id.kind != Kind::Sem {
        push_sheet(&mut out.text, &object, unit);
    } else {
        let semaphores = semaphores::semaphores(&object, &mut Budget::unlimited());
        if matches!(semaphores, Err(Errno::EINVAL | Errno::EIDRM)) {
            return out.fail(format_args!("id {} not found", id.sysv()));
        }
        push_sheet(&mut out.text, &object, unit);
        out.text.push_str("semnum     value      ncount     zcount     pid       \n");
        match semaphores {
            Ok(semaphores) => semaphores.iter().for_each(|semaphore| push_semaphore(&mut out.text, semaphore)),
            Err(errno) => out.fail(format_args!("semctl(GETVAL) failed: {errno}")),
        }
    }
    out.text.push('\n');
}

fn push_sheet(out: &mut String, object: &Object, unit: Unit) {
    for (label, fact) in sheet(object.kind()) {
        match unit {
            Unit::Human => out.push_str(&label.replace("bytes", "size")),
            Unit::Default | Unit::Bytes => out.push_str(label),
        }
        match fact(object) {
            Some(Value::Id(id)) => push_i64(out, id.into()),
            Some(Value::Number(number)) => push_u64(out, number),
            Some(Value::Bytes(bytes)) => push_size(out, bytes, unit),
            Some(Value::Bits(bits)) => push_octal_marked(out, bits),
            Some(Value::Time(time)) => {
                let start = out.len();
                if time.is_never() {
                    out.push_str("Not set");
                } else {
                    push_ctime(out, time);
                }
                pad(out, start, 26);
            }
            _ => {}
        }
    }
    out.push('\n');
}

fn push_semaphore(out: &mut String, semaphore: &Semaphore) {
    let counts = [semaphore.ncnt, semaphore.zcnt].map(Option::unwrap_or_default);
    for number in [semaphore.index, semaphore.value.into()].into_iter().chain(counts) {
        push_left_u64(out, number.into(), 10);
        out.push(' ');
    }
    push_left_i64(out, semaphore.pid.raw().into(), 10);
    out.push('\n');
}
