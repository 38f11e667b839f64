//! For zsh: what `_arguments` is to be given.

use super::{COLUMNS, COMMON_COLUMNS, Flag, KINDS, Tool, Value, head};

pub(crate) fn script(tool: &Tool) -> String {
    let name = tool.name;
    let mut text = format!("#compdef {name}\n{}", head("zsh", tool));
    text.push_str(&helpers(tool));
    let mut specs: Vec<String> = tool.options.iter().map(|option| spec(tool, option)).collect();
    if tool.old_form {
        specs.push(format!("'*:kind or identifier: _ipcadm_{name}_old_form'"));
    }
    text.push_str(&format!("_{name}() {{\n    _arguments -s -S : \\\n        {}\n}}\n\n", specs.join(" \\\n        ")));
    // Autoloaded from $fpath, the file is the body of the function; sourced, it defines the function.
    text.push_str(&format!(
        "if [[ $funcstack[1] == _{name} ]]; then\n    _{name} \"$@\"\nelse\n    compdef _{name} {name}\nfi\n"
    ));
    text
}

fn spec(tool: &Tool, option: &Flag) -> String {
    let name = tool.name;
    let (signs, value) = match option.value {
        Value::None => (["", ""], String::new()),
        Value::Free => (["+", "="], ":value: ".to_owned()),
        Value::Ids(kind) => (["+", "="], format!(":identifier: _ipcadm_{name}_objects id {kind}")),
        Value::IdsOfKind => (["+", "="], format!(":identifier: _ipcadm_{name}_ids_of_kind")),
        Value::Keys(kind) => (["+", "="], format!(":key: _ipcadm_{name}_objects key {kind} --keyed")),
        Value::Words(words) => (["+", "="], format!(":word:({words})")),
        Value::OptionalWords(words) => (["-", "=-"], format!("::word:({words})")),
        Value::Columns => (["+", "="], format!(":column: _ipcadm_{name}_columns")),
    };
    let rest = format!("[{}]{value}", option.help);
    // Kinds, ids and keys may be given again.
    let long = format!("--{}{}", option.long, signs[1]);
    match option.short {
        Some(short) => format!("'*'{{-{short}{},{long}}}'{rest}'", signs[0]),
        None => format!("'{long}{rest}'"),
    }
}

fn helpers(tool: &Tool) -> String {
    let name = tool.name;
    let mut text = String::new();
    if tool.takes_ids_of_kind() || tool.takes_keys() {
        text.push_str(&format!(
            "# A column of the objects of a kind, with owner and contents.
_ipcadm_{name}_objects() {{
    local line column=$1
    local -a objects
    shift
    for line in ${{(f)\"$(_call_program objects ipcadm ls ${{(q)@}} --no-header -o $column,owner,contents 2>/dev/null)\"}}; do
        line=${{line## #}}
        objects+=(\"${{line%% *}}:${{line##[^ ]# #}}\")
    done
    _describe -t objects $column objects
}}

"
        ));
    }
    if tool.old_form {
        text.push_str(&format!(
            "# A kind is one only as the very first word: behind -a it would be a mistake.
_ipcadm_{name}_old_form() {{
    if ((CURRENT == 2)); then
        _wanted kinds expl kind compadd shm msg sem
    elif [[ $words[2] == (shm|msg|sem) ]]; then
        _ipcadm_{name}_objects id $words[2]
    fi
}}

"
        ));
    }
    if tool.takes_ids_of_kind() {
        let arms: String = KINDS
            .iter()
            .map(|(short, long, kind)| format!("            (-[^-o]#{short}*|--{long}) REPLY={kind} ;;\n"))
            .collect();
        text.push_str(&format!(
            "# Sets REPLY to the kind that the words ask for.
_ipcadm_{name}_kind() {{
    setopt localoptions extendedglob
    local word
    REPLY=
    for word in $words[2,-1]; do
        case $word in
{arms}        esac
    done
}}

_ipcadm_{name}_ids_of_kind() {{
    local REPLY
    _ipcadm_{name}_kind
    [[ -z $REPLY ]] || _ipcadm_{name}_objects id $REPLY
}}

"
        ));
    }
    if tool.takes_columns() {
        let arms: String = COLUMNS
            .iter()
            .map(|(kind, columns)| match *kind {
                "" => format!("        ('') columns=({columns}) ;;\n"),
                kind => format!("        ({kind}) columns=({COMMON_COLUMNS} {columns}) ;;\n"),
            })
            .collect();
        text.push_str(&format!(
            "# Columns, separated by commas, perhaps with a + before them all.
_ipcadm_{name}_columns() {{
    local REPLY
    local -a columns
    _ipcadm_{name}_kind
    case $REPLY in
{arms}    esac
    compset -P '*,' || compset -P '+'
    compset -S ',*'
    compadd -qS , -a columns
}}

"
        ));
    }
    text
}
