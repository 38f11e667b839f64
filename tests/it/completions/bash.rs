//! The script for bash: the engine by hand, then the tree as a table for it.

use crate::completions::tree::{Node, Source, columns};

const ENGINE: &str = include_str!("engine.bash");

pub(crate) fn script(tree: &Node) -> String {
    let mut text = ENGINE.to_owned();
    let names: Vec<&str> = columns().map(|(name, _)| name).collect();
    text.push_str(&format!("_ipcadm_columns='{}'\n\n", wrapped(&names, "    ")));
    text.push_str(
        "# Goes to the command of this path and says what it has. An option that takes a\n\
         # value has the source after a colon; '...' marks what repeats.\n\
         _ipcadm_enter() {\n    case $1 in\n",
    );
    tree.walk(&mut |node| text.push_str(&arm(node)));
    text.push_str("        *) return 1 ;;\n    esac\n}\n\ncomplete -F _ipcadm ipcadm\n");
    text
}

fn arm(node: &Node) -> String {
    let patterns: Vec<String> = node.spellings().iter().map(|path| format!("'{path}'")).collect();
    let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
    let commands: Vec<&str> = node.children.iter().map(|child| child.names[0].as_str()).collect();
    let operands: Vec<String> = node
        .operands
        .iter()
        .map(|operand| source(&operand.source) + if operand.repeats { "..." } else { "" })
        .collect();
    let options: Vec<String> = node
        .options
        .iter()
        .flat_map(|option| {
            let value = option.value.as_ref().filter(|value| !value.optional);
            let value = value.map(|value| format!(":{}", source(&value.source))).unwrap_or_default();
            option.names.iter().map(move |name| format!("{name}{value}"))
        })
        .collect();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    format!(
        "        {})\n            path='{}'\n            commands='{}'\n            operands='{}'\n            \
         options='{}'\n            ;;\n",
        patterns.join(" | "),
        node.path,
        commands.join(" "),
        operands.join(" "),
        wrapped(&options, "                "),
    )
}

fn source(source: &Source) -> String {
    match source {
        Source::Choices(choices) => choices.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(","),
        Source::References(None) => "@references".to_owned(),
        Source::References(Some(kind)) => format!("@references:{kind}"),
        Source::KindsOrReferences => "@kinds-or-references".to_owned(),
        Source::Users => "@users".to_owned(),
        Source::Groups => "@groups".to_owned(),
        Source::Columns => "@columns".to_owned(),
        Source::Files => "@files".to_owned(),
        Source::FileOfKey => "@file-of-key".to_owned(),
        Source::Program => "@program".to_owned(),
        Source::Nothing => "@nothing".to_owned(),
    }
}

/// The words in lines that are not too long.
pub(crate) fn wrapped(words: &[&str], indent: &str) -> String {
    let mut text = String::new();
    let mut width = 0;
    for word in words {
        if width + word.len() > 90 {
            text.push_str(&format!("\n{indent}"));
            width = 0;
        } else if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
        width += word.len() + 1;
    }
    text
}
