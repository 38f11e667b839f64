//! Objects that benches make.

use ipcadm_testbed::{Kind, Namespace, make};

/// Lets there be as many objects of each kind as the kernel can have.
pub(crate) fn raise_limits(namespace: &Namespace) {
    namespace.sysctl("shmmni", 32_768);
    namespace.sysctl("sem", "250 1024000000 500 32768");
    namespace.sysctl("msgmni", 32_768);
}

/// Makes so many objects of a kind, all with keys. Returns their ids.
pub(crate) fn create(kind: Kind, number: usize) -> Vec<i32> {
    let first: i32 = 0x1bc0_0001;
    let one = |key| match kind {
        Kind::Shm => make::shm(key, 4096, 0o600),
        Kind::Sem => make::sem(key, 1, 0o600),
        Kind::Msg => make::msg(key, 0o600),
    };
    (first..).take(number).map(one).collect()
}

/// Removes all objects.
pub(crate) fn clear(namespace: &Namespace) {
    for kind in Kind::ALL {
        namespace.ids(kind).into_iter().for_each(|id| make::remove(kind, id));
    }
}
