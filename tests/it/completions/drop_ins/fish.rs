//! For fish: a `complete` line for each option.

use super::{COLUMNS, COMMON_COLUMNS, Flag, KINDS, Tool, Value, head};

pub(crate) fn script(tool: &Tool) -> String {
    let name = tool.name;
    let mut text = head("fish", tool);
    text.push_str(&helpers(tool));
    text.push_str(&format!("complete -c {name} -f\n"));
    tool.options.iter().for_each(|option| text.push_str(&line(tool, option)));
    if tool.old_form {
        text.push_str(&format!(
            "complete -c {name} -n '__fish_is_first_arg' -a 'shm msg sem'
complete -c {name} -n '__ipcadm_{name}_old_form' -a '(__ipcadm_{name}_objects id (commandline -opc)[2])'
"
        ));
    }
    text
}

fn line(tool: &Tool, option: &Flag) -> String {
    let name = tool.name;
    let value = match option.value {
        Value::None => String::new(),
        Value::Free => " -x".to_owned(),
        Value::Ids(kind) => format!(" -x -a '(__ipcadm_{name}_objects id {kind})'"),
        Value::IdsOfKind => format!(" -x -a '(__ipcadm_{name}_objects id (__ipcadm_{name}_kind))'"),
        Value::Keys(kind) => format!(" -x -a '(__ipcadm_{name}_objects key {kind} --keyed)'"),
        Value::Words(words) => format!(" -x -a '{words}'"),
        // Without -x it stands in the same word or not at all.
        Value::OptionalWords(words) => format!(" -a '{words}'"),
        Value::Columns => format!(" -x -a '(__fish_complete_list , __ipcadm_{name}_columns)'"),
    };
    let short = option.short.map(|short| format!(" -s {short}")).unwrap_or_default();
    format!("complete -c {name}{short} -l {}{value} -d '{}'\n", option.long, option.help)
}

fn helpers(tool: &Tool) -> String {
    let name = tool.name;
    let mut text = String::new();
    if tool.takes_ids_of_kind() || tool.takes_keys() {
        text.push_str(&format!(
            "# A column of the objects of a kind, with owner and contents.
function __ipcadm_{name}_objects
    set -q argv[2]
    and command ipcadm ls $argv[2..-1] --no-header -o $argv[1],owner,contents 2>/dev/null </dev/null |
        string replace -r '^\\s*(\\S+)\\s+' '$1\\t'
end

"
        ));
    }
    if tool.old_form {
        text.push_str(&format!(
            "function __ipcadm_{name}_old_form
    set -l words (commandline -opc)
    contains -- \"$words[2]\" shm msg sem
end

"
        ));
    }
    if tool.takes_ids_of_kind() {
        text.push_str(&format!("# The kind that the words ask for.\nfunction __ipcadm_{name}_kind\n"));
        for (number, (short, long, kind)) in KINDS.iter().enumerate() {
            let word = if number == 0 { "if" } else { "else if" };
            text.push_str(&format!("    {word} __fish_contains_opt -s {short} {long}\n        echo {kind}\n"));
        }
        text.push_str("    end\nend\n\n");
    }
    if tool.takes_columns() {
        text.push_str(&format!(
            "function __ipcadm_{name}_columns
    # There may be a + before them all.
    set -l sign (string match -r '(?:^|=)(\\+)[^,]*$' -- (commandline -ct))[2]
    switch (__ipcadm_{name}_kind)
"
        ));
        for (kind, columns) in COLUMNS {
            let (kind, columns) = match kind {
                "" => ("'*'", columns.to_owned()),
                kind => (kind, format!("{COMMON_COLUMNS} {columns}")),
            };
            text.push_str(&format!("        case {kind}\n            string replace -r '^' \"$sign\" {columns}\n"));
        }
        text.push_str("    end\nend\n\n");
    }
    text
}
