//! Judges objects that are about to be removed, by a probe that may be given up: no object stays locked for long because
//! a process does not answer.

use std::fmt;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::kind::model::Object;
use crate::proc::probe::{Failure, Limit, Probe};
use crate::proc::reader::processes;
use crate::removal::{Candidate, Condition, Outcome};
use crate::render::escape::escape;
use crate::sys::Pid;
use crate::usage::criteria::Criteria;
use crate::usage::judge::Judge;
use crate::usage::state::{Evidence, State};
use crate::usage::users::{Usage, Users, Wants};

/// How long one file of a process may take while objects are locked.
const ONE_FILE: Duration = Duration::from_millis(200);
/// How long all looks at a batch may take while it is locked, however often it is tried again; and how much longer for
/// each process that there is, as each is looked at.
const ALL_LOOKS: Duration = Duration::from_millis(500);
const A_PROCESS: Duration = Duration::from_micros(200);

/// An object, and what is to be found out about it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Subject {
    /// The look by which its users are looked for.
    pub(super) scanned: Object,
    /// The look by which it is judged: from before anything of our own touched it.
    pub(super) judged: Object,
    /// Its users, unless they are looked for.
    pub(super) usage: Usage,
    pub(super) wanted: Wanted,
}

/// The verdict that is asked for: a condition without its criteria.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Wanted {
    State(State),
    CreatorGone,
    Unused,
}

impl Subject {
    /// What is to be found out about `candidate`.
    pub(super) fn new(candidate: &Candidate) -> Self {
        let wanted = match candidate.condition {
            Condition::State(state, _) => Wanted::State(state),
            Condition::CreatorGone(_) => Wanted::CreatorGone,
            Condition::Unused(_) => Wanted::Unused,
        };
        Self { scanned: candidate.expected, judged: candidate.object, usage: candidate.usage.clone(), wanted }
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
    /// Its users, if they were looked for.
    pub(super) usage: Usage,
    /// Why it is to be kept, in words.
    pub(super) verdict: Result<(), String>,
    /// Who changed the semaphores of a set last, as far as judging took to ask.
    pub(super) last_users: Option<Vec<Pid>>,
}

/// A probe that judges by some criteria.
struct Asked {
    criteria: Criteria,
    probe: Probe<'static, Question, Vec<Finding>>,
    /// Whether its findings about processes are out of date.
    anew: bool,
}

/// A probe for each set of criteria. What they find out about processes holds for one moment; what they read of programs
/// and libraries holds for a run.
#[derive(Default)]
pub struct Judges {
    asked: Vec<Asked>,
    /// What looks at a batch may take while it is locked; found out with the first.
    allowed: Option<Duration>,
    /// What is left of it.
    left: Duration,
}

impl fmt::Debug for Judges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judges").field("left", &self.left).finish_non_exhaustive()
    }
}

impl Judges {
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
        criteria: &Criteria,
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
        criteria: &Criteria,
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
    pub(super) fn judge_one(&mut self, candidate: &Candidate, subject: Subject) -> Result<Finding, Stop> {
        let found = self.ask_quickly(candidate.condition.criteria(), vec![subject], None).map_err(Stop::Failure)?;
        found.into_iter().next().ok_or(Stop::Failure(Failure::NoProbe))
    }

    fn put(
        &mut self,
        criteria: &Criteria,
        question: &mut Question,
        limit: Option<Limit>,
    ) -> Result<Vec<Finding>, Failure> {
        let place = self.asked.iter().position(|asked| asked.criteria == *criteria).unwrap_or_else(|| {
            let own = criteria.clone();
            let mut judge = None;
            let answer = move |question| answer(judge.get_or_insert_with(|| Judge::new(&own)), question);
            self.asked.push(Asked { criteria: criteria.clone(), probe: Probe::new(answer), anew: false });
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
fn answer(judge: &mut Judge, question: Question) -> Vec<Finding> {
    let Question { mut subjects, scan, judge: is_judged, anew } = question;
    if anew {
        judge.look_anew();
    }
    if let Some(wants) = scan {
        let objects: Vec<Object> = subjects.iter().map(|subject| subject.scanned).collect();
        let users = Users::scan(&objects, wants);
        for subject in &mut subjects {
            subject.usage = users.of(subject.scanned.id).cloned().unwrap_or_default();
        }
    }
    let find = |subject: Subject| {
        let verdict = if is_judged { verdict(judge, &subject) } else { Ok(()) };
        let last_users = judge.take_last_users(&subject.judged);
        Finding { usage: if scan.is_some() { subject.usage } else { Usage::default() }, verdict, last_users }
    };
    subjects.into_iter().map(find).collect()
}

/// Why an object is to be kept, in words.
fn verdict(judge: &mut Judge, subject: &Subject) -> Result<(), String> {
    let Subject { judged, usage, wanted, .. } = subject;
    let state = match wanted {
        Wanted::Unused => {
            let objection = judge.objection(judged, usage);
            return objection.map_or(Ok(()), |evidence| Err(may_be_in_use(&evidence)));
        }
        Wanted::State(state) => *state,
        Wanted::CreatorGone => State::Idle,
    };
    let judgement = judge.judge(judged, usage);
    if judgement.state == state && (matches!(wanted, Wanted::State(_)) || judgement.creator_gone) {
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
