//! Message queues of System V.

use std::sync::atomic::AtomicBool;

use crate::kind::calls::Calls;
use crate::kind::class::{Class, FoundBy, Read, pid, push_count, read, time};
use crate::kind::field::{Field, Named, named};
use crate::kind::limit::{LimitDef, Used, limit};
use crate::kind::model::{Detail, Kind, KindSet, Object, ObjectId, Queue};
use crate::kind::recorded::{Activity, Deed, RecordedUser};
use crate::proc::sysvipc;
use crate::render::units::push_size;
use crate::render::value::Value;
use crate::sys::msg::{self, MsgStat};
use crate::sys::{Errno, MsgId, Timestamp};

/// What is special about message queues.
pub(super) static CLASS: Class = Class {
    kind: Kind::Msg,
    word: "msg",
    noun: "message queue",
    found_by: FoundBy { attachments: false, sleepers: true },
    list: |_, inventory| CALLS.list(inventory),
    look: |id| CALLS.look(id),
    may_read: |id| CALLS.may_read(id),
    used: CALLS.used,
    find: Some(|key| Ok(ObjectId::system_v(Kind::Msg, msg::find(key)?.raw()))),
    remove: Some(|id| msg::remove(MsgId::new(id.sysv()))),
    set: Some(|id, new| {
        // IPC_SET takes the capacity too. One that is not known (an old kernel, and no read permission) or that the
        // call cannot take could not be kept.
        let qbytes = new.qbytes.filter(|qbytes| *qbytes <= msg::MAX_QBYTES).ok_or(Errno::EACCES)?;
        msg::set(MsgId::new(id.sysv()), new.uid, new.gid, new.mode, qbytes)
    }),
    fields: &FIELDS,
    columns: &["ref", "key", "mode", "owner", "qnum", "cbytes", "qbytes", "full", "lspid", "lrpid", "activity"],
    recorded,
    limits: &LIMITS,
    activities: &ACTIVITIES,
    size: |object| object.as_queue().map_or(0, |queue| queue.cbytes),
    is_sized_in_bytes: true,
    contents,
};

impl Object {
    /// A queue from what the kernel says; `knows_capacity` is false where its source leaves `qbytes` out.
    #[must_use]
    pub fn queue(id: MsgId, stat: &MsgStat, knows_capacity: bool) -> Self {
        let MsgStat { perm, stime, rtime, ctime, cbytes, qnum, qbytes, lspid, lrpid } = *stat;
        let qbytes = knows_capacity.then_some(qbytes);
        let detail = Detail::Msg(Queue { qnum, cbytes, qbytes, lspid, lrpid, stime, rtime });
        Self { id: ObjectId::system_v(Kind::Msg, id.raw()), perm, ctime, detail }
    }

    /// The queue's part, if it is one.
    #[must_use]
    pub const fn as_queue(&self) -> Option<&Queue> {
        if let Detail::Msg(queue) = &self.detail { Some(queue) } else { None }
    }

    /// The same, to be changed.
    pub const fn as_queue_mut(&mut self) -> Option<&mut Queue> {
        if let Detail::Msg(queue) = &mut self.detail { Some(queue) } else { None }
    }
}

static CALLS: Calls = Calls {
    kind: Kind::Msg,
    max_index: || msg::limits().map(|limits| limits.max_index),
    used: || msg::usage().map(|usage| usage.used_ids),
    stat_any: |index| msg::stat_any(index).map(|(id, stat)| Object::queue(id, &stat, true)),
    stat_at: |index| msg::stat_at(index).map(|(id, stat)| Object::queue(id, &stat, true)),
    stat: |id| msg::stat(MsgId::new(id)).map(|stat| Object::queue(MsgId::new(id), &stat, true)),
    proc_line: |line| sysvipc::queue(line).map(|(id, stat)| Object::queue(id, &stat, false)),
    proc_is_incomplete: true,
    has_stat_any: AtomicBool::new(false),
};

static LIMITS: [LimitDef; 3] = [MSGMNI, MSGMNB, MSGMAX];

pub(crate) const MSGMNI: LimitDef = LimitDef {
    used: Used::Objects(|in_use| Ok(in_use.msg()?.used_ids.into())),
    ..limit(("msgmni", Some("kernel.msgmni")), "queues", "number of queues", || Ok(msg::limits()?.msgmni))
};
pub(crate) const MSGMNB: LimitDef = LimitDef {
    meaning: "capacity of a new queue; in use: the one holding most",
    used: Used::Largest,
    ..limit(("msgmnb", Some("kernel.msgmnb")), "bytes", "", || Ok(msg::limits()?.msgmnb))
};
pub(crate) const MSGMAX: LimitDef =
    limit(("msgmax", Some("kernel.msgmax")), "bytes", "size of one message", || Ok(msg::limits()?.msgmax));

fn recorded(object: &Object, tell: &mut dyn FnMut(RecordedUser)) {
    let Some(queue) = object.as_queue() else { return };
    tell(RecordedUser {
        deed: Deed::Send,
        pid: queue.lspid,
        time: queue.stime,
        source: "lspid and stime",
        happened: !queue.stime.is_never(),
        may_be_thread: false,
    });
    tell(RecordedUser {
        deed: Deed::Receive,
        pid: queue.lrpid,
        time: queue.rtime,
        source: "lrpid and rtime",
        happened: !queue.rtime.is_never(),
        // A sender is always recorded as a process: the same number is no thread's.
        may_be_thread: queue.lrpid != queue.lspid,
    });
}

static ACTIVITIES: [Activity; 2] = [
    Activity { phrase: "last sent to", field: "stime", time: |object| of(object, |queue| queue.stime) },
    Activity { phrase: "last received from", field: "rtime", time: |object| of(object, |queue| queue.rtime) },
];

fn of(object: &Object, time: impl FnOnce(&Queue) -> Timestamp) -> Timestamp {
    object.as_queue().map_or(Timestamp::NEVER, time)
}

const fn field(named: Named, meaning: &'static str, read: Read) -> Field<Read> {
    Field::new(named, meaning, read).right().of(KindSet::MSG)
}

/// Reads a field of a queue.
macro_rules! read_queue {
    (|$queue:pat_param| $value:expr) => {
        read!(|object| object.as_queue().map_or(Value::Null, |$queue| $value))
    };
}

static FIELDS: [Field<Read>; 7] = [
    field(named!("qnum", "QNUM"), "messages held", read_queue!(|queue| Value::Number(queue.qnum))),
    field(named!("cbytes", "CBYTES"), "bytes held", read_queue!(|queue| Value::Bytes(queue.cbytes))),
    field(
        named!("qbytes", "QBYTES"),
        "capacity in bytes",
        read_queue!(|queue| queue.qbytes.map_or(Value::Hidden, Value::Bytes)),
    ),
    field(
        named!("lspid", "LSPID"),
        "last process to send",
        read_queue!(|queue| pid(queue.lspid, !queue.stime.is_never())),
    ),
    field(
        named!("lrpid", "LRPID"),
        "last process or thread to receive",
        read_queue!(|queue| pid(queue.lrpid, !queue.rtime.is_never())),
    ),
    field(named!("stime", "STIME"), "last send", read_queue!(|queue| time(queue.stime))),
    field(named!("rtime", "RTIME"), "last receive", read_queue!(|queue| time(queue.rtime))),
];

fn contents(object: &Object, text: &mut String) {
    let Some(queue) = object.as_queue() else { return };
    push_count(text, queue.qnum, "message");
    if queue.cbytes > 0 {
        text.push_str(", ");
        push_size(text, queue.cbytes);
    }
}
