//! Whether systemd-logind removes an object when its owner logs out.

use std::collections::HashMap;

use crate::kind::model::Object;
use crate::proc::logind::{Policy, SystemUsers};
use crate::sys::{Uid, accounts};
use crate::usage::evidence::fact;
use crate::usage::state::Evidence;

/// The policy, read when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct Logout {
    policy: Option<Option<(Policy, SystemUsers)>>,
    /// What is said of objects of each owner.
    owners: HashMap<Uid, Option<Evidence>>,
}

impl Logout {
    /// Evidence that it does.
    pub(super) fn removes(&mut self, object: &Object) -> Option<Evidence> {
        let policy = self.policy.get_or_insert_with(|| Policy::read().map(|policy| (policy, SystemUsers::read())));
        let (policy, system) = policy.as_ref().filter(|(policy, _)| policy.removes)?;
        let uid = object.perm.uid;
        let evidence = self.owners.entry(uid).or_insert_with(|| {
            (!system.has(uid)).then(|| {
                let name = accounts::user_name(uid).unwrap_or_else(|| uid.to_string());
                fact(format!("systemd-logind removes it when {name} logs out (RemoveIPC=yes)"), policy.source.clone())
            })
        });
        evidence.clone()
    }
}
