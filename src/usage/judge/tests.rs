use std::time::Duration;

use crate::kind::model::Object;
use crate::sys::clock::now;
use crate::sys::msg::MsgStat;
use crate::sys::shm::ShmStat;
use crate::sys::{Gid, Key, Mode, MsgId, Perm, Pid, ShmId, Timestamp, Uid};
use crate::usage::criteria::Criteria;
use crate::usage::judge::Judge;
use crate::usage::state::{Judgement, State};
use crate::usage::users::Usage;

/// No process has it.
const DEAD: i32 = i32::MAX;

fn own() -> i32 {
    std::process::id().cast_signed()
}

fn perm(key: u32, mode: u32) -> Perm {
    // Nobody's, so that no process comes into question as one whose thread it was.
    let (uid, gid) = (Uid::new(4_000_000_001), Gid::new(4_000_000_001));
    Perm { key: Key::from_bits(key), uid, gid, cuid: uid, cgid: gid, mode: Mode::new(mode) }
}

/// A private segment of `cpid`, made `age` seconds ago and attached by nobody yet.
fn segment(cpid: i32, age: i64, change: impl FnOnce(&mut ShmStat)) -> Object {
    let mut stat = ShmStat {
        perm: perm(0, 0o600),
        size: 1,
        atime: Timestamp::NEVER,
        dtime: Timestamp::NEVER,
        ctime: Timestamp::new(now() - age),
        cpid: Pid::new(cpid),
        lpid: Pid::new(0),
        nattch: 0,
    };
    change(&mut stat);
    Object::segment(ShmId::new(0), &stat, None)
}

fn queue(lspid: (i32, i64), lrpid: (i32, i64)) -> Object {
    let time = |(pid, time): (i32, i64)| (Pid::new(pid), Timestamp::new(time));
    let ((lspid, stime), (lrpid, rtime)) = (time(lspid), time(lrpid));
    let ctime = Timestamp::new(now());
    let stat = MsgStat { perm: perm(7, 0o600), stime, rtime, ctime, cbytes: 0, qnum: 0, qbytes: 1, lspid, lrpid };
    Object::queue(MsgId::new(0), &stat, true)
}

fn criteria(grace: u64) -> Criteria {
    Criteria { grace: Duration::from_secs(grace), ..Criteria::default() }
}

fn judge(grace: u64, object: &Object) -> Judgement {
    let usage = Usage { hidden_waiters: Some(0), ..Usage::default() };
    Judge::new(&criteria(grace)).judge(object, &usage)
}

#[track_caller]
fn expect(grace: u64, object: &Object, state: State, fact: &str) {
    let judgement = judge(grace, object);
    assert_eq!(judgement.state, state, "{judgement:#?}");
    assert!(judgement.evidence.iter().any(|evidence| evidence.fact().contains(fact)), "{fact:?}: {judgement:#?}");
    assert!(judgement.evidence.iter().all(|evidence| !evidence.source().is_empty()));
}

#[test]
fn a_segment_by_its_users() {
    expect(0, &segment(DEAD, 5, |_| {}), State::Orphan, "no such process");
    expect(0, &segment(DEAD, 5, |stat| stat.perm.key = Key::from_bits(1)), State::Dormant, "0x00000001");
    expect(600, &segment(DEAD, 5, |_| {}), State::Idle, "5 seconds ago; grace is 10 minutes");
    expect(0, &segment(own(), 0, |_| {}), State::Idle, "creator");
    let last =
        |pid, age| segment(DEAD, 5, move |stat| (stat.lpid, stat.dtime) = (Pid::new(pid), Timestamp::new(now() - age)));
    expect(0, &last(own(), 0), State::Idle, "last user");
    expect(0, &last(DEAD, 0), State::Orphan, "last user");
    // It happened, and who did it cannot be seen.
    expect(0, &last(0, 0), State::Unknown, "another pid namespace");
    expect(0, &segment(0, 5, |_| {}), State::Unknown, "another pid namespace");
}

#[test]
fn use_comes_before_everything() {
    expect(0, &segment(DEAD, 5, |stat| stat.nattch = 2), State::Active, "attached twice");
    let doomed = |stat: &mut ShmStat| (stat.nattch, stat.perm.mode) = (1, Mode::new(0o1600));
    expect(0, &segment(DEAD, 5, doomed), State::Doomed, "removed");
    let object = queue((DEAD, now()), (0, 0));
    let with = |hidden| {
        let usage = Usage { hidden_waiters: hidden, ..Usage::default() };
        Judge::new(&criteria(0)).judge(&object, &usage).state
    };
    assert_eq!([with(None), with(Some(0)), with(Some(1))], [State::Unknown, State::Dormant, State::Active]);
    // What somebody is known to use is not unknown, whoever else may.
    let unseen = Usage { hidden_waiters: None, ..Usage::default() };
    let object = queue((own(), now()), (0, 0));
    assert_eq!(Judge::new(&criteria(0)).judge(&object, &unseen).state, State::Idle);
}

#[test]
fn a_queue_by_its_users() {
    expect(0, &queue((0, 0), (0, 0)), State::Unknown, "no user is recorded");
    expect(0, &queue((DEAD, now()), (0, 0)), State::Dormant, "last sender");
    expect(0, &queue((DEAD, now()), (own(), now())), State::Idle, "last receiver");
    expect(0, &queue((own(), now()), (DEAD, now())), State::Idle, "last sender");
    expect(0, &queue((DEAD, now()), (0, now())), State::Unknown, "last receiver is a process of another");
    expect(0, &queue((DEAD, now()), (DEAD, now())), State::Dormant, "last receiver");
}

#[test]
fn where_the_clock_was_set_start_times_prove_nothing() {
    // Made before the boot, or in the future, by a number that is ours now.
    let before = |pid| segment(pid, now() - 1000, |_| {});
    expect(0, &before(own()), State::Unknown, "may be another");
    expect(0, &before(own()), State::Unknown, "the clock was set");
    expect(600, &before(own()), State::Unknown, "the clock was set");
    expect(0, &segment(own(), -3600, |_| {}), State::Unknown, "yet to come");
    // A number that nobody has is nobody's whatever the clock says, but its age is not known.
    expect(0, &before(DEAD), State::Orphan, "no such process");
    expect(600, &before(DEAD), State::Unknown, "cannot be known");
    expect(600, &segment(DEAD, -3600, |_| {}), State::Idle, "just now");
    expect(0, &segment(DEAD, -3600, |_| {}), State::Orphan, "yet to come");
}

#[test]
fn words() {
    for state in State::ALL {
        assert_eq!(State::from_word(state.word()), Some(state));
    }
    assert_eq!(State::from_word("Orphan"), None);
    assert_eq!(crate::usage::judge::span(90_000), "1 day");
    assert_eq!(crate::usage::judge::span(7_300), "2 hours");
}
