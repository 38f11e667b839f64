# fish completion for ipcadm.
#
# Generated from the command tree by tests/it/completions; change it there.

# Whether the words before the cursor lead to this command.
function __ipcadm_at
    set -l path ipcadm
    set -l words (commandline -opc)
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case @VALUE_OPTIONS@
                # Its value is no command.
                set -e words[1]
            case '-?*'
            case '*'
                set -l next (__ipcadm_enter "$path $words[1]")
                or break
                set path $next
        end
        set -e words[1]
    end
    test "$path" = "$argv"
end

function __ipcadm_after_dashes
    contains -- -- (commandline -opc)
end

# References of one kind or all, with owner and contents.
function __ipcadm_references
    # KIND:PATH:PROJECT
    set -l parts (string match -r '^((?:shm|sem|msg):)(.*/.*)' -- (commandline -ct))
    if set -q parts[3]
        __fish_complete_path $parts[3] | string replace -r '^' $parts[2]
        return
    end
    command ipcadm ls $argv --no-header -o ref,owner,contents 2>/dev/null </dev/null |
        string replace -r '^(\S+)\s+' '$1\t'
end

function __ipcadm_columns
    # A column of a list may have a sign.
    set -l sign (string match -r '(?:^|[,=])(\+)[^,]*$' -- (commandline -ct))[2]
    string replace -r '^' "$sign" -- @COLUMNS@
end

# Completes the words after '--' as a command line of their own.
function __ipcadm_program
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    set -l line (string escape -- $words[(math $at + 1)..-1]) (commandline -ct)
    complete -C "$line"
end

