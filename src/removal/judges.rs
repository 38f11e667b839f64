//! Judges objects that are about to be removed, by a probe that may be given up: no object stays locked for long because
//! a process does not answer.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::kind::model::Object;
use crate::proc::probe::{Failure, Limit, Probe};
use crate::proc::reader::processes;
use crate::removal::{Candidate, Condition, Outcome};
use crate::render::escape::escape;
use crate::sys::{Perm, Pid, Timestamp};
use crate::usage::criteria::Criteria;
use crate::usage::judge::Judge;
use crate::usage::state::{Evidence, Judgement, State};
use crate::usage::users::{Usage, Users, Wants};

/// How long one file of a process may take while objects are locked.
const ONE_FILE: Duration = Duration::from_millis(200);
/// How long all looks at a batch may take while it is locked, however often it is tried again; and how much longer for
/// each process that there is, as each is looked at.
const ALL_LOOKS: Duration = Duration::from_millis(500);
const A_PROCESS: Duration = Duration::from_micros(200);

/// The candidate that something is to be found out about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Subject {
    /// Its place among all candidates, which a probe knows since it was started.
    pub(super) place: usize,
    /// Attachments that were seen last, of which the holders are looked for.
    pub(super) attachments: u64,
    /// What is known better by now.
    pub(super) news: Option<Box<News>>,
}

/// By what an object is judged instead.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct News {
    /// Its users, unless they are looked for.
    pub(super) usage: Usage,
    /// Its time of change.
    pub(super) ctime: Timestamp,
}

impl Subject {
    pub(super) const fn new(place: usize) -> Self {
        Self { place, attachments: 0, news: None }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Question {
    subjects: Vec<Subject>,
    /// Whether users are looked for, and which.
    scan: Option<Wants>,
    /// Whether the objects are judged.
    judge: bool,
    /// Whether findings about processes from earlier questions are out of date.
    anew: bool,
}

/// What was found out about an object.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Finding {
    /// Its users, if they were looked for and are not the same as when it was judged.
    pub(super) usage: Option<Box<Usage>>,
    /// Why it is to be kept, in words.
    pub(super) verdict: Result<(), String>,
    /// Who changed the semaphores of a set last, as far as judging took to ask.
    pub(super) last_users: Option<Vec<Pid>>,
}

impl Finding {
    /// The users of a candidate, as far as was found out.
    pub(super) fn usage<'a>(&'a self, candidate: &'a Candidate) -> &'a Usage {
        self.usage.as_deref().unwrap_or(&candidate.usage)
    }
}

/// A probe that judges by some criteria.
struct Asked<'a> {
    criteria: &'a Criteria,
    probe: Probe<'a, Question, Vec<Finding>>,
    /// Whether its findings about processes are out of date.
    anew: bool,
}

/// A probe for each set of criteria. What they find out about processes holds for one moment; what they read of programs
/// and libraries holds for a run.
pub(super) struct Judges<'a> {
    candidates: &'a [Candidate],
    asked: Vec<Asked<'a>>,
    /// What looks at a batch may take while it is locked; found out with the first.
    allowed: Option<Duration>,
    /// What is left of it.
    left: Duration,
}

impl<'a> Judges<'a> {
    pub(super) const fn new(candidates: &'a [Candidate]) -> Self {
        Self { candidates, asked: Vec::new(), allowed: None, left: Duration::ZERO }
    }

    /// Whether programs and libraries have not been read, or their reader was given up.
    pub(super) fn are_cold(&self) -> bool {
        self.asked.is_empty() || self.asked.iter().any(|asked| !asked.probe.is_started())
    }

    pub(super) fn begin_batch(&mut self) {
        self.left = *self.allowed.get_or_insert_with(|| {
            let number = processes().map_or(0, |all| u32::try_from(all.len()).unwrap_or(u32::MAX));
            ALL_LOOKS.saturating_add(A_PROCESS.saturating_mul(number))
        });
    }

    /// From now on processes are looked at anew.
    pub(super) fn look_anew(&mut self) {
        self.asked.iter_mut().for_each(|asked| asked.anew = true);
    }

    /// Finds out about objects of the same criteria before any is locked.
    ///
    /// # Errors
    /// Why that cannot be done, in words.
    pub(super) fn ask(
        &mut self,
        criteria: &'a Criteria,
        subjects: Vec<Subject>,
        scan: Option<Wants>,
        judge: bool,
    ) -> Result<Vec<Finding>, String> {
        let mut question = Question { subjects, scan, judge, anew: false };
        loop {
            match self.put(criteria, &mut question, None) {
                // Whoever did not answer is not asked again.
                Err(Failure::Silent(_)) => {}
                result => return result.map_err(words),
            }
        }
    }

    /// Finds out about objects of the same criteria that are locked. Where one has to be waited for, there is no answer.
    ///
    /// # Errors
    /// Who did not answer.
    pub(super) fn ask_quickly(
        &mut self,
        criteria: &'a Criteria,
        subjects: Vec<Subject>,
        scan: Option<Wants>,
    ) -> Result<Vec<Finding>, Failure> {
        let mut question = Question { subjects, scan, judge: true, anew: false };
        if self.left.is_zero() {
            return Err(Failure::Late);
        }
        let began = Instant::now();
        let found = self.put(criteria, &mut question, Some(Limit { one: ONE_FILE, all: self.left }));
        self.left = self.left.saturating_sub(began.elapsed());
        found
    }

    /// Judges one object that is locked.
    pub(super) fn judge_one(&mut self, place: usize, news: News) -> Result<Finding, Stop> {
        let Some(candidate) = self.candidates.get(place) else { return Err(Stop::Failure(Failure::NoProbe)) };
        let subject = Subject { news: Some(Box::new(news)), ..Subject::new(place) };
        let found = self.ask_quickly(candidate.condition.criteria(), vec![subject], None).map_err(Stop::Failure)?;
        found.into_iter().next().ok_or(Stop::Failure(Failure::NoProbe))
    }

    fn put(
        &mut self,
        criteria: &'a Criteria,
        question: &mut Question,
        limit: Option<Limit>,
    ) -> Result<Vec<Finding>, Failure> {
        let place = self.asked.iter().position(|asked| asked.criteria == criteria).unwrap_or_else(|| {
            let (candidates, mut judge) = (self.candidates, None);
            let answer =
                move |question| answer(judge.get_or_insert_with(|| Judge::new(criteria)), candidates, question);
            self.asked.push(Asked { criteria, probe: Probe::new(answer), anew: false });
            self.asked.len() - 1
        });
        let asked = &mut self.asked[place];
        question.anew = std::mem::take(&mut asked.anew);
        let found = asked.probe.ask(question, limit)?;
        if found.len() == question.subjects.len() { Ok(found) } else { Err(Failure::NoProbe) }
    }
}

/// Why an object goes no further.
pub(super) enum Stop {
    Outcome(Outcome),
    Failure(Failure),
}

impl From<Outcome> for Stop {
    fn from(outcome: Outcome) -> Self {
        Self::Outcome(outcome)
    }
}

/// Why something could not be found out.
pub(super) fn words(failure: Failure) -> String {
    match failure {
        Failure::Silent(pid) => format!("process {pid} does not answer"),
        Failure::Late => "who uses it could not be found out in the time for which it may be closed".to_owned(),
        Failure::NoProbe => "who uses it cannot be looked into: no other process can be started for that".to_owned(),
    }
}

/// What a probe does.
fn answer(judge: &mut Judge, candidates: &[Candidate], question: Question) -> Vec<Finding> {
    let Question { subjects, scan, judge: is_judged, anew } = question;
    if anew {
        judge.look_anew();
    }
    let candidate = |subject: &Subject| candidates.get(subject.place);
    let users = scan.map(|wants| {
        let as_seen = |subject| candidate(subject).map(|candidate| as_seen(candidate, subject));
        Users::scan(&subjects.iter().filter_map(as_seen).collect::<Vec<_>>(), wants)
    });
    let find = |subject: &Subject| {
        let candidate = candidate(subject)?;
        let found = users.as_ref().map(|users| users.of(candidate.object.id).cloned().unwrap_or_default());
        let found = found.filter(|usage| *usage != candidate.usage);
        let news = subject.news.as_deref();
        let usage = found.as_ref().or(news.map(|news| &news.usage)).unwrap_or(&candidate.usage);
        let judged = Object { ctime: news.map_or(candidate.object.ctime, |news| news.ctime), ..candidate.object };
        let verdict = if is_judged { verdict(judge, &judged, usage, &candidate.condition) } else { Ok(()) };
        let last_users = judge.take_last_users(&judged);
        Some(Finding { usage: found.map(Box::new), verdict, last_users })
    };
    subjects.iter().filter_map(find).collect()
}

/// The look by which users are looked for: the mode is the one that an object had before it was locked, which tells who is
/// let in.
fn as_seen(candidate: &Candidate, subject: &Subject) -> Object {
    let Candidate { expected, object: Object { perm, .. }, .. } = candidate;
    let mut object = Object { perm: Perm { mode: perm.mode, ..expected.perm }, ..*expected };
    if let Some(segment) = object.as_segment_mut() {
        segment.nattch = subject.attachments;
    }
    object
}

/// Why an object is to be kept, in words.
fn verdict(judge: &mut Judge, object: &Object, usage: &Usage, condition: &Condition) -> Result<(), String> {
    let (state, is_met): (_, fn(&Judgement) -> bool) = match condition {
        Condition::Unused(_) => {
            let objection = judge.objection(object, usage);
            return objection.map_or(Ok(()), |evidence| Err(may_be_in_use(&evidence)));
        }
        Condition::State(state, _) => (*state, |_| true),
        Condition::CreatorGone(_) => (State::Idle, |judgement| judgement.creator_gone),
    };
    let judgement = judge.judge(object, usage);
    if judgement.state == state && is_met(&judgement) {
        return Ok(());
    }
    let fact = judgement.evidence.first().map(|evidence| format!(": {}", escape(&evidence.fact())));
    let (now, before) = (judgement.state.word(), state.word());
    Err(format!("it is {now} and no longer {before}{}", fact.unwrap_or_default()))
}

/// Why an object that is to go only if it is unused stays.
#[must_use]
pub fn may_be_in_use(evidence: &Evidence) -> String {
    format!("it may be in use: {}", escape(&evidence.fact()))
}
