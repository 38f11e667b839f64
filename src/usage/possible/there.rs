//! Which processes were there when an object was last used: only those, and what they have forked since, can know its
//! identifier from having seen it used.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::kind::model::Object;
use crate::proc::census::Resident;
use crate::proc::cgroup::Membership;
use crate::proc::reader::{Reader, is_gone};
use crate::proc::recorded::{AT_ONCE, Processes, TRUNCATION};
use crate::sys::Pid;
use crate::usage::possible::question::Question;

/// How a process comes to know an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum There {
    /// It was running when the object was last used.
    Running,
    /// It belongs to this service, which was.
    Service(Rc<str>),
    /// It belongs to the session of this recorded user.
    Session(Pid),
    /// It belongs to the process group of this recorded user.
    Group(Pid),
    /// It was started this many seconds later: a daemon forks after it has made what it needs.
    SoonAfter(i64),
    /// It may look the object up by its key at any time.
    ByKey,
    /// Times prove nothing, so it may have been.
    Unknown,
}

impl There {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Service(_) => "service",
            Self::Session(_) => "session",
            Self::Group(_) => "group",
            Self::SoonAfter(_) => "soon_after",
            Self::ByKey => "key",
            Self::Unknown => "unknown",
        }
    }
}

/// The service of the system manager that a process belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// This one, and when it was started, in seconds since 1970.
    Of {
        name: Rc<str>,
        since: Option<i64>,
    },
    None,
    /// That may not be seen, or the process has ended.
    Unseen,
}

impl Service {
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Of { name, .. } => Some(name),
            Self::None | Self::Unseen => None,
        }
    }
}

/// The starts, sessions, groups and services of processes, each looked up once.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// By number in the census.
    lives: Vec<Life>,
    /// The numbers of all sessions and process groups.
    leaders: HashSet<i32>,
    /// When a service was started, in seconds since 1970.
    starts: HashMap<Rc<str>, Option<i64>>,
}

/// The facts that tell whether a process was there.
#[derive(Clone, Debug, Default)]
struct Life {
    /// Whether it may be looked at.
    is_seen: bool,
    /// In seconds since 1970, if that can be told.
    started: Option<i64>,
    session: i32,
    group: i32,
    /// The service of the system manager that it belongs to, once that was asked.
    service: Option<Service>,
}

/// When an object was used, and by whom, as far as the question goes who was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// The recorded numbers that are those of sessions or groups.
    recorded: Vec<i32>,
    /// Processes that came later count too.
    by_key: bool,
    /// Start times prove something.
    comparable: bool,
    /// A process that started before cannot have inherited it.
    from: i64,
    last: i64,
    /// The last moment at which what started then can have been there.
    end: i64,
}

impl Presence {
    /// Takes notice of processes, some of which may be known.
    pub(super) fn meet(&mut self, residents: &[Resident], processes: &Processes) {
        for Resident { number, stat, .. } in residents {
            if self.lives.len() <= *number {
                self.lives.resize(number + 1, Life::default());
            }
            if let Some(stat) = stat {
                let life = &mut self.lives[*number];
                life.is_seen = true;
                life.started = processes.time_of(stat.started);
                (life.session, life.group) = (stat.session, stat.group);
                self.leaders.extend([stat.session, stat.group]);
            }
        }
    }

    /// When the object in question was used.
    pub(super) fn span(&self, question: &Question<'_>, processes: &Processes) -> Span {
        let recorded =
            question.recorded.iter().map(|pid| pid.raw()).filter(|pid| *pid > 0 && self.leaders.contains(pid));
        let last = question.last.1.seconds();
        Span {
            recorded: recorded.collect(),
            by_key: question.by_key,
            comparable: question.clock.is_none(),
            from: since(question, processes.back()),
            last,
            end: last.saturating_add(TRUNCATION).saturating_add(processes.forward()),
        }
    }

    /// How a process that was met comes to know the object; None when it was not there.
    pub(super) fn there(&mut self, resident: &Resident, span: &Span, reader: &mut Reader) -> Option<There> {
        let life = self.lives.get(resident.number).filter(|life| life.is_seen);
        let Some(life) = life else { return Some(There::Unknown) };
        if span.recorded.contains(&life.session) {
            return Some(There::Session(Pid::new(life.session)));
        }
        if span.recorded.contains(&life.group) {
            return Some(There::Group(Pid::new(life.group)));
        }
        if span.by_key {
            return Some(There::ByKey);
        }
        let Some(started) = life.started.filter(|_| span.comparable) else { return Some(There::Unknown) };
        if started < span.from {
            return None;
        }
        if started <= span.last.saturating_add(TRUNCATION) {
            return Some(There::Running);
        }
        if started <= span.end {
            return Some(There::Unknown);
        }
        match self.service(resident, reader) {
            Service::Of { name, since: Some(since) } if *since <= started.saturating_add(TRUNCATION) => {
                return (*since < span.end).then(|| There::Service(Rc::clone(name)));
            }
            // It may belong to one that was running then; so may its child, if it has ended meanwhile.
            Service::Unseen => return Some(There::Unknown),
            Service::Of { .. } | Service::None => {}
        }
        (started <= span.end.saturating_add(AT_ONCE)).then(|| There::SoonAfter(started.saturating_sub(span.last)))
    }

    /// The service of the system manager that a process belongs to.
    pub(super) fn service(&mut self, resident: &Resident, reader: &mut Reader) -> &Service {
        let Self { lives, starts, .. } = self;
        let Some(life) = lives.get_mut(resident.number) else { return &Service::Unseen };
        life.service.get_or_insert_with(|| {
            match reader.read(resident.task, "cgroup").map(|text| Membership::parse(text).service) {
                Ok(None) => Service::None,
                Ok(Some(name)) => {
                    let name = Rc::from(name);
                    let since = *starts.entry(Rc::clone(&name)).or_insert_with(|| start_of(&name));
                    Service::Of { name, since }
                }
                // Kernels without control groups have no such file.
                Err(error) if is_gone(&error) && reader.read(resident.task, "stat").is_ok() => Service::None,
                Err(_) => Service::Unseen,
            }
        })
    }
}

/// The system manager makes this link whenever it starts a service.
fn start_of(service: &str) -> Option<i64> {
    Some(fs::symlink_metadata(format!("/run/systemd/units/invocation:{service}")).ok()?.mtime())
}

/// Whether a segment is as it was made, as far as it shows, so that only descendants of its creator can know it: it has no
/// key, and was attached since its last change, which so may have been its creation.
pub(crate) fn is_as_made(object: &Object) -> bool {
    let perm = &object.perm;
    object.as_segment().is_some_and(|segment| {
        let is_the_creators = perm.uid == perm.cuid && perm.gid == perm.cgid;
        is_the_creators && perm.key.is_private() && object.ctime <= segment.atime
    })
}

/// Since when a process must have been running to know a segment that it did not make. The creator is recorded, and gone:
/// only its children can have inherited the identifier, and they are younger. Not so of other objects.
fn since(question: &Question<'_>, back: i64) -> i64 {
    let object = question.object;
    if question.by_descent && is_as_made(object) {
        object.ctime.seconds().saturating_sub(TRUNCATION).saturating_sub(back)
    } else {
        i64::MIN
    }
}

#[cfg(test)]
mod tests {
    use super::{Presence, Service, There};
    use crate::kind::model::Object;
    use crate::kind::recorded::CHANGED;
    use crate::proc::census::Resident;
    use crate::proc::reader::{Reader, Task};
    use crate::proc::recorded::{ClockSet, Processes};
    use crate::proc::task::Stat;
    use crate::sys::sem::SemStat;
    use crate::sys::shm::ShmStat;
    use crate::sys::{Gid, Key, Mode, Perm, Pid, SemId, ShmId, Timestamp, Uid};
    use crate::usage::possible::question::Question;

    const BOOT: i64 = 1_000_000;
    /// When the object was last used.
    const LAST: i64 = BOOT + 1000;

    fn perm() -> Perm {
        let (uid, gid) = (Uid::new(7), Gid::new(7));
        Perm { key: Key::from_bits(0), uid, gid, cuid: uid, cgid: gid, mode: Mode::new(0o600) }
    }

    fn set() -> Object {
        let stat = SemStat { perm: perm(), otime: Timestamp::new(LAST), ctime: Timestamp::new(BOOT + 1), nsems: 1 };
        Object::set(SemId::new(0), &stat)
    }

    /// A process of service `unit` that started so many seconds after the last use.
    fn resident(after: i64, session: i32, group: i32) -> Resident {
        let ticks = (LAST + after - BOOT) * 100;
        let line = format!("7 (x) S 1 {group} {session} 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 {ticks} 0 0");
        Resident { number: 0, pid: 7, task: Task::process(7), stat: Stat::parse(line.as_bytes()), credentials: None }
    }

    struct Scene {
        forward: i64,
        clock: Option<ClockSet>,
        by_key: bool,
        /// When its service was started, after the last use.
        service: Option<i64>,
    }

    const PLAIN: Scene = Scene { forward: 0, clock: None, by_key: false, service: None };

    fn there(object: &Object, resident: &Resident, scene: Scene) -> Option<There> {
        let processes = Processes::booted_at(BOOT, scene.forward, 2);
        let mut presence = Presence::default();
        presence.meet(std::slice::from_ref(resident), &processes);
        let service = scene.service.map_or(Service::None, |after| {
            let (name, since) = ("a.service".into(), Some(LAST + after));
            Service::Of { name, since }
        });
        presence.lives[0].service = Some(service);
        let question = Question {
            object,
            last: (&CHANGED, Timestamp::new(LAST)),
            recorded: &[Pid::new(40)],
            clock: scene.clock,
            except: &[],
            by_key: scene.by_key,
            by_descent: true,
            undo_is_known: false,
        };
        let span = presence.span(&question, &processes);
        presence.there(resident, &span, &mut Reader::default())
    }

    #[test]
    fn whoever_started_before_the_last_use_or_soon_after_was_there() {
        let after = |seconds| there(&set(), &resident(seconds, 7, 7), PLAIN);
        assert_eq!([after(-500), after(0), after(1)], [const { Some(There::Running) }; 3]);
        assert_eq!([after(2), after(61)], [Some(There::SoonAfter(2)), Some(There::SoonAfter(61))]);
        assert_eq!([after(62), after(66), after(100_000)], [const { None }; 3]);
    }

    #[test]
    fn a_clock_set_forward_lets_more_have_been_there() {
        let after = |seconds| there(&set(), &resident(seconds, 7, 7), Scene { forward: 300, ..PLAIN });
        assert_eq!(
            [after(301), after(302), after(361)].map(|there| there.map(|there| there.word())),
            [Some("unknown"), Some("soon_after"), Some("soon_after")]
        );
        assert_eq!(after(362), None);
        let clock = Some(ClockSet::InFuture);
        assert_eq!(there(&set(), &resident(1000, 7, 7), Scene { clock, ..PLAIN }), Some(There::Unknown));
    }

    #[test]
    fn the_start_of_a_service_tells_whether_its_processes_can_descend_from_those_of_before() {
        let of = |started, service| there(&set(), &resident(started, 7, 7), Scene { service: Some(service), ..PLAIN });
        // The service is older than the last use: its processes of now descend from those of then.
        assert_eq!(of(5000, -10), Some(There::Service("a.service".into())));
        // It was started anew.
        assert_eq!([of(5, 3), of(70, 2)], [None, None]);
        // Within the second of the last use it may or may not have been.
        assert_eq!(of(2, 0), Some(There::Service("a.service".into())));
        // The time is not that of a start of its own service.
        assert_eq!(of(10, 500), Some(There::SoonAfter(10)));
    }

    #[test]
    fn the_session_and_the_group_of_a_recorded_user_stay_there() {
        assert_eq!(there(&set(), &resident(9000, 40, 7), PLAIN), Some(There::Session(Pid::new(40))));
        assert_eq!(there(&set(), &resident(9000, 7, 40), PLAIN), Some(There::Group(Pid::new(40))));
        assert_eq!(there(&set(), &resident(9000, 0, 0), PLAIN), None);
    }

    #[test]
    fn a_key_lets_anybody_find_it_at_any_time() {
        assert_eq!(there(&set(), &resident(9000, 7, 7), Scene { by_key: true, ..PLAIN }), Some(There::ByKey));
    }

    #[test]
    fn what_is_older_than_a_segment_has_not_inherited_it() {
        let segment = |change: fn(&mut ShmStat)| {
            let mut stat = ShmStat {
                perm: perm(),
                size: 1,
                atime: Timestamp::new(LAST),
                dtime: Timestamp::new(LAST),
                ctime: Timestamp::new(LAST - 100),
                cpid: Pid::new(1),
                lpid: Pid::new(2),
                nattch: 0,
            };
            change(&mut stat);
            Object::segment(ShmId::new(0), &stat, None)
        };
        let as_made = segment(|_| {});
        let at = |object: &Object, after| there(object, &resident(after, 7, 7), PLAIN);
        assert_eq!(at(&as_made, -104), None);
        // The clock may have been set back by two seconds, and times are cut to seconds.
        assert_eq!(at(&as_made, -103), Some(There::Running));
        let never_attached = segment(|stat| (stat.atime, stat.dtime) = (Timestamp::NEVER, Timestamp::NEVER));
        // Their time of change may be that of another change.
        assert_eq!(at(&never_attached, -104), Some(There::Running));
        let changed = segment(|stat| stat.atime = Timestamp::new(LAST - 101));
        assert_eq!(at(&changed, -104), Some(There::Running));
        let given_away = segment(|stat| stat.perm.uid = Uid::new(8));
        assert_eq!(at(&given_away, -104), Some(There::Running));
    }
}
