//! The command tree as completion needs it: what can stand where, and where its candidates come from.

use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, Command, CommandFactory};

/// A command.
pub(crate) struct Node {
    /// From the program's name on: `ipcadm shm rm`.
    pub path: String,
    /// Its name, then its aliases, which work but are not offered.
    pub names: Vec<String>,
    /// What it does, in a line.
    pub about: String,
    pub options: Vec<Flag>,
    /// Its words in order; the last may repeat.
    pub operands: Vec<Operand>,
    pub children: Vec<Node>,
}

/// An option.
pub(crate) struct Flag {
    /// `-q`, `--quiet`; the long name is the last.
    pub names: Vec<String>,
    pub help: String,
    /// Whether it may be given again.
    pub repeats: bool,
    pub value: Option<OptionValue>,
}

/// What an option takes.
pub(crate) struct OptionValue {
    pub name: String,
    pub source: Source,
    /// It may be left out, and stands after a `=` only.
    pub optional: bool,
}

/// A word that is no option.
pub(crate) struct Operand {
    pub name: String,
    pub source: Source,
    pub repeats: bool,
    /// It stands after `--`.
    pub last: bool,
}

/// Where candidates come from.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// These words, each with what it means.
    Choices(Vec<(String, String)>),
    /// References, of the kind that the command implies or of all.
    References(Option<String>),
    /// `shm`, `sem`, `msg` or references.
    KindsOrReferences,
    Users,
    Groups,
    /// Names of `ls` columns, separated by commas.
    Columns,
    Files,
    /// A file, to be followed by `:` and a project.
    FileOfKey,
    /// A program and its arguments.
    Program,
    /// Sizes and the like: there is nothing to offer.
    Nothing,
}

impl Source {
    /// By the name that the help gives the value.
    ///
    /// A name that is not here stops the generator: whoever adds one says what is offered for it.
    fn of(value: &str, kind: Option<&str>) -> Source {
        match (value, kind) {
            ("REF", kind) | ("KIND|REF", kind @ Some(_)) => Source::References(kind.map(str::to_owned)),
            ("KIND|REF", None) => Source::KindsOrReferences,
            ("USER", _) => Source::Users,
            ("GROUP", _) => Source::Groups,
            ("COLUMNS", _) => Source::Columns,
            ("PATH|KEY" | "FILE" | "DIR" | "FILE|-", _) => Source::Files,
            ("KIND", _) => Source::Choices(
                ipcadm::kind::model::Kind::ALL.map(|kind| (kind.word().to_owned(), String::new())).to_vec(),
            ),
            ("STATE", _) => Source::Choices(
                ipcadm::usage::state::State::ALL.map(|state| (state.word().to_owned(), String::new())).to_vec(),
            ),
            ("PATH:PROJECT", _) => Source::FileOfKey,
            ("CMD", _) => Source::Program,
            ("AGE" | "DURATION" | "KEY" | "MODE" | "N" | "PID" | "PROCESS", _) => Source::Nothing,
            ("PROJECT" | "SIZE" | "VALUES", _) => Source::Nothing,
            ("BYTE" | "INDEX" | "LINE" | "OP" | "OPS" | "STATUS" | "TEXT" | "VALUE|INDEX=VALUE", _) => Source::Nothing,
            _ => panic!("what is to be offered for {value}? Say so in {}", file!()),
        }
    }
}

/// The whole program.
pub(crate) fn tree() -> Node {
    let mut program = ipcadm::cli::tree::Cli::command();
    // The commands are deferred: they are made when the tree is built.
    program.build();
    node(&program, "", None)
}

fn node(command: &Command, parent: &str, kind: Option<&str>) -> Node {
    let name = command.get_name();
    let path = format!("{parent} {name}").trim_start().to_owned();
    let kind = kind.or(ipcadm::kind::model::Kind::from_word(name.as_bytes()).map(|_| name));
    let (operands, options): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().filter(|arg| !arg.is_hide_set()).partition(|arg| arg.is_positional());
    let children = command.get_subcommands().filter(|child| !child.is_hide_set() && child.get_name() != "help");
    let mut children: Vec<Node> = children.map(|child| node(child, &path, kind)).collect();
    if !children.is_empty() {
        children.push(help(&path, &children));
    }
    Node {
        path,
        names: [name].into_iter().chain(command.get_all_aliases()).map(str::to_owned).collect(),
        about: command.get_about().map(ToString::to_string).unwrap_or_default(),
        options: options.into_iter().map(|option| flag(option, kind)).collect(),
        operands: operands.into_iter().map(|operand| self::operand(operand, kind)).collect(),
        children,
    }
}

/// `help` as clap adds it holds the tree once more; the names of the commands are enough.
fn help(parent: &str, commands: &[Node]) -> Node {
    let choices = commands.iter().map(|node| (node.names[0].clone(), node.about.clone())).collect();
    let command = Operand { name: "COMMAND".to_owned(), source: Source::Choices(choices), repeats: false, last: false };
    Node {
        path: format!("{parent} help"),
        names: vec!["help".to_owned()],
        about: "Print the help of a command".to_owned(),
        options: Vec::new(),
        operands: vec![command],
        children: Vec::new(),
    }
}

fn flag(arg: &Arg, kind: Option<&str>) -> Flag {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let value = arg.get_action().takes_values().then(|| OptionValue {
        name: value_name(arg),
        source: source(arg, kind),
        optional: arg.is_require_equals_set(),
    });
    Flag {
        names: short.into_iter().chain(long).collect(),
        help: help_line(arg),
        repeats: matches!(arg.get_action(), ArgAction::Append | ArgAction::Count),
        value,
    }
}

fn operand(arg: &Arg, kind: Option<&str>) -> Operand {
    let repeats = arg.get_num_args().is_some_and(|range| range.max_values() > 1);
    Operand { name: value_name(arg), source: source(arg, kind), repeats, last: arg.is_last_set() }
}

fn value_name(arg: &Arg) -> String {
    arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string).unwrap_or_default()
}

fn source(arg: &Arg, kind: Option<&str>) -> Source {
    let choices: Vec<PossibleValue> = arg.get_possible_values();
    if choices.is_empty() {
        return Source::of(&value_name(arg), kind);
    }
    let shown = choices.iter().filter(|choice| !choice.is_hide_set());
    let help = |choice: &PossibleValue| choice.get_help().map(ToString::to_string).unwrap_or_default();
    Source::Choices(shown.map(|choice| (choice.get_name().to_owned(), help(choice))).collect())
}

fn help_line(arg: &Arg) -> String {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    help.lines().next().unwrap_or_default().to_owned()
}

impl Node {
    /// This command and all below it.
    pub(crate) fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Node)) {
        visit(self);
        self.children.iter().for_each(|child| child.walk(visit));
    }

    /// The path with each of its names at the end.
    pub(crate) fn spellings(&self) -> Vec<String> {
        let parent = self.path.strip_suffix(self.names[0].as_str()).unwrap_or_default();
        self.names.iter().map(|name| format!("{parent}{name}")).collect()
    }
}

/// The names of the columns, each with what it means.
pub(crate) fn columns() -> impl Iterator<Item = (&'static str, &'static str)> {
    ipcadm::listing::fields::FIELDS.iter().map(|field| (field.name, field.meaning))
}
