//! Scripts for the names `ipcs`, `ipcrm`, `ipcmk` and `lsipc`: small files of their own, as they are installed with
//! the names and not with `ipcadm`. These tools have no command tree; here is what they take.

mod bash;
mod fish;
mod test;
mod zsh;

use std::fmt::Write as _;

/// A tool.
pub(crate) struct Tool {
    pub name: &'static str,
    pub options: Vec<Flag>,
    /// It takes `shm|msg|sem ID...`.
    pub old_form: bool,
}

/// An option.
pub(crate) struct Flag {
    pub short: Option<char>,
    pub long: &'static str,
    pub help: &'static str,
    pub value: Value,
}

/// What an option takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    None,
    /// Something that cannot be offered.
    Free,
    /// Identifiers of this kind.
    Ids(&'static str),
    /// Identifiers of the kind that another option names.
    IdsOfKind,
    /// Keys of objects of this kind.
    Keys(&'static str),
    /// One of these words.
    Words(&'static str),
    /// One of these words, but only behind a `=`.
    OptionalWords(&'static str),
    /// Columns of the kind that another option names, separated by commas.
    Columns,
}

/// The options that choose the kind, and the kind.
pub(crate) const KINDS: [(char, &str, &str); 3] =
    [('m', "shmems", "shm"), ('q', "queues", "msg"), ('s', "semaphores", "sem")];

/// The columns of `lsipc`: those of all kinds, then those of each kind; without a kind there are limits.
pub(crate) const COMMON_COLUMNS: &str = "KEY ID OWNER PERMS CUID CUSER CGID CGROUP UID USER GID GROUP CTIME";
pub(crate) const COLUMNS: [(&str, &str); 4] = [
    ("shm", "SIZE NATTCH STATUS ATTACH DETACH COMMAND CPID LPID"),
    ("msg", "USEDBYTES MSGS SEND RECV LSPID LRPID"),
    ("sem", "NSEMS OTIME"),
    ("", "RESOURCE DESCRIPTION LIMIT USED USE%"),
];

const fn flag(short: char, long: &'static str, help: &'static str, value: Value) -> Flag {
    Flag { short: Some(short), long, help, value }
}

const fn long(long: &'static str, help: &'static str, value: Value) -> Flag {
    Flag { short: None, long, help, value }
}

pub(crate) fn tools() -> [Tool; 4] {
    [
        Tool { name: "ipcs", options: all([kinds(), ipcs()]), old_form: false },
        Tool { name: "ipcrm", options: all([ipcrm()]), old_form: true },
        Tool { name: "ipcmk", options: all([ipcmk()]), old_form: false },
        Tool { name: "lsipc", options: all([kinds(), lsipc()]), old_form: false },
    ]
}

/// These, and what every tool has.
fn all<const N: usize>(options: [Vec<Flag>; N]) -> Vec<Flag> {
    let common = vec![
        flag('h', "help", "Print a summary of the options", Value::None),
        flag('V', "version", "Print the version", Value::None),
    ];
    options.into_iter().chain([common]).flatten().collect()
}

fn kinds() -> Vec<Flag> {
    let help = ["Segments", "Queues", "Semaphore sets"];
    KINDS.iter().zip(help).map(|((short, long, _), help)| flag(*short, long, help, Value::None)).collect()
}

fn ipcs() -> Vec<Flag> {
    vec![
        flag('a', "all", "All kinds", Value::None),
        flag('t', "time", "Times", Value::None),
        flag('p', "pid", "Processes", Value::None),
        flag('c', "creator", "Creators and owners", Value::None),
        flag('l', "limits", "Limits", Value::None),
        flag('u', "summary", "How much there is", Value::None),
        flag('i', "id", "All about one object", Value::IdsOfKind),
        long("human", "Sizes with units", Value::None),
        flag('b', "bytes", "Sizes in bytes", Value::None),
    ]
}

fn ipcrm() -> Vec<Flag> {
    vec![
        flag('m', "shmem-id", "The segment of this identifier", Value::Ids("shm")),
        flag('q', "queue-id", "The queue of this identifier", Value::Ids("msg")),
        flag('s', "semaphore-id", "The set of this identifier", Value::Ids("sem")),
        flag('M', "shmem-key", "The segment of this key", Value::Keys("shm")),
        flag('Q', "queue-key", "The queue of this key", Value::Keys("msg")),
        flag('S', "semaphore-key", "The set of this key", Value::Keys("sem")),
        flag('a', "all", "All, or all of a kind", Value::OptionalWords("shm msg sem")),
        flag('v', "verbose", "Say what is being removed", Value::None),
    ]
}

fn ipcmk() -> Vec<Flag> {
    vec![
        flag('M', "shmem", "A segment of so many bytes", Value::Free),
        flag('S', "semaphore", "A set of so many semaphores", Value::Free),
        flag('Q', "queue", "A queue", Value::None),
        flag('p', "mode", "Who may use them, in octal", Value::Free),
    ]
}

fn lsipc() -> Vec<Flag> {
    vec![
        flag('g', "global", "Limits and their use", Value::None),
        flag('i', "id", "One object", Value::IdsOfKind),
        flag('o', "output", "Columns", Value::Columns),
        flag('t', "time", "Times too", Value::None),
        flag('c', "creator", "Creators and owners too", Value::None),
        flag('l', "list", "A table", Value::None),
        flag('J', "json", "JSON", Value::None),
        flag('r', "raw", "Columns separated by one blank", Value::None),
        flag('e', "export", "NAME=\"value\" pairs", Value::None),
        flag('n', "newline", "NAME=\"value\" pairs, one a line", Value::None),
        flag('b', "bytes", "Sizes in bytes", Value::None),
        flag('P', "numeric-perms", "Permissions in octal", Value::None),
        long("noheadings", "No line of headings", Value::None),
        long("notruncate", "Do not cut columns", Value::None),
        long("time-format", "Form of times", Value::Words("short full iso")),
        flag('y', "shell", "Headings for shell variables", Value::None),
    ]
}

impl Tool {
    pub(crate) fn takes_columns(&self) -> bool {
        self.options.iter().any(|option| option.value == Value::Columns)
    }

    pub(crate) fn takes_ids_of_kind(&self) -> bool {
        self.options.iter().any(|option| option.value == Value::IdsOfKind)
    }

    pub(crate) fn takes_keys(&self) -> bool {
        self.options.iter().any(|option| matches!(option.value, Value::Keys(_)))
    }
}

impl Flag {
    /// `-m`, `--shmem-id`.
    pub(crate) fn names(&self) -> Vec<String> {
        let short = self.short.map(|short| format!("-{short}"));
        short.into_iter().chain([format!("--{}", self.long)]).collect()
    }
}

/// The names of the scripts and their texts.
pub(crate) fn generated() -> Vec<(String, String)> {
    let scripts = tools().into_iter().flat_map(|tool| {
        [
            (format!("{}.bash", tool.name), bash::script(&tool)),
            (format!("_{}", tool.name), zsh::script(&tool)),
            (format!("{}.fish", tool.name), fish::script(&tool)),
        ]
    });
    scripts.collect()
}

/// What every script begins with. By its second line the installation knows ours from others'.
fn head(shell: &str, tool: &Tool) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "# {shell} completion for {}.", tool.name);
    text.push_str("# A drop-in of ipcadm.\n#\n# Generated by tests/it/completions; change it there.\n\n");
    text
}
