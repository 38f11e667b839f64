//! Users on their way from a probe: a process that has thousands of segments attached goes once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kind::model::{Kind, ObjectId};
use crate::usage::process::Process;
use crate::usage::users::{Holder, UnseenThreads, Usage, Users};

/// A holder: the place of its process, its mappings, whether one may be written to, and the first address.
type Attached = (u32, u32, bool, u64);

#[derive(Serialize, Deserialize)]
struct Packed {
    processes: Vec<Rc<Process>>,
    usual: BTreeMap<Kind, Usage>,
    /// Usages without holders, and those.
    usages: Vec<(ObjectId, Usage, Vec<Attached>)>,
    unseen: BTreeSet<u32>,
    unseen_threads: UnseenThreads,
}

impl Serialize for Users {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut places: HashMap<*const Process, u32> = HashMap::new();
        let mut processes = Vec::new();
        let mut pack = |holder: &Holder| {
            let place = *places.entry(Rc::as_ptr(&holder.process)).or_insert_with(|| {
                processes.push(Rc::clone(&holder.process));
                u32::try_from(processes.len() - 1).unwrap_or(u32::MAX)
            });
            (place, holder.mappings, holder.writable, holder.address)
        };
        let usages = self.by_object.iter();
        let usages = usages
            .map(|(id, usage)| (*id, usage.without_holders(), usage.holders.iter().map(&mut pack).collect()))
            .collect();
        let (usual, unseen, unseen_threads) = (self.usual.clone(), self.unseen.clone(), self.unseen_threads.clone());
        Packed { processes, usual, usages, unseen, unseen_threads }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Users {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Packed { processes, usual, usages, unseen, unseen_threads } = Packed::deserialize(deserializer)?;
        let unpack = |(place, mappings, writable, address): Attached| {
            let process = Rc::clone(processes.get(place as usize)?);
            Some(Holder { process, mappings, writable, address })
        };
        let by_object = usages.into_iter().map(|(id, usage, holders)| {
            let holders = holders.into_iter().filter_map(unpack).collect();
            (id, Usage { holders, ..usage })
        });
        Ok(Self { usual, by_object: by_object.collect(), unseen, unseen_threads })
    }
}

impl Usage {
    fn without_holders(&self) -> Self {
        Self {
            holders: Vec::new(),
            shown: self.shown,
            hidden_attachments: self.hidden_attachments,
            waiters: self.waiters.clone(),
            hidden_waiters: self.hidden_waiters,
            may_be_paused: self.may_be_paused,
            hidden_why: self.hidden_why.clone(),
            undo: self.undo.clone(),
        }
    }
}
