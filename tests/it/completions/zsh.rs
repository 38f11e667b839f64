//! The script for zsh: a function for each command, which hands its options and operands to `_arguments`.

use crate::completions::tree::{Flag, Node, Operand, Source, columns};

const ENGINE: &str = include_str!("engine.zsh");

pub(crate) fn script(tree: &Node) -> String {
    let columns: String = columns().map(|(name, meaning)| format!("        {}\n", described(name, meaning))).collect();
    let mut text = ENGINE.replace("@COLUMNS@", &columns);
    tree.walk(&mut |node| text.push_str(&function(node)));
    // Autoloaded from $fpath, the file is the body of the function; sourced, it defines the function.
    text.push_str(
        "if [[ $funcstack[1] == _ipcadm ]]; then\n    _ipcadm \"$@\"\nelse\n    compdef _ipcadm ipcadm\nfi\n",
    );
    text
}

fn name(node: &Node) -> String {
    format!("_{}", node.path.replace(' ', "_"))
}

fn function(node: &Node) -> String {
    let mut specs: Vec<String> = node.options.iter().map(option).collect();
    if node.children.is_empty() {
        specs.extend(node.operands.iter().map(operand));
        let specs = specs.join(" \\\n        ");
        return format!("{}() {{\n    _arguments -s -S : \\\n        {specs}\n}}\n\n", name(node));
    }
    specs.push("'(-): :->command'".to_owned());
    specs.push("'(-)*:: :->rest'".to_owned());
    let commands: String =
        node.children.iter().map(|child| format!("        {}\n", described(&child.names[0], &child.about))).collect();
    let arms: String = node
        .children
        .iter()
        .map(|child| format!("                {}) {} && ret=0 ;;\n", child.names.join(" | "), name(child)))
        .collect();
    format!(
        "{}() {{
    local context state state_descr line ret=1
    typeset -A opt_args
    local -a subcommands=(\n{commands}    )
    _arguments -s -S -C : \\
        {} && ret=0
    case $state in
        command) _describe -t commands command subcommands && ret=0 ;;
        rest)
            local curcontext=\"${{curcontext%:*:*}}:{}-$words[1]:\"
            case $words[1] in
{arms}            esac
            ;;
    esac
    return ret
}}

",
        name(node),
        specs.join(" \\\n        "),
        node.path.replace(' ', "-"),
    )
}

/// An entry for `_describe`.
fn described(name: &str, meaning: &str) -> String {
    quoted(&format!("{}:{}", name.replace(':', "\\:"), meaning.replace('\\', "\\\\")))
}

fn option(option: &Flag) -> String {
    let value = match &option.value {
        None => String::new(),
        Some(value) => {
            let colon = if value.optional { "::" } else { ":" };
            format!("{colon}{}:{}", escaped(&value.name), action(&value.source))
        }
    };
    // A long name takes its value after '=' or in the next word, a short one also in the same word.
    let sign = |name: &str| match &option.value {
        None => "",
        Some(value) if value.optional => "=-",
        Some(_) if name.starts_with("--") => "=",
        Some(_) => "+",
    };
    let spec = format!("[{}]{value}", escaped(&option.help));
    let repeats = if option.repeats { "*" } else { "" };
    match option.names.as_slice() {
        [one] => quoted(&format!("{repeats}{one}{}{spec}", sign(one))),
        names => {
            let others = if option.repeats { "*".to_owned() } else { format!("({})", names.join(" ")) };
            let names: Vec<String> = names.iter().map(|name| format!("{name}{}", sign(name))).collect();
            format!("{}{{{}}}{}", quoted(&others), names.join(","), quoted(&spec))
        }
    }
}

fn operand(operand: &Operand) -> String {
    let action = action(&operand.source);
    let name = escaped(&operand.name);
    quoted(&match operand.source {
        Source::Program => format!("*:::{name}:{action}"),
        _ if operand.repeats => format!("*:{name}:{action}"),
        _ => format!(":{name}:{action}"),
    })
}

fn action(source: &Source) -> String {
    match source {
        Source::Choices(choices) => {
            let choices: Vec<String> = choices
                .iter()
                .map(|(word, meaning)| {
                    format!("{word}\\:\"{}\"", meaning.replace(['"', '$', '`', '\\'], "").replace(':', "\\:"))
                })
                .collect();
            format!("(({}))", choices.join(" "))
        }
        // After a blank `_arguments` adds no arguments of its own.
        Source::References(None) => " __ipcadm_references".to_owned(),
        Source::References(Some(kind)) => format!(" __ipcadm_references {kind}"),
        Source::KindsOrReferences => "__ipcadm_kinds_or_references".to_owned(),
        Source::Users => "_users".to_owned(),
        Source::Groups => "_groups".to_owned(),
        Source::Columns => "__ipcadm_columns".to_owned(),
        Source::Files | Source::FileOfKey => "_files".to_owned(),
        Source::Program => "_normal".to_owned(),
        Source::Nothing => " ".to_owned(),
    }
}

/// Escapes what `_arguments` would take for its own.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if matches!(c, '\\' | '[' | ']' | ':') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
