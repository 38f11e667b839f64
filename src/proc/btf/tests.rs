use proptest::prelude::*;

use super::{Btf, Member, Shape};

/// Everything that is asked of a description.
fn ask(bytes: &[u8]) {
    let names = ["task_struct", "ipc_namespace", "list_head", "outer", "flags", "round", "", "bpf_iter_task"];
    let Some(btf) = Btf::parse(bytes, &names) else { return };
    let _ = btf.function("bpf_iter_task");
    for structure in names.into_iter().filter_map(|name| btf.structure(name)) {
        let _ = structure.size();
        for path in ["sysvsem.undo_list", "ns.inum", "next", "within.b", "circle", "", "a.b.c"] {
            let _ = structure.member(path);
        }
    }
}

/// Types one after the other, and their names.
#[derive(Default)]
struct Made {
    types: Vec<u8>,
    names: Vec<u8>,
}

impl Made {
    fn new() -> Self {
        Self { types: Vec::new(), names: vec![0] }
    }

    fn name(&mut self, name: &str) -> u32 {
        if name.is_empty() {
            return 0;
        }
        let at = self.names.len() as u32;
        self.names.extend(name.as_bytes());
        self.names.push(0);
        at
    }

    fn put(&mut self, name: &str, info: u32, size_or_type: u32, rest: &[u32]) {
        let name = self.name(name);
        for word in [name, info, size_or_type].iter().chain(rest) {
            self.types.extend(word.to_ne_bytes());
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let (types, names) = (self.types.len() as u32, self.names.len() as u32);
        let mut bytes = Vec::from(0xeb9f_u16.to_ne_bytes());
        bytes.extend([1, 0]);
        for word in [24, 0, types, types, names] {
            bytes.extend(u32::to_ne_bytes(word));
        }
        [bytes, self.types.clone(), self.names.clone()].concat()
    }
}

const INT: u32 = 1 << 24;
const PTR: u32 = 2 << 24;
const ARRAY: u32 = 3 << 24;
const STRUCT: u32 = 4 << 24;
const UNION: u32 = 5 << 24;
const TYPEDEF: u32 = 8 << 24;
const FUNCTION: u32 = 12 << 24;
const FLAG: u32 = 1 << 31;

fn example() -> Made {
    let mut made = Made::new();
    made.put("int", INT, 4, &[32]); // 1
    made.put("number_t", TYPEDEF, 1, &[]); // 2
    made.put("", PTR, 0, &[]); // 3: void *
    made.put("", ARRAY, 0, &[1, 1, 0]); // 4
    let (a, b) = (made.name("a"), made.name("b"));
    made.put("", UNION | 2, 8, &[a, 2, 0, b, 3, 0]); // 5
    let (before, list) = (made.name("before"), made.name("list"));
    made.put("outer", STRUCT | 3, 32, &[before, 1, 0, 0, 5, 64, list, 4, 128]); // 6
    let (flag, within) = (made.name("flag"), made.name("within"));
    made.put("flags", STRUCT | FLAG | 2, 64, &[flag, 1, 1 << 24 | 3, within, 6, 32 * 8]); // 7
    made.put("outer", FUNCTION, 0, &[]); // 8: of the same name, and of another kind
    made.put("circle", TYPEDEF, 9, &[]); // 9
    let circle = made.name("circle");
    made.put("round", STRUCT | 2, 8, &[0, 10, 0, circle, 9, 0]); // 10: in itself
    made
}

#[test]
fn members_are_found_through_nameless_structures_and_names() {
    let made = example().bytes();
    let btf = Btf::parse(&made, &["outer", "flags", "round", "none", "oute"]).unwrap();
    let [outer, flags, round] = ["outer", "flags", "round"].map(|name| btf.structure(name).unwrap());
    let member = |offset, shape| Some(Member { offset, shape });
    assert_eq!(outer.member("before"), member(0, Shape::Number(4)));
    assert_eq!(outer.member("a"), member(8, Shape::Number(4)));
    assert_eq!(outer.member("b"), member(8, Shape::Pointer));
    assert_eq!(outer.member("list"), member(16, Shape::Array(4)));
    assert_eq!(flags.member("within.b"), member(40, Shape::Pointer));
    assert_eq!(flags.member("within"), member(32, Shape::Structure(32)));
    assert_eq!((flags.member("flag"), outer.member("c"), outer.member("before.a")), (None, None, None));
    // Neither is followed for ever.
    assert_eq!((round.member("nothing"), round.member("circle")), (None, member(0, Shape::Other)));
    assert_eq!((btf.structure("none").is_none(), outer.size()), (true, Some(32)));
    assert_eq!((btf.function("outer"), btf.function("flags"), btf.function("oute")), (Some(8), None, None));
}

#[test]
fn the_kernels_own_description_is_read() {
    let Ok(bytes) = std::fs::read("/sys/kernel/btf/vmlinux") else {
        return ipcadm_testbed::left_out("what the kernel says of its types (BTF)");
    };
    let btf = Btf::parse(&bytes, &["task_struct", "list_head", "bpf_iter_task"]).expect("a description");
    assert!(btf.function("bpf_iter_task").is_some());
    let (task, list) = (btf.structure("task_struct").expect("tasks"), btf.structure("list_head").expect("lists"));
    assert_eq!(list.member("next"), Some(Member { offset: 0, shape: Shape::Pointer }));
    assert_eq!(task.member("nsproxy").map(|member| member.shape), Some(Shape::Pointer));
    assert_eq!(task.member("tgid").map(|member| member.shape), Some(Shape::Number(4)));
    assert_eq!(task.member("comm").map(|member| member.shape), Some(Shape::Array(1)));
}

/// Of the kernel's description, as much as tests of many changes can afford: the first types, with all names.
fn beginning() -> Option<Vec<u8>> {
    let bytes = std::fs::read("/sys/kernel/btf/vmlinux").ok()?;
    let btf = Btf::parse(&bytes, &[])?;
    let end = *btf.places.get(32)? as usize;
    let made = Made { types: btf.types.get(..end)?.to_vec(), names: btf.names.to_vec() };
    Some(made.bytes())
}

#[test]
fn a_description_that_is_cut_is_not_read() {
    for bytes in [Some(example().bytes()), beginning()].into_iter().flatten() {
        assert!(Btf::parse(&bytes, &[]).is_some());
        let step = (bytes.len() / 300).max(1);
        for len in (0..bytes.len()).step_by(step) {
            assert!(Btf::parse(&bytes[..len], &[]).is_none(), "{len}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        ask(&bytes);
        let mut with_head = example().bytes();
        with_head.truncate(24);
        with_head.extend(bytes);
        ask(&with_head);
    }

    #[test]
    fn no_change_is_too_strange(changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8)) {
        let mut bytes = example().bytes();
        for (at, byte) in changes {
            let len = bytes.len();
            bytes[at % len] = byte;
        }
        ask(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_change_of_the_kernels_own_is_too_strange(changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..64)) {
        if let Some(mut bytes) = beginning() {
            let types = bytes.len() / 8;
            for (at, byte) in changes {
                bytes[at % types] = byte;
            }
            ask(&bytes);
        }
    }
}
