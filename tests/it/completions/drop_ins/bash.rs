//! For bash.

use super::{COLUMNS, COMMON_COLUMNS, KINDS, Tool, Value, head};
use crate::completions::bash::wrapped;

pub(crate) fn script(tool: &Tool) -> String {
    let name = tool.name;
    let mut text = head("bash", tool);
    text.push_str(&format!(
        "_ipcadm_{name}() {{
    local IFS=$' \\t\\n' typed=${{COMP_WORDS[COMP_CWORD]}} option='' prefix='' words=''
    [[ $COMP_CWORD -eq 0 ]] || option=${{COMP_WORDS[COMP_CWORD - 1]}}
    COMPREPLY=()
    # '=' may break words, or not.
    if [[ $typed == = ]]; then
        typed='' option+='='
    elif [[ $option == = ]]; then
        option=${{COMP_WORDS[COMP_CWORD - 2]}}=
    elif [[ $typed == --*=* ]]; then
        option=${{typed%%=*}}= prefix=${{typed%%=*}}= typed=${{typed#*=}}
    elif [[ $option == -[!-]* ]]; then
        # Of -vm the last can take a value.
        option=-${{option: -1}}
    fi
    case $option in
"
    ));
    for option in &tool.options {
        let (command, optional) = match option.value {
            Value::None => continue,
            Value::Free => ("return".to_owned(), false),
            Value::Ids(kind) => (format!("words=$(_ipcadm_{name}_objects id {kind})"), false),
            Value::IdsOfKind => (format!("words=$(_ipcadm_{name}_objects id \"$(_ipcadm_{name}_kind)\")"), false),
            Value::Keys(kind) => (format!("words=$(_ipcadm_{name}_objects key {kind} --keyed)"), false),
            Value::Words(words) => (format!("words='{words}'"), false),
            Value::OptionalWords(words) => (format!("words='{words}'"), true),
            Value::Columns => (format!("_ipcadm_{name}_columns"), false),
        };
        let long = format!("--{}", option.long);
        let patterns = match (option.short, optional) {
            (_, true) => format!("{long}="),
            (Some(short), false) => format!("-{short} | {long} | {long}="),
            (None, false) => format!("{long} | {long}="),
        };
        text.push_str(&format!("        {patterns}) {command} ;;\n"));
    }
    let options: Vec<String> = tool.options.iter().flat_map(super::Flag::names).collect();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    text.push_str("        *=) return ;;\n        *)\n            if [[ $typed == -* ]]; then\n");
    text.push_str(&format!("                words='{}'\n", wrapped(&options, "                    ")));
    if tool.old_form {
        text.push_str(&format!(
            "            elif [[ $COMP_CWORD -eq 1 ]]; then
                words='shm msg sem'
            elif [[ ${{COMP_WORDS[1]}} == @(shm|msg|sem) ]]; then
                words=$(_ipcadm_{name}_objects id \"${{COMP_WORDS[1]}}\")
"
        ));
    }
    text.push_str("            fi\n            ;;\n    esac\n");
    text.push_str("    mapfile -t COMPREPLY < <(compgen -W \"$words\" -P \"$prefix\" -- \"$typed\")\n}\n\n");
    text.push_str(&helpers(tool));
    text.push_str(&format!("complete -F _ipcadm_{name} {name}\n"));
    text
}

fn helpers(tool: &Tool) -> String {
    let name = tool.name;
    let mut text = String::new();
    if tool.takes_ids_of_kind() || tool.takes_keys() {
        text.push_str(&format!(
            "# Prints a column of the objects of a kind.
_ipcadm_{name}_objects() {{
    [[ -z $2 ]] || command ipcadm ls \"${{@:2}}\" --no-header -o \"$1\" 2>/dev/null </dev/null
}}

"
        ));
    }
    if tool.takes_ids_of_kind() {
        let arms: String = KINDS
            .iter()
            .map(|(short, long, kind)| {
                format!("        [[ $word != -*([!-o]){short}* && $word != --{long} ]] || kind={kind}\n")
            })
            .collect();
        text.push_str(&format!(
            "# Prints the kind that the words ask for.
_ipcadm_{name}_kind() {{
    local word kind=''
    for word in \"${{COMP_WORDS[@]:1}}\"; do
{arms}    done
    echo \"$kind\"
}}

"
        ));
    }
    if tool.takes_columns() {
        let arms: String = COLUMNS
            .iter()
            .map(|(kind, columns)| match *kind {
                "" => format!("        '') words='{columns}' ;;\n"),
                kind => format!("        {kind}) words='{COMMON_COLUMNS} {columns}' ;;\n"),
            })
            .collect();
        text.push_str(&format!(
            "# Sets words to columns, and what is before the last comma aside.
_ipcadm_{name}_columns() {{
    prefix+=${{typed%\"${{typed##*[,+]}}\"}}
    typed=${{typed##*[,+]}}
    case $(_ipcadm_{name}_kind) in
{arms}    esac
    compopt -o nospace 2>/dev/null
}}

"
        ));
    }
    text
}
