#compdef ipcadm
# zsh completion for ipcadm.
#
# Generated from the command tree by tests/it/completions; change it there.
# Put it into a folder of $fpath, or source it after compinit.

# References of one kind or all, with owner and contents.
__ipcadm_references() {
    local line
    local -a references
    # KIND:PATH:PROJECT
    if [[ $PREFIX == (shm|sem|msg):*/* ]]; then
        compset -P '*:'
        _files
        return
    fi
    for line in ${(f)"$(_call_program references ipcadm ls $1 --no-header -o ref,owner,contents 2>/dev/null)"}; do
        # The reference, then what stands after the blanks.
        references+=("${${line%% *}/:/\\:}:${line##[^ ]# #}")
    done
    _describe -t references reference references
}

__ipcadm_kinds_or_references() {
    local -a kinds=('shm:shared memory segments' 'sem:semaphore sets' 'msg:message queues')
    local ret=1
    _describe -t kinds kind kinds && ret=0
    __ipcadm_references && ret=0
    return ret
}

# Columns, separated by commas; each may have a sign.
__ipcadm_columns() {
    local -a columns=(
@COLUMNS@    )
    compset -P '*,'
    compset -P '[+-]'
    compset -S ',*'
    _describe -t columns column columns -qS ,
}

