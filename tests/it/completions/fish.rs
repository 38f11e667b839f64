//! The script for fish: functions by hand, a table of the commands, then a `complete` line for whatever can stand.

use crate::completions::tree::{Flag, Node, Operand, Source, columns};

const ENGINE: &str = include_str!("engine.fish");

pub(crate) fn script(tree: &Node) -> String {
    let columns: String =
        columns().map(|(name, meaning)| format!(" \\\n        {}", quoted(&format!("{name}\t{meaning}")))).collect();
    let mut text = ENGINE.replace(" @VALUE_OPTIONS@", &value_options(tree)).replace(" @COLUMNS@", &columns);
    text.push_str("# Prints where a command and the next word lead, if that is a command.\n");
    text.push_str("function __ipcadm_enter\n    switch $argv[1]\n");
    tree.walk(&mut |node| {
        let spellings: Vec<String> = node.spellings().iter().map(|path| quoted(path)).collect();
        text.push_str(&format!("        case {}\n            echo {}\n", spellings.join(" "), quoted(&node.path)));
    });
    text.push_str("        case '*'\n            return 1\n    end\nend\n\ncomplete -c ipcadm -f\n");
    tree.walk(&mut |node| {
        text.push('\n');
        node.children.iter().for_each(|child| {
            let rest = format!("-a {} -d {}", child.names[0], quoted(&child.about));
            text.push_str(&line(node, "", &rest));
        });
        node.options.iter().for_each(|option| text.push_str(&line(node, "", &self::option(option))));
        node.operands.iter().for_each(|operand| text.push_str(&self::operand(node, operand)));
    });
    text
}

/// The options before a command that take the next word.
fn value_options(tree: &Node) -> String {
    let mut names: Vec<&str> = Vec::new();
    tree.walk(&mut |node| {
        let options = node.options.iter().filter(|_| !node.children.is_empty());
        let takers = options.filter(|option| option.value.as_ref().is_some_and(|value| !value.optional));
        names.extend(takers.flat_map(|option| &option.names).map(String::as_str));
    });
    names.sort_unstable();
    names.dedup();
    names.iter().map(|name| format!(" {name}")).collect()
}

fn line(node: &Node, condition: &str, rest: &str) -> String {
    format!("complete -c ipcadm -n '__ipcadm_at {}{condition}' {rest}\n", node.path)
}

fn option(option: &Flag) -> String {
    let mut text = String::new();
    for name in &option.names {
        match name.strip_prefix("--") {
            Some(long) => text.push_str(&format!("-l {long} ")),
            None => text.push_str(&format!("-s {} ", name.trim_start_matches('-'))),
        }
    }
    text.push_str(&format!("-d {}", quoted(&option.help)));
    match &option.value {
        Some(value) if !value.optional => {
            text.push_str(if matches!(value.source, Source::Files | Source::FileOfKey) { " -r" } else { " -x" });
            text.push_str(&candidates(&value.source));
        }
        _ => {}
    }
    text
}

fn operand(node: &Node, operand: &Operand) -> String {
    let condition = match operand.last {
        true => "; and __ipcadm_after_dashes",
        false if node.operands.iter().any(|operand| operand.last) => "; and not __ipcadm_after_dashes",
        false => "",
    };
    match operand.source {
        Source::Nothing => String::new(),
        _ => line(node, condition, candidates(&operand.source).trim_start()),
    }
}

fn candidates(source: &Source) -> String {
    match source {
        Source::Choices(choices) => {
            // The list is read once more, so it has quotes of its own.
            let choices: Vec<String> =
                choices.iter().map(|(word, meaning)| format!("{word}\\t{}", quoted(meaning))).collect();
            format!(" -a {}", quoted(&choices.join(" ")))
        }
        Source::References(None) => " -a '(__ipcadm_references)'".to_owned(),
        Source::References(Some(kind)) => format!(" -a '(__ipcadm_references {kind})'"),
        Source::KindsOrReferences => " -a 'shm sem msg (__ipcadm_references)'".to_owned(),
        Source::Users => " -a '(__fish_complete_users)'".to_owned(),
        Source::Groups => " -a '(__fish_complete_groups)'".to_owned(),
        Source::Columns => " -a '(__fish_complete_list , __ipcadm_columns)'".to_owned(),
        Source::Files | Source::FileOfKey => " -F".to_owned(),
        Source::Program => " -a '(__ipcadm_program)'".to_owned(),
        Source::Nothing => String::new(),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}
