//! Starting: with nothing to list, and for one operation on a semaphore.

use std::env;
use std::path::PathBuf;

use crate::support::figure::{self, Target};
use crate::support::race::race_of;
use crate::support::run::{Folder, Run, drop_in, ipcadm, limit, tool};
use ipcadm_testbed::{fresh, make};

const ROUNDS: usize = 301;
const STATIC: &str = "IPCADM_STATIC";

/// All figures.
pub(crate) fn run() {
    let folder = Folder::new();
    let static_program = static_program(&folder);
    let _namespace = fresh();
    figure::table(&format!(
        "Starting, medians of {ROUNDS} runs; the static program is that of {STATIC}, or of 'make static'"
    ));
    // What a login has comes last; in the other, ipcs has nothing to load.
    for (locale, most, most_static) in
        [("C", [1.4, 1.1], [Target::AtMost(0.85), Target::AtMost(0.4)]), ("C.UTF-8", [1.1, 0.9], [Target::Open; 2])]
    {
        let of_static = |name: &str, args: &[&str]| Run::new(&format!("static {name}"), static_program.clone(), args);
        let runs = [
            tool("ipcs", []),
            ipcadm(["ls"]),
            drop_in("ipcs", []),
            of_static("ipcadm", &["ls"]),
            of_static("ipcs", &[]).named("ipcs"),
            limit([], &folder).label("a C program that does nothing"),
            tool("lsipc", ["-m"]),
            drop_in("lsipc", ["-m"]),
        ];
        let race = race_of(ROUNDS, &runs.map(|run| run.locale(locale)), &folder);
        race.cpu(1, 0, Target::AtMost(most[0]));
        race.cpu(2, 0, Target::AtMost(most[1]));
        race.cpu(3, 0, most_static[0]);
        race.cpu(4, 0, most_static[1]);
        race.cpu(5, 0, Target::Open);
        race.cpu(7, 6, Target::AtMost(most[1]));
    }

    let set = make::sem(0, 1, 0o600);
    make::setall(set, &[1]);
    let id = set.to_string();
    let lock = folder.path("lock");
    let runs = [
        ipcadm(["sem", "op", &id, "0+1", "0-1"]),
        tool("true", []),
        ipcadm(["sem", "run", &id, "--", "true"]),
        tool("flock", [&lock, "true"]).label("flock FILE true"),
    ];
    let race = race_of(ROUNDS, &runs, &folder);
    race.cpu(0, 1, Target::Open);
    race.cpu(2, 3, Target::Open);
    assert_eq!(make::getall(set, 1), [1]);
}

/// A copy of the program that needs no libraries, if it was built.
fn static_program(folder: &Folder) -> Option<PathBuf> {
    let built = || {
        let this = env::current_exe().ok()?;
        // target/release/deps/benches-…
        Some(this.ancestors().nth(3)?.join("x86_64-unknown-linux-musl/release/ipcadm"))
    };
    let original = env::var_os(STATIC).map(PathBuf::from).or_else(built).filter(|program| program.is_file())?;
    Some(folder.program(&original))
}
