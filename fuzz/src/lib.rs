//! What must hold of ipcadm's parsers and writers, whatever they are given. A module for each target of the fuzzer;
//! each has a function `check` that panics when a property does not hold.

pub mod archive;
pub mod archraw;
pub mod btf;
pub mod cmdline;
pub mod compat;
pub mod elf;
pub mod jsonfiles;
pub mod keep;
pub mod messages;
pub mod object;
pub mod proc;
pub mod render;
pub mod seeds;
mod support;

/// A target: its name, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 12] = [
    ("proc", proc::check),
    ("elf", elf::check),
    ("object", object::check),
    ("messages", messages::check),
    ("render", render::check),
    ("compat", compat::check),
    ("jsonfiles", jsonfiles::check),
    ("archive", archive::check),
    ("archraw", archraw::check),
    ("cmdline", cmdline::check),
    ("keep", keep::check),
    ("btf", btf::check),
];

#[cfg(test)]
mod tests {
    use ipcadm::archive::read::Archive;
    use ipcadm::proc::btf::{Btf, Shape};
    use ipcadm::sys::memory::file_of;

    use super::{TARGETS, seeds};

    /// Inputs a target is given, besides the seeds. libFuzzer tries millions; these show that a target works.
    const CHANGED: usize = 1000;

    /// A small generator of random numbers (xorshift), the same in every run.
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % end.max(1) as u64) as usize
        }

        /// `bytes` with a few changes.
        fn change(&mut self, mut bytes: Vec<u8>, others: &[Vec<u8>]) -> Vec<u8> {
            for _ in 0..=self.below(4) {
                let at = self.below(bytes.len() + 1);
                match self.below(5) {
                    0 => bytes.truncate(at),
                    1 => bytes.insert(at, self.below(256) as u8),
                    2 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                    3 if at < bytes.len() => drop(bytes.remove(at)),
                    _ => {
                        let other = &others[self.below(others.len())];
                        let from = self.below(other.len() + 1);
                        let end = (from + self.below(16)).min(other.len());
                        bytes.splice(at..at, other[from..end].iter().copied());
                    }
                }
            }
            bytes
        }
    }

    /// Where all seeds are refused, nothing behind the first check is tried.
    #[test]
    fn some_seeds_are_whole_archives() {
        let read =
            |bytes: &Vec<u8>| Archive::read(file_of(bytes).expect("a file")).is_ok_and(|it| !it.items.is_empty());
        let taken = seeds::of("archraw").iter().filter(|bytes| read(bytes)).count();
        assert!(taken >= 3, "{taken} are taken");
    }

    #[test]
    fn the_seed_describes_a_structure() {
        let seed = crate::btf::seed();
        let types = Btf::parse(&seed, &["task_struct"]).expect("a description");
        let structure = types.structure("task_struct").expect("the structure");
        assert!(structure.member("x").is_some_and(|member| member.shape == Shape::Number(4)));
    }

    #[test]
    fn the_properties_hold_of_the_seeds_and_what_is_near_them() {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for (name, check) in TARGETS {
            // Shown when it fails.
            println!("{name}");
            let seeds = seeds::of(name);
            assert!(!seeds.is_empty(), "{name} has no seeds");
            check(b"");
            seeds.iter().for_each(|seed| check(seed));
            for _ in 0..CHANGED {
                let bytes = seeds[random.below(seeds.len())].clone();
                check(&random.change(bytes, &seeds));
            }
        }
    }
}
