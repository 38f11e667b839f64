//! The selectors, the same on every command that takes many objects.

use std::time::Duration;

use clap::Args;

use crate::commands::shared::judging;
use crate::commands::shared::options::{count, duration, group, non_empty, size, user};
use crate::error::Result;
use crate::kind::model::KindSet;
use crate::listing::select::{KeyPattern, Selection};
use crate::object::mode::ModeFilter;
use crate::sys::Pid;
use crate::usage::bystanders::Bystander;
use crate::usage::criteria::{Criteria, GRACE};
use crate::usage::state::State;

/// Which objects are meant. Different selectors must all match; of a repeated one, any.
#[derive(Debug, Args)]
#[command(next_help_heading = "Selectors")]
pub(crate) struct SelectorArgs {
    /// Owned by USER, a name or number
    #[arg(long, value_name = "USER", value_parser = non_empty)]
    owner: Vec<String>,
    /// Not owned by USER
    #[arg(long, value_name = "USER", value_parser = non_empty)]
    not_owner: Vec<String>,
    /// Of group GROUP, a name or number
    #[arg(long, value_name = "GROUP", value_parser = non_empty)]
    group: Vec<String>,
    /// Created by USER
    #[arg(long, value_name = "USER", value_parser = non_empty)]
    creator: Vec<String>,
    /// With this key, or keys beginning so: '0x0d4d*'
    #[arg(long, value_name = "KEY", value_parser = key_pattern)]
    key: Vec<KeyPattern>,
    /// Without this key
    #[arg(long, value_name = "KEY", value_parser = key_pattern)]
    not_key: Vec<KeyPattern>,
    /// Without a key
    #[arg(long, conflicts_with = "keyed")]
    private: bool,
    /// With a key
    #[arg(long)]
    keyed: bool,
    /// With mode 0640 exactly, any bit of /022, or all bits of -022
    #[arg(long, value_name = "MODE", value_parser = mode_filter, allow_hyphen_values = true)]
    mode: Vec<ModeFilter>,
    /// Segments larger, queues holding more than SIZE
    #[arg(long, value_name = "SIZE", value_parser = size, allow_negative_numbers = true)]
    larger: Option<u64>,
    /// Segments smaller, queues holding less than SIZE
    #[arg(long, value_name = "SIZE", value_parser = size, allow_negative_numbers = true)]
    smaller: Option<u64>,
    /// Last activity longer ago than AGE
    #[arg(long, value_name = "AGE", value_parser = duration, allow_negative_numbers = true)]
    older_than: Option<Duration>,
    /// Last activity less long ago than AGE
    #[arg(long, value_name = "AGE", value_parser = duration, allow_negative_numbers = true)]
    newer_than: Option<Duration>,
    /// Segments that are attached
    #[arg(long, conflicts_with = "unattached")]
    attached: bool,
    /// Segments that are not attached
    #[arg(long)]
    unattached: bool,
    /// Queues without messages
    #[arg(long)]
    empty: bool,
    /// Held, waited for, created or last used by process PID
    #[arg(long, value_name = "PID", value_parser = pid, allow_negative_numbers = true)]
    pid: Vec<Pid>,
    /// In STATE: doomed, active, unknown, idle, dormant or orphan
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Vec<State>,
    /// Same as --state orphan
    #[arg(long)]
    orphan: bool,
    /// Take an object for idle whose last activity is younger than AGE (default: 10m)
    #[arg(long, value_name = "AGE", value_parser = duration, allow_negative_numbers = true)]
    grace: Option<Duration>,
    /// Segments whose creator is gone, and that the only living process which may use them has detached
    #[arg(long)]
    creator_gone: bool,
    /// Take it that PROCESS uses no object it was not seen to use: a number, a program or a NAME.service
    #[arg(long, value_name = "PROCESS", value_parser = bystander)]
    bystander: Vec<Bystander>,
}

fn bystander(text: &str) -> std::result::Result<Bystander, String> {
    Bystander::parse_word(text)
}

fn pid(text: &str) -> std::result::Result<Pid, String> {
    match count::<i32>(text)? {
        0 => Err("is no process".to_owned()),
        number => Ok(Pid::new(number)),
    }
}

fn state(text: &str) -> std::result::Result<State, String> {
    State::from_word(text).ok_or_else(|| {
        let words = State::ALL.map(State::word).join(", ");
        format!("is no state; states are {words}")
    })
}

fn key_pattern(text: &str) -> std::result::Result<KeyPattern, String> {
    KeyPattern::parse(text).map_err(|error| error.to_string())
}

fn mode_filter(text: &str) -> std::result::Result<ModeFilter, String> {
    ModeFilter::parse(text).map_err(|error| error.to_string())
}

impl SelectorArgs {
    /// Looks up the names in it.
    ///
    /// # Errors
    /// A usage error for an unknown user or group.
    pub(crate) fn selection(&self, kinds: KindSet) -> Result<Selection> {
        let users = |option: &str, names: &[String]| names.iter().map(|name| user(option, name)).collect::<Result<_>>();
        let either = |yes: bool, no: bool| if yes { Some(true) } else { no.then_some(false) };
        Ok(Selection {
            kinds,
            owners: users("--owner", &self.owner)?,
            not_owners: users("--not-owner", &self.not_owner)?,
            groups: self.group.iter().map(|name| group("--group", name)).collect::<Result<_>>()?,
            creators: users("--creator", &self.creator)?,
            keys: self.key.clone(),
            not_keys: self.not_key.clone(),
            private: either(self.private, self.keyed),
            modes: self.mode.clone(),
            larger: self.larger,
            smaller: self.smaller,
            older_than: self.older_than,
            newer_than: self.newer_than,
            attached: either(self.attached, self.unattached),
            empty: self.empty,
            pids: self.pid.clone(),
            states: self.state.iter().copied().chain(self.orphan.then_some(State::Orphan)).collect(),
            creator_gone: self.creator_gone,
            criteria: Criteria { grace: self.grace(), ..Criteria::default() },
        })
    }

    /// By what states are judged; says what is wrong with the bystanders of this machine.
    pub(crate) fn criteria(&self) -> Criteria {
        judging::criteria(self.grace(), &self.bystander)
    }

    /// The processes that are taken for bystanders in this run.
    pub(crate) fn bystanders(&self) -> &[Bystander] {
        &self.bystander
    }

    /// The grace age of states.
    pub(crate) fn grace(&self) -> Duration {
        self.grace.unwrap_or(GRACE)
    }

    /// Whether one was given that asks who uses an object, or for the grace age of that.
    pub(crate) fn by_use(&self) -> bool {
        self.orphan
            || self.creator_gone
            || self.grace.is_some()
            || !(self.pid.is_empty() && self.state.is_empty() && self.bystander.is_empty())
    }

    /// Whether any selector was given. The grace age alone selects nothing.
    pub(crate) fn any(&self) -> bool {
        let lists = [&self.owner, &self.not_owner, &self.group, &self.creator];
        lists.iter().any(|list| !list.is_empty())
            || !(self.key.is_empty() && self.not_key.is_empty() && self.mode.is_empty())
            || !(self.pid.is_empty() && self.state.is_empty())
            || [self.private, self.keyed, self.attached, self.unattached, self.empty, self.orphan, self.creator_gone]
                .contains(&true)
            || [self.larger, self.smaller].iter().any(Option::is_some)
            || [self.older_than, self.newer_than].iter().any(Option::is_some)
    }
}
