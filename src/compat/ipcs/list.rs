//! Prints the objects of a kind, one a row.

use super::layout::{self, Cell, WITH_YEAR};
use super::{Format, HUMAN, Unit};
use crate::compat::Tool;
use crate::compat::fact::{self, Value};
use crate::compat::out::Out;
use crate::compat::text::{pad, pad_front, push_human, push_octal};
use crate::compat::times::{Recent, push_ctime, push_ctime_without_year};
use crate::compat::tool::harmless;
use crate::kind::field::Needs;
use crate::kind::model::{KindSet, Object};
use crate::kind::system_v::SystemV;
use crate::object::inventory;
use crate::object::names::Names;
use crate::render::units::{push_hex32, push_i64, push_u64};

/// Owners are truncated to this width, except with `-c`.
const OWNER: usize = 10;

/// Lists all objects of a kind; the error says why the kernel does not list them.
pub(super) fn show(out: &mut Out, kind: SystemV, format: Format, unit: Unit) -> Result<(), String> {
    let Some(layout) = layout::of(kind, format) else { return Ok(()) };
    let inventory = inventory::collect(KindSet::of(kind.kind()), Needs::NOTHING).map_err(|error| error.to_string())?;
    inventory.losses.iter().for_each(|loss| Tool::Ipcs.say(loss));
    match unit {
        Unit::Human => {
            out.text.push_str(&layout.head.replace("used-bytes", "size      ").replace("bytes ", "size  "));
        }
        Unit::Default | Unit::Bytes => out.text.push_str(layout.head),
    }
    let names = fact::names(&inventory.objects, layout.cells.iter().map(|cell| cell.0));
    let mut row = Row { unit, names, times: Recent::default() };
    for object in &inventory.objects {
        row.push(&mut out.text, layout.cells, object);
        out.text.push('\n');
        out.row();
    }
    Ok(())
}

struct Row {
    unit: Unit,
    names: Names,
    times: Recent,
}

impl Row {
    fn push(&mut self, out: &mut String, cells: &[Cell], object: &Object) {
        for (at, &(fact, width)) in cells.iter().enumerate() {
            out.push_str(if at > 0 { " " } else { "" });
            let start = out.len();
            if let Some(value) = fact(object) {
                self.value(out, value, width);
            }
            let blanks = if width < 0 { pad } else { pad_front };
            blanks(out, start, width.unsigned_abs().into());
        }
    }

    fn value(&mut self, out: &mut String, value: Value, width: i8) {
        match value {
            Value::Key(key) => push_hex32(out, key.bits()),
            Value::Id(id) => push_i64(out, id.into()),
            Value::Number(number) => push_u64(out, number),
            Value::Bytes(bytes) if self.unit == Unit::Human => {
                let start = out.len();
                push_human(out, bytes);
                pad_front(out, start, HUMAN);
                // A wider size shifts the rest of the row.
                let end = out.len();
                pad(out, end, usize::from(width.unsigned_abs()) - HUMAN);
            }
            Value::Bytes(bytes) => push_u64(out, bytes),
            Value::Perms(mode) => push_octal(out, mode.permissions()),
            Value::Status(mode) => {
                out.push_str(if mode.is_doomed() { "dest  " } else { "      " });
                out.push_str(if mode.is_shm_locked() { " locked" } else { "       " });
            }
            Value::Owner(uid) => {
                let start = out.len();
                push_name(out, self.names.user(uid), uid.raw());
                // Never cut inside a character.
                let end = (start..=start + OWNER).rev().find(|&end| out.is_char_boundary(end));
                out.truncate(end.unwrap_or(start));
            }
            Value::User(uid) => push_name(out, self.names.user(uid), uid.raw()),
            Value::Group(gid) => push_name(out, self.names.group(gid), gid.raw()),
            Value::Time(time) if time.is_never() => out.push_str("Not set"),
            Value::Time(time) => {
                let push = if width == WITH_YEAR { push_ctime } else { push_ctime_without_year };
                self.times.push(out, time, |out| push(out, time));
            }
            Value::Bits(_) | Value::Command(..) => {}
        }
    }
}

fn push_name(out: &mut String, name: Option<&str>, number: u32) {
    match name {
        Some(name) => out.push_str(&harmless(name)),
        None => push_u64(out, number.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Format, Row, Unit};
    use crate::compat::fact;
    use crate::compat::ipcs::layout;
    use crate::compat::times::Recent;
    use crate::kind::model::Object;
    use crate::sys::msg::MsgStat;
    use crate::sys::shm::ShmStat;
    use crate::sys::{Gid, Key, Mode, MsgId, Perm, Pid, ShmId, Timestamp, Uid};

    /// Nobody has this number.
    const STRANGER: u32 = 3_999_999_999;

    fn shown(object: &Object, format: Format) -> String {
        let mut out = String::new();
        let layout = layout::of(object.kind().system_v().unwrap(), format).unwrap();
        let names = fact::names(std::slice::from_ref(object), layout.cells.iter().map(|cell| cell.0));
        Row { unit: Unit::Default, names, times: Recent::default() }.push(&mut out, layout.cells, object);
        out
    }

    #[test]
    fn what_is_too_wide_moves_the_rest_and_loses_nothing() {
        let (uid, gid, mode) = (Uid::new(STRANGER), Gid::new(STRANGER), Mode::new(0o3777));
        let perm = Perm { key: Key::from_bits(u32::MAX), uid, gid, cuid: uid, cgid: gid, mode };
        let [stime, rtime, atime, dtime, ctime] = [Timestamp::new(0); 5];
        let [lspid, lrpid, cpid, lpid] = [Pid::new(4_194_304); 4];
        let [cbytes, qnum, size, nattch] = [u64::MAX; 4];
        let stat = MsgStat { perm, stime, rtime, ctime, cbytes, qnum, qbytes: 0, lspid, lrpid };
        let queue = Object::queue(MsgId::new(i32::MAX), &stat, true);
        assert_eq!(
            shown(&queue, Format::List),
            "0xffffffff 2147483647 3999999999 777        18446744073709551615 18446744073709551615"
        );
        assert_eq!(shown(&queue, Format::Pid), "2147483647 3999999999  4194304     4194304");
        assert_eq!(shown(&queue, Format::Creator), "2147483647 777        3999999999 3999999999 3999999999 3999999999");
        let stat = ShmStat { perm, size, atime, dtime, ctime, cpid, lpid, nattch };
        let segment = Object::segment(ShmId::new(0), &stat, None);
        assert_eq!(
            shown(&segment, Format::List),
            "0xffffffff 0          3999999999 777        18446744073709551615 18446744073709551615 dest   locked"
        );
    }
}
