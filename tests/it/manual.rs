//! The manual pages say what the program does: every command, option, column and exit status is in its page, none is
//! there that does not exist, and the examples work.
//!
//! In a literal block of EXAMPLES, a line that begins with `$ ` is a command; the commands of a block are run in order
//! by one `sh` that finds the drop-ins by their names, and each must end with 0, or with N where the line ends with
//! `# status N`. Other lines show what may be printed and are not compared.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use clap::{Command, CommandFactory as _};
use ipcadm::cli::tree::Cli;
use ipcadm::error::{OWN_FAILURE, Status};
use ipcadm::kind::model::Kind;
use ipcadm::listing::fields::FIELDS;
use ipcadm_testbed::{Folder, drop_in, fresh, ipcadm_path, source, tool};

type Names = BTreeSet<String>;

/// The names of util-linux's tools; each has a page.
const DROP_INS: [&str; 4] = ["ipcs", "ipcrm", "ipcmk", "lsipc"];

fn man() -> PathBuf {
    source("man")
}

fn page(name: &str) -> String {
    fs::read_to_string(man().join(name)).unwrap_or_else(|error| panic!("man/{name}: {error}"))
}

/// The names of all pages.
fn pages() -> Vec<String> {
    let entries = fs::read_dir(man()).expect("there is man/");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    assert!(names.len() > 10, "{names:?}");
    names
}

/// The lines of a section.
fn section<'a>(page: &'a str, title: &str) -> Vec<&'a str> {
    let start = format!(".Sh {title}");
    page.lines().skip_while(|line| *line != start).skip(1).take_while(|line| !line.starts_with(".Sh ")).collect()
}

/// What the `.It MACRO …` lines name, each macro's first argument.
fn items<'a>(lines: impl IntoIterator<Item = &'a str>, makro: &str) -> Names {
    let start = format!(".It {makro} ");
    let mut names = Names::new();
    for line in lines.into_iter().filter(|line| line.starts_with(&start)) {
        let words: Vec<&str> = line.split(' ').collect();
        let named = words.windows(2).filter(|pair| pair[0] == makro).map(|pair| pair[1].to_owned());
        names.extend(named);
    }
    names
}

/// The options of a page, as `-v` and `--verbose`.
fn documented(page: &str) -> Names {
    items(page.lines(), "Fl").into_iter().map(|name| format!("-{name}")).collect()
}

/// The options that the help of a command shows.
fn options(command: &Command) -> Names {
    let visible = command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set());
    let names = visible.flat_map(|arg| {
        let short = arg.get_short().map(|short| format!("-{short}"));
        short.into_iter().chain(arg.get_long().map(|long| format!("--{long}")))
    });
    names.collect()
}

fn tree() -> Command {
    let mut tree = Cli::command();
    tree.build();
    tree
}

/// Every visible command below `command` with the name of its page. What stands under the kinds too has the page of
/// the plain command.
fn walk<'a>(command: &'a Command, path: &[&'a str], found: &mut Vec<(String, &'a Command)>) {
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        let path = [path, &[sub.get_name()]].concat();
        let shared =
            Kind::from_word(path[0].as_bytes()).is_some() && found.iter().any(|(page, _)| *page == name(&path[1..]));
        found.push((name(if shared { &path[1..] } else { &path }), sub));
        walk(sub, &path, found);
    }
}

fn name(path: &[&str]) -> String {
    format!("ipcadm-{}.1", path.join("-"))
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> Names {
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn every_option_is_in_its_page_and_no_other() {
    let tree = tree();
    let common = options(&tree);
    assert_eq!(documented(&page("ipcadm.1")), common, "ipcadm.1 (left) against the help of ipcadm");
    let mut found = Vec::new();
    walk(&tree, &[], &mut found);
    assert!(found.iter().any(|(page, _)| page == "ipcadm-shm-attach.1"));
    for (name, command) in &found {
        let has = options(command);
        let documented = documented(&page(name));
        let missing: Vec<_> = has.difference(&common).filter(|option| !documented.contains(*option)).collect();
        assert!(missing.is_empty(), "{name} lacks {missing:?}");
        let unknown: Vec<_> = documented.difference(&has).filter(|option| !common.contains(*option)).collect();
        assert!(unknown.is_empty(), "{name} has {unknown:?}, which the command has not");
    }
    let others = ["ipcadm.1", "ipcadm-compat.1"].map(str::to_owned);
    let drop_ins = DROP_INS.map(|tool| format!("{tool}.1"));
    let commands: Names = found.into_iter().map(|(page, _)| page).chain(others).chain(drop_ins).collect();
    let pages: Names = pages().into_iter().filter(|page| page.ends_with(".1")).collect();
    assert_eq!(pages, commands, "pages (left) against commands");
}

/// The options that a help shows as util-linux does, with what they mean after two blanks or in the next line:
/// ` -m, --shmems  TEXT`, `     --time-format=<type>  TEXT`, ` -a, --all[=shm|msg|sem]  TEXT`.
fn options_of_help(help: &str) -> Names {
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let heads = lines.map(|line| line.split("  ").next().unwrap_or_default());
    let words = heads.flat_map(|head| head.split([' ', ',', '=', '[', '<']).filter(|word| word.starts_with('-')));
    words.map(str::to_owned).collect()
}

#[test]
fn the_options_of_a_help_are_found() {
    let help = "Usage: x -u\n\nOptions:\n -i, --id <id>  one, not -x\n     --form=<form>  short or --long\n \
                -a, --all[=shm|msg]  all\n  -n, --name NAME, --other\nColumns:\n   USE%  in percent, --no option\n";
    assert_eq!(options_of_help(help), set(["-i", "--id", "--form", "-a", "--all", "-n", "--name", "--other"]));
}

/// Options for POSIX objects are refused: a help may pass over them, and their section in the page names them all.
#[test]
fn every_option_of_a_drop_in_is_in_its_page_and_no_other() {
    for tool in DROP_INS {
        let help = drop_in(tool, ["--help"]).run().ok().stderr_empty().stdout_str();
        let shown = options_of_help(&help);
        let page = page(&format!("{tool}.1"));
        let missing: Vec<_> = shown.difference(&documented(&page)).cloned().collect();
        assert!(missing.is_empty(), "{tool}.1 lacks {missing:?}");
        let works = page.split(".Sh POSIX OBJECTS").next().unwrap_or_default();
        let unknown: Vec<_> = documented(works).difference(&shown).cloned().collect();
        assert!(unknown.is_empty(), "{tool}.1 has {unknown:?}, which its help has not");
    }
}

/// In the help of lsipc a column is a line of its own: blanks, its name in capitals, two blanks, what it means.
#[test]
fn every_column_of_lsipc_is_in_its_page_and_no_other() {
    let help = drop_in("lsipc", ["--help"]).run().ok().stdout_str();
    let lines = help.lines().filter_map(|line| line.starts_with("  ").then(|| line.trim_start().split_once("  "))?);
    let is_column = |name: &str| name.chars().all(|c| c.is_ascii_uppercase() || c == '%');
    let columns: Names = lines.filter(|(name, _)| is_column(name)).map(|(name, _)| name.to_owned()).collect();
    assert!(columns.len() > 20, "{columns:?}");
    assert_eq!(items(page("lsipc.1").lines(), "Cm"), columns, "lsipc.1 (left) against its help");
}

/// By this line the installation tells them from util-linux's.
#[test]
fn pages_of_drop_ins_say_whose_they_are() {
    for tool in DROP_INS {
        assert!(page(&format!("{tool}.1")).starts_with(".\\\" A drop-in of ipcadm.\n"), "{tool}.1");
    }
}

#[test]
fn every_field_is_in_the_pages_and_no_other() {
    let all = set(FIELDS.iter().map(|field| field.name));
    assert_eq!(items(page("ipcadm-ls.1").lines(), "Cm"), all, "ipcadm-ls.1 (left) against the fields");
    let exact = set(FIELDS.iter().filter(|field| field.exact).map(|field| field.name));
    let json = page("ipcadm-json.5");
    let objects = section(&json, "OBJECTS");
    let fields = objects.iter().take_while(|line| **line != ".El").copied();
    assert_eq!(items(fields, "Cm"), exact, "ipcadm-json.5 (left) against the fields");
    for field in FIELDS.iter().filter(|field| !field.exact) {
        assert!(json.contains(&format!(".Sq {}\n", field.name)), "ipcadm-json.5 lacks {}", field.name);
    }
}

#[test]
fn every_exit_status_is_in_the_page() {
    let page = page("ipcadm.1");
    let own = u32::from(OWN_FAILURE);
    let statuses: Vec<String> = Status::ALL
        .map(|status| u32::from(status.code()))
        .into_iter()
        .chain([own, own + 1, own + 2])
        .map(|status| status.to_string())
        .collect();
    let shown: Vec<&str> =
        section(&page, "EXIT STATUS").into_iter().filter_map(|line| line.strip_prefix(".It ")).collect();
    assert_eq!(shown, statuses);
    let readme = fs::read_to_string(source("README.md")).expect("README.md");
    let table = readme.lines().skip_while(|line| *line != "## Exit statuses").skip(4);
    let shown: Vec<&str> =
        table.map_while(|line| line.split('|').nth(1)).flat_map(|cell| cell.trim().split(", ")).collect();
    assert_eq!(shown, statuses);
}

#[test]
fn every_command_is_in_the_main_page() {
    let main = page("ipcadm.1");
    let (tree, mut commands) = (tree(), Vec::new());
    walk(&tree, &[], &mut commands);
    for (name, _) in commands {
        let name = name.strip_suffix(".1").unwrap_or(&name);
        assert!(main.contains(&format!("\n.Xr {name} 1")), "ipcadm.1 does not refer to {name}");
    }
}

#[test]
fn pages_refer_to_pages() {
    let names = pages();
    for name in &names {
        let text = page(name);
        assert!(!section(&text, "EXAMPLES").is_empty(), "{name} has no examples");
        for line in text.lines().filter_map(|line| line.strip_prefix(".Xr ")) {
            let words: Vec<&str> = line.split(' ').collect();
            if !words[0].starts_with("ipcadm") && !DROP_INS.contains(&words[0]) {
                continue;
            }
            let target = format!("{}.{}", words[0], words[1]);
            assert!(names.contains(&target), "{name} refers to {target}");
        }
    }
}

/// The commands of a literal block with the status each is to end with.
fn commands(block: &[&str]) -> Vec<(String, u8)> {
    let commands = block.iter().filter_map(|line| line.strip_prefix("$ "));
    commands
        .map(|command| {
            let status = command.rsplit_once("# status ").map_or("0", |(_, status)| status);
            let status = status.parse().unwrap_or_else(|error| panic!("{command}: {error}"));
            // The escapes that a manual page may need in a literal text.
            (command.replace("\\e", "\\").replace("\\(aq", "'").replace("\\-", "-"), status)
        })
        .collect()
}

/// The literal blocks of a page's examples.
fn blocks(page: &str) -> Vec<Vec<(String, u8)>> {
    let lines = section(page, "EXAMPLES");
    let blocks = lines.split(|line| *line == ".Ed").filter_map(|block| {
        let start = block.iter().position(|line| line.starts_with(".Bd -literal"))?;
        Some(commands(&block[start + 1..]))
    });
    blocks.collect()
}

/// A script that stops at the first command with another status.
fn script(commands: &[(String, u8)]) -> String {
    let mut script = String::new();
    for (number, (command, status)) in commands.iter().enumerate() {
        script.push_str(&format!(
            "{command}\ngot=$?; test $got -eq {status} || \
             {{ echo \"command {} ended with status $got instead of {status}\" >&2; exit 99; }}\n",
            number + 1
        ));
    }
    script
}

#[test]
fn the_examples_work() {
    let own = ipcadm_path();
    let names = Folder::new("manual");
    DROP_INS.iter().for_each(|tool| symlink(&own, names.join(tool)).unwrap());
    let own = own.parent().expect("the program is in a folder").display();
    let path = format!("{}:{own}:{}", names.display(), std::env::var("PATH").unwrap_or_default());
    let mut run = 0;
    for name in pages() {
        for (number, commands) in blocks(&page(&name)).iter().enumerate() {
            assert!(!commands.is_empty(), "{name}: example {number} has no command");
            let _ns = fresh();
            let dir = Folder::new("manual");
            let outcome = tool("sh", ["-c", &script(commands)]).env("PATH", &path).dir(&dir).run();
            assert_eq!(outcome.status, Some(0), "{name}, example {}\n{outcome}", number + 1);
            run += 1;
        }
    }
    assert!(run > 15, "only {run} examples were found");
}
