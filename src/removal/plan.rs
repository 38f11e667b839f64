//! Plans in files: what is to be removed, each object with all that must still be so.

use std::collections::HashSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::kind::model::Object;
use crate::object::difference::{Named, Part, first_difference};
use crate::object::snapshot::{Snapshot, write_time};
use crate::proc::sysctl;
use crate::removal::choose::NEVER;
use crate::render::escape::escape;
use crate::sys::{Timestamp, clock, namespace};
use crate::usage::bystanders::Bystander;
use crate::usage::state::{Judgement, State};

pub const VERSION: u32 = 1;
/// No plan is longer: enough for as many objects as there can be.
pub const MOST_BYTES: u64 = 256 << 20;
/// An object that changed so shortly before the plan was written may be one that took the identifier of another within
/// the second that times are told in.
const SETTLED: i64 = 2;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub ipcadm_plan: u32,
    pub version: String,
    /// Of which run of the machine it is.
    pub boot: String,
    pub namespace: u64,
    /// When it was written, `2026-11-21T05:13:50Z`.
    pub time: String,
    /// The command line that chose the objects.
    pub arguments: Vec<String>,
    /// The grace age of the states, in seconds.
    pub grace: u64,
    /// The processes that were taken for bystanders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bystanders: Vec<String>,
    /// Whether queues go with their unread messages.
    pub discard_messages: bool,
    pub objects: Vec<Entry>,
}

/// An object of a plan, and what was concluded about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Entry {
    /// As it was judged.
    #[serde(flatten)]
    pub object: Snapshot,
    pub state: String,
    /// Whether its creator was gone and the only living user had detached it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub creator_gone: bool,
    /// Facts for people.
    pub evidence: Vec<String>,
}

/// The parts of which it is said that they differ. If others do, the object was used or changed.
const TOLD: [Named; 5] = {
    const ANOTHER: &str = "it is another object";
    const OWNER_OR_MODE: &str = "its owner or mode was changed";
    [
        (Part::Key, ANOTHER),
        (Part::Creator, ANOTHER),
        (Part::CreatingProcess, ANOTHER),
        (Part::Permissions, OWNER_OR_MODE),
        (Part::Owner, OWNER_OR_MODE),
    ]
};

impl Entry {
    /// From an object and what was concluded about it.
    #[must_use]
    pub fn of(object: &Object, judgement: &Judgement) -> Self {
        Self {
            object: Snapshot::of(object),
            state: judgement.state.word().to_owned(),
            creator_gone: judgement.creator_gone,
            evidence: judgement.evidence.iter().map(|evidence| escape(&evidence.fact()).into_owned()).collect(),
        }
    }

    #[must_use]
    pub fn state(&self) -> Option<State> {
        State::from_word(&self.state).filter(|state| !NEVER.contains(state))
    }

    /// In what `object`, as it was just judged, is not what was planned; None when in nothing.
    #[must_use]
    pub fn difference(&self, object: &Object, judgement: &Judgement) -> Option<String> {
        if judgement.state.word() != self.state {
            let fact = judgement.evidence.first().map(|evidence| format!(": {}", escape(&evidence.fact())));
            let (now, before) = (judgement.state.word(), escape(&self.state));
            return Some(format!("it is {now} and no longer {before}{}", fact.unwrap_or_default()));
        }
        let is_same = Snapshot::of(object) == self.object && judgement.creator_gone == self.creator_gone;
        let told = || self.object.object().and_then(|planned| first_difference(&planned, object, &TOLD));
        (!is_same).then(|| format!("{} since it was planned", told().unwrap_or("it was used or changed")))
    }
}

impl Plan {
    /// A plan of this moment.
    ///
    /// # Errors
    /// When `/proc` does not tell where this is; why, in words.
    pub fn new(
        objects: Vec<Entry>,
        grace: Duration,
        bystanders: Vec<String>,
        discard_messages: bool,
        arguments: Vec<String>,
    ) -> Result<Self, String> {
        Ok(Self {
            ipcadm_plan: VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            boot: sysctl::boot_id().ok_or("/proc does not tell the boot id")?,
            namespace: namespace::ipc().ok_or("/proc does not tell the IPC namespace")?,
            time: write_time(Timestamp::new(clock::now())).unwrap_or_default(),
            arguments,
            grace: grace.as_secs(),
            bystanders,
            discard_messages,
            objects,
        })
    }

    /// Reads a plan, and sees that it is one of this machine, since it was started, and of this namespace.
    ///
    /// # Errors
    /// Why it is refused, in words.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        // The version first: another one may have other fields.
        let version: Version =
            serde_json::from_slice(text).map_err(|_| "it is no plan, or a damaged one".to_owned())?;
        if version.ipcadm_plan != VERSION {
            return Err(format!("it is of version {}, and this program knows {VERSION}", version.ipcadm_plan));
        }
        let plan: Self = serde_json::from_slice(text).map_err(|error| {
            let text = error.to_string();
            format!("it is damaged: {}", escape(text.split(" at line ").next().unwrap_or_default()))
        })?;
        let mut seen = HashSet::with_capacity(plan.objects.len());
        for (number, entry) in plan.objects.iter().enumerate() {
            let id = entry.object.id().filter(|_| entry.state().is_some());
            if !id.is_some_and(|id| seen.insert(id)) {
                return Err(format!("it is damaged: object {} is impossible or there twice", number + 1));
            }
        }
        if plan.written().is_none() {
            return Err("it is damaged: its time is none".to_owned());
        }
        Ok(plan)
    }

    /// Why this is not where and when the plan was made; None when it is.
    #[must_use]
    pub fn foreign(&self) -> Option<&'static str> {
        if sysctl::boot_id().as_deref() != Some(&self.boot) {
            return Some("it was written before the machine was started, or on another one");
        }
        (namespace::ipc() != Some(self.namespace)).then_some("it was written in another IPC namespace")
    }

    /// The processes that were taken for bystanders.
    ///
    /// # Errors
    /// What is wrong with one of them, in words.
    pub fn bystanders(&self) -> Result<Vec<Bystander>, String> {
        let parse = |word: &String| {
            Bystander::parse_word(word).map_err(|why| format!("it is damaged: '{}' {why}", escape(word)))
        };
        self.bystanders.iter().map(parse).collect()
    }

    fn written(&self) -> Option<i64> {
        self.time.parse().ok().map(|time: jiff::Timestamp| time.as_second())
    }

    /// Whether `object` had not changed for long enough when the plan was written.
    #[must_use]
    pub fn is_settled(&self, object: &Object) -> bool {
        self.written().is_some_and(|written| object.ctime.seconds() <= written.saturating_sub(SETTLED))
    }
}

#[derive(Deserialize)]
struct Version {
    ipcadm_plan: u32,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Entry, Plan};
    use crate::object::snapshot::Snapshot;

    fn plan() -> Plan {
        let object = Snapshot { kind: "sem".into(), id: 5, key: "0x00000000".into(), ..Snapshot::default() };
        let entry = Entry { object, state: "orphan".into(), ..Entry::default() };
        Plan::new(vec![entry], Duration::from_secs(600), vec!["snmpd".into()], false, vec!["clean".into()]).unwrap()
    }

    #[test]
    fn what_is_written_reads_back() {
        let text = serde_json::to_string(&plan()).unwrap();
        assert_eq!(Plan::parse(text.as_bytes()), Ok(plan()));
        assert_eq!(plan().foreign(), None);
        assert!(Plan { boot: "other".into(), ..plan() }.foreign().is_some());
        assert!(Plan { namespace: 1, ..plan() }.foreign().is_some());
    }

    #[test]
    fn a_damaged_plan_is_refused() {
        let good = serde_json::to_string(&plan()).unwrap();
        for (from, to) in [
            ("\"ipcadm_plan\":1", "\"ipcadm_plan\":2"),
            ("\"kind\":\"sem\"", "\"kind\":\"pipe\""),
            ("\"id\":5", "\"id\":-5"),
            ("\"id\":5", "\"id\":5,\"id\":5"),
            ("\"uid\":0", "\"uid\":-1"),
            ("\"state\":\"orphan\"", "\"state\":\"active\""),
            ("\"state\":\"orphan\"", "\"state\":\"orphan\",\"more\":1"),
            ("\"time\":\"2", "\"time\":\"x"),
            ("\"grace\":600", "\"grace\":-1"),
        ] {
            let bad = good.replace(from, to);
            assert_ne!(bad, good, "{from}");
            assert!(Plan::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        for len in [0, 1, good.len() / 2, good.len() - 1] {
            assert!(Plan::parse(&good.as_bytes()[..len]).is_err());
        }
        let twice = Plan { objects: [plan().objects, plan().objects].concat(), ..plan() };
        assert!(Plan::parse(&serde_json::to_vec(&twice).unwrap()).is_err());
    }

    proptest! {
        #[test]
        fn no_plan_is_too_strange(text: Vec<u8>) {
            let _ = Plan::parse(&text);
        }
    }
}
