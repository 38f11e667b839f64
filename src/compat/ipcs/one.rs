//! `-i`: everything about one object.
//!
//! Without read permission, all but the values of semaphores is shown, and a message says so. util-linux gives up in
//! that case, and shows the capacity of such a queue as 0.

use std::borrow::Cow;

use super::{Unit, push_size};
use crate::compat::fact::{
    ATTACH, CAPACITY, CGID, CPID, CTIME, CUID, DETACH, Fact, GID, ID, LPID, LRPID, LSPID, MESSAGES, MODE_BITS, NATTCH,
    NSEMS, OTIME, PERM_BITS, RECV, SEND, SIZE, UID, USED_BYTES, Value,
};
use crate::compat::out::Out;
use crate::compat::text::{pad, push_left_i64, push_left_u64, push_octal_marked};
use crate::compat::times::push_ctime;
use crate::kind::model::{Object, ObjectId};
use crate::kind::system_v::SystemV;
use crate::object::inventory;
use crate::object::semaphores::{self, Budget, Semaphore};
use crate::render::units::{push_i64, push_u64};
use crate::sys::Errno;

/// The template for a kind, and the facts for its `{}`.
const fn sheet(kind: SystemV) -> (&'static str, &'static [Fact]) {
    match kind {
        SystemV::Segment => (
            "\nShared memory Segment shmid={}\nuid={}\tgid={}\tcuid={}\tcgid={}\nmode={}\taccess_perms={}\n\
             bytes={}\tlpid={}\tcpid={}\tnattch={}\natt_time={}\ndet_time={}\nchange_time={}\n",
            &[ID, UID, GID, CUID, CGID, MODE_BITS, PERM_BITS, SIZE, LPID, CPID, NATTCH, ATTACH, DETACH, CTIME],
        ),
        SystemV::Queue => (
            "\nMessage Queue msqid={}\nuid={}\tgid={}\tcuid={}\tcgid={}\tmode={}\n\
             cbytes={}\tqbytes={}\tqnum={}\tlspid={}\tlrpid={}\nsend_time={}\nrcv_time={}\nchange_time={}\n",
            &[ID, UID, GID, CUID, CGID, MODE_BITS, USED_BYTES, CAPACITY, MESSAGES, LSPID, LRPID, SEND, RECV, CTIME],
        ),
        SystemV::Set => (
            "\nSemaphore Array semid={}\nuid={}\t gid={}\t cuid={}\t cgid={}\nmode={}, access_perms={}\n\
             nsems = {}\notime = {}\nctime = {}\n",
            &[ID, UID, GID, CUID, CGID, MODE_BITS, PERM_BITS, NSEMS, OTIME, CTIME],
        ),
    }
}

/// Shows an object. The run fails if there is none, or if its values may not be read.
pub(super) fn show(out: &mut Out, kind: SystemV, id: i32, unit: Unit) {
    let id = ObjectId::system_v(kind.kind(), id);
    let object = match inventory::look(id) {
        Ok(Some(object)) => object,
        Ok(None) => return out.fail(format_args!("id {} not found", id.sysv())),
        Err(errno) => return out.fail(format_args!("id {} cannot be looked at: {errno}", id.sysv())),
    };
    if kind != SystemV::Set {
        push_sheet(&mut out.text, kind, &object, unit);
    } else {
        let semaphores = semaphores::semaphores(&object, &mut Budget::unlimited());
        if matches!(semaphores, Err(Errno::EINVAL | Errno::EIDRM)) {
            return out.fail(format_args!("id {} not found", id.sysv()));
        }
        push_sheet(&mut out.text, kind, &object, unit);
        out.text.push_str("semnum     value      ncount     zcount     pid       \n");
        match semaphores {
            Ok(semaphores) => semaphores.iter().for_each(|semaphore| push_semaphore(&mut out.text, semaphore)),
            Err(errno) => out.fail(format_args!("semctl(GETVAL) failed: {errno}")),
        }
    }
    out.text.push('\n');
}

fn push_sheet(out: &mut String, kind: SystemV, object: &Object, unit: Unit) {
    let (text, facts) = sheet(kind);
    let text = if unit == Unit::Human { Cow::Owned(text.replace("bytes", "size")) } else { Cow::Borrowed(text) };
    let mut facts = facts.iter();
    for (at, text) in text.split("{}").enumerate() {
        let value = if at > 0 { facts.next().and_then(|fact| fact(object)) } else { None };
        match value {
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
        out.push_str(text);
    }
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

#[cfg(test)]
mod tests {
    use super::{SystemV, sheet};

    #[test]
    fn every_place_has_its_fact() {
        for (text, facts) in SystemV::ALL.map(sheet) {
            assert_eq!(text.matches("{}").count(), facts.len(), "{text}");
        }
    }
}
