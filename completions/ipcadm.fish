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
            case --color
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
    string replace -r '^' "$sign" -- \
        'kind	shm, sem or msg' \
        'id	the kernel\'s identifier' \
        'key	creation key; 0x00000000 is private' \
        'ref	kind and id, as every command takes them' \
        'mode	permission bits, octal' \
        'uid	owner, as a number' \
        'gid	owner\'s group, as a number' \
        'cuid	creator, as a number' \
        'cgid	creator\'s group, as a number' \
        'owner	owner\'s name, or number without one' \
        'group	name of the owner\'s group, or its number' \
        'creator	creator\'s name, or number without one' \
        'creator_group	name of the creator\'s group, or its number' \
        'ctime	creation or last change of owner, mode or capacity' \
        'size	bytes asked for at creation' \
        'nattch	attachments: mappings, not processes' \
        'cpid	process that created it' \
        'lpid	last process to attach or detach' \
        'atime	last attach, also by fork' \
        'dtime	last detach' \
        'rss	bytes in RAM' \
        'swap	bytes in swap' \
        'locked	kept in RAM (SHM_LOCK)' \
        'doomed	removed, goes at the last detach' \
        'nsems	semaphores in the set' \
        'otime	last semop' \
        'qnum	messages held' \
        'cbytes	bytes held' \
        'qbytes	capacity in bytes' \
        'lspid	last process to send' \
        'lrpid	last process or thread to receive' \
        'stime	last send' \
        'rtime	last receive' \
        'activity	latest of all its times' \
        'full	share of a queue\'s capacity in use' \
        'contents	size, use and flags in words' \
        'flags	locked, doomed' \
        'holders	processes that have it attached' \
        'waiters	threads asleep on it' \
        'state	doomed, active, unknown, idle, dormant, orphan' \
        'unknown_why	may_know, hidden, never_used or clock, if the state is unknown' \
        'evidence	why it is in that state' \
        'command	name of a process that made or last used it and lives'
end

# Completes the words after '--' as a command line of their own.
function __ipcadm_program
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    set -l line (string escape -- $words[(math $at + 1)..-1]) (commandline -ct)
    complete -C "$line"
end

# Prints where a command and the next word lead, if that is a command.
function __ipcadm_enter
    switch $argv[1]
        case 'ipcadm'
            echo 'ipcadm'
        case 'ipcadm ls' 'ipcadm list'
            echo 'ipcadm ls'
        case 'ipcadm show' 'ipcadm inspect' 'ipcadm stat'
            echo 'ipcadm show'
        case 'ipcadm who'
            echo 'ipcadm who'
        case 'ipcadm ps'
            echo 'ipcadm ps'
        case 'ipcadm limits'
            echo 'ipcadm limits'
        case 'ipcadm set'
            echo 'ipcadm set'
        case 'ipcadm rm' 'ipcadm delete' 'ipcadm remove'
            echo 'ipcadm rm'
        case 'ipcadm clean'
            echo 'ipcadm clean'
        case 'ipcadm save' 'ipcadm backup'
            echo 'ipcadm save'
        case 'ipcadm restore'
            echo 'ipcadm restore'
        case 'ipcadm key'
            echo 'ipcadm key'
        case 'ipcadm shm'
            echo 'ipcadm shm'
        case 'ipcadm shm ls' 'ipcadm shm list'
            echo 'ipcadm shm ls'
        case 'ipcadm shm show' 'ipcadm shm inspect' 'ipcadm shm stat'
            echo 'ipcadm shm show'
        case 'ipcadm shm who'
            echo 'ipcadm shm who'
        case 'ipcadm shm set'
            echo 'ipcadm shm set'
        case 'ipcadm shm rm' 'ipcadm shm delete' 'ipcadm shm remove'
            echo 'ipcadm shm rm'
        case 'ipcadm shm clean'
            echo 'ipcadm shm clean'
        case 'ipcadm shm save' 'ipcadm shm backup'
            echo 'ipcadm shm save'
        case 'ipcadm shm create'
            echo 'ipcadm shm create'
        case 'ipcadm shm attach'
            echo 'ipcadm shm attach'
        case 'ipcadm shm read'
            echo 'ipcadm shm read'
        case 'ipcadm shm write'
            echo 'ipcadm shm write'
        case 'ipcadm shm lock'
            echo 'ipcadm shm lock'
        case 'ipcadm shm unlock'
            echo 'ipcadm shm unlock'
        case 'ipcadm shm help'
            echo 'ipcadm shm help'
        case 'ipcadm sem'
            echo 'ipcadm sem'
        case 'ipcadm sem ls' 'ipcadm sem list'
            echo 'ipcadm sem ls'
        case 'ipcadm sem show' 'ipcadm sem inspect' 'ipcadm sem stat'
            echo 'ipcadm sem show'
        case 'ipcadm sem who'
            echo 'ipcadm sem who'
        case 'ipcadm sem set'
            echo 'ipcadm sem set'
        case 'ipcadm sem rm' 'ipcadm sem delete' 'ipcadm sem remove'
            echo 'ipcadm sem rm'
        case 'ipcadm sem clean'
            echo 'ipcadm sem clean'
        case 'ipcadm sem save' 'ipcadm sem backup'
            echo 'ipcadm sem save'
        case 'ipcadm sem create'
            echo 'ipcadm sem create'
        case 'ipcadm sem get'
            echo 'ipcadm sem get'
        case 'ipcadm sem setval'
            echo 'ipcadm sem setval'
        case 'ipcadm sem op'
            echo 'ipcadm sem op'
        case 'ipcadm sem wait-zero'
            echo 'ipcadm sem wait-zero'
        case 'ipcadm sem run'
            echo 'ipcadm sem run'
        case 'ipcadm sem help'
            echo 'ipcadm sem help'
        case 'ipcadm msg'
            echo 'ipcadm msg'
        case 'ipcadm msg ls' 'ipcadm msg list'
            echo 'ipcadm msg ls'
        case 'ipcadm msg show' 'ipcadm msg inspect' 'ipcadm msg stat'
            echo 'ipcadm msg show'
        case 'ipcadm msg who'
            echo 'ipcadm msg who'
        case 'ipcadm msg set'
            echo 'ipcadm msg set'
        case 'ipcadm msg rm' 'ipcadm msg delete' 'ipcadm msg remove'
            echo 'ipcadm msg rm'
        case 'ipcadm msg clean'
            echo 'ipcadm msg clean'
        case 'ipcadm msg save' 'ipcadm msg backup'
            echo 'ipcadm msg save'
        case 'ipcadm msg create'
            echo 'ipcadm msg create'
        case 'ipcadm msg send'
            echo 'ipcadm msg send'
        case 'ipcadm msg recv' 'ipcadm msg receive'
            echo 'ipcadm msg recv'
        case 'ipcadm msg peek'
            echo 'ipcadm msg peek'
        case 'ipcadm msg purge'
            echo 'ipcadm msg purge'
        case 'ipcadm msg help'
            echo 'ipcadm msg help'
        case 'ipcadm completions'
            echo 'ipcadm completions'
        case 'ipcadm help'
            echo 'ipcadm help'
        case '*'
            return 1
    end
end

complete -c ipcadm -f

complete -c ipcadm -n '__ipcadm_at ipcadm' -a ls -d 'List objects: all of them, those that selectors choose, or those named'
complete -c ipcadm -n '__ipcadm_at ipcadm' -a show -d 'Show everything known about objects'
complete -c ipcadm -n '__ipcadm_at ipcadm' -a who -d 'Show which processes use objects'
complete -c ipcadm -n '__ipcadm_at ipcadm' -a ps -d 'Show which objects processes use'
complete -c ipcadm -n '__ipcadm_at ipcadm' -a limits -d 'Show limits, what of them is in use, and who uses most'
complete -c ipcadm -n '__ipcadm_at ipcadm' -a set -d 'Change owner, group, mode or queue capacity'
complete -c ipcadm -n '__ipcadm_at ipcadm' -a rm -d 'Remove exactly these objects'
complete -c ipcadm -n '__ipcadm_at ipcadm' -a clean -d 'Remove what is leaked: orphans, unless --state names other states'
complete -c ipcadm -n '__ipcadm_at ipcadm' -a save -d 'Save objects with their contents in an archive that tar opens'
complete -c ipcadm -n '__ipcadm_at ipcadm' -a restore -d 'Make the objects of an archive again'
complete -c ipcadm -n '__ipcadm_at ipcadm' -a key -d 'Make a key from a file as ftok(3) does, or take a key apart'
complete -c ipcadm -n '__ipcadm_at ipcadm' -a shm -d 'Shared memory segments; a bare \'ipcadm shm\' lists them'
complete -c ipcadm -n '__ipcadm_at ipcadm' -a sem -d 'Semaphore sets; a bare \'ipcadm sem\' lists them'
complete -c ipcadm -n '__ipcadm_at ipcadm' -a msg -d 'Message queues; a bare \'ipcadm msg\' lists them'
complete -c ipcadm -n '__ipcadm_at ipcadm' -a completions -d 'Print the completion script of a shell'
complete -c ipcadm -n '__ipcadm_at ipcadm' -a help -d 'Print the help of a command'
complete -c ipcadm -n '__ipcadm_at ipcadm' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm' -s V -l version -d 'Print version'

complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -s o -l output -d 'Columns to show, or +COLUMN and -COLUMN to add and leave out' -x -a '(__fish_complete_list , __ipcadm_columns)'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l sort -d 'Sort by these columns' -x -a '(__fish_complete_list , __ipcadm_columns)'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -s r -l reverse -d 'Turn the order round'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l limit -d 'Show at most N objects' -x
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l no-header -d 'Leave out the header'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -s q -l quiet -d 'Print references alone'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -s b -l bytes -d 'Show sizes in bytes'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l time -d 'Show times as age, iso or full' -x -a 'age\\t\'How long ago: 3h\' iso\\t\'2026-11-21T05:13:50+01:00\' full\\t\'Sat 2026-11-21 05:13:50 CET\''
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l owner -d 'Owned by USER, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l not-owner -d 'Not owned by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l group -d 'Of group GROUP, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l creator -d 'Created by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l key -d 'With this key, or keys beginning so: \'0x0d4d*\'' -x
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l not-key -d 'Without this key' -x
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l private -d 'Without a key'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l keyed -d 'With a key'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l mode -d 'With mode 0640 exactly, any bit of /022, or all bits of -022' -x
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l larger -d 'Segments larger, queues holding more than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l smaller -d 'Segments smaller, queues holding less than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l older-than -d 'Last activity longer ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l newer-than -d 'Last activity less long ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l attached -d 'Segments that are attached'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l unattached -d 'Segments that are not attached'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l empty -d 'Queues without messages'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l pid -d 'Held, waited for, created or last used by process PID' -x
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l state -d 'In STATE: doomed, active, unknown, idle, dormant or orphan' -x -a 'doomed\\t\'\' active\\t\'\' unknown\\t\'\' idle\\t\'\' dormant\\t\'\' orphan\\t\'\''
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l orphan -d 'Same as --state orphan'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l grace -d 'Take an object for idle whose last activity is younger than AGE (default: 10m)' -x
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l creator-gone -d 'Segments whose creator is gone, and that the only living process which may use them has detached'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -l bystander -d 'Take it that PROCESS uses no object it was not seen to use: a number, a program or a NAME.service' -x
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm ls' -a 'shm sem msg (__ipcadm_references)'

complete -c ipcadm -n '__ipcadm_at ipcadm show' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm show' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm show' -l messages -d 'Look at no more than the first N messages of a queue' -x
complete -c ipcadm -n '__ipcadm_at ipcadm show' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm show' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm show' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm show' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm show' -a '(__ipcadm_references)'

complete -c ipcadm -n '__ipcadm_at ipcadm who' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm who' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm who' -l no-header -d 'Leave out the header'
complete -c ipcadm -n '__ipcadm_at ipcadm who' -s q -l quiet -d 'Print process ids alone, each once'
complete -c ipcadm -n '__ipcadm_at ipcadm who' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm who' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm who' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm who' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm who' -a '(__ipcadm_references)'

complete -c ipcadm -n '__ipcadm_at ipcadm ps' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm ps' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm ps' -l no-header -d 'Leave out the header'
complete -c ipcadm -n '__ipcadm_at ipcadm ps' -s q -l quiet -d 'Print process ids alone, each once'
complete -c ipcadm -n '__ipcadm_at ipcadm ps' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm ps' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm ps' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm ps' -s V -l version -d 'Print version'

complete -c ipcadm -n '__ipcadm_at ipcadm limits' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm limits' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm limits' -s b -l bytes -d 'Show sizes in bytes'
complete -c ipcadm -n '__ipcadm_at ipcadm limits' -l no-header -d 'Leave out the header'
complete -c ipcadm -n '__ipcadm_at ipcadm limits' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm limits' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm limits' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm limits' -s V -l version -d 'Print version'

complete -c ipcadm -n '__ipcadm_at ipcadm set' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm set' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm set' -l mode -d 'New mode, octal or symbolic: 0640, u+rw,g-w' -x
complete -c ipcadm -n '__ipcadm_at ipcadm set' -l owner -d 'New owner, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm set' -l group -d 'New group, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm set' -l qbytes -d 'New capacity of a queue in bytes, 1 to 2147483647' -x
complete -c ipcadm -n '__ipcadm_at ipcadm set' -s f -l force -d 'Shrink a queue below what it holds, or below what it can be given again'
complete -c ipcadm -n '__ipcadm_at ipcadm set' -s n -l dry-run -d 'Say what would be changed, and change nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm set' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm set' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm set' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm set' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm set' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm set' -a '(__ipcadm_references)'

complete -c ipcadm -n '__ipcadm_at ipcadm rm' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm rm' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm rm' -l if-exists -d 'Absent objects are fine'
complete -c ipcadm -n '__ipcadm_at ipcadm rm' -l if-unused -d 'Keep what is in use or may be: attached, waited for, with unread messages'
complete -c ipcadm -n '__ipcadm_at ipcadm rm' -s y -l yes -d 'Remove objects in use and queues with messages without asking'
complete -c ipcadm -n '__ipcadm_at ipcadm rm' -s n -l dry-run -d 'Say what would be removed, and remove nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm rm' -l save -d 'Save them in the archive FILE first; what changes after that is kept' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm rm' -l overwrite -d 'Replace FILE if it exists'
complete -c ipcadm -n '__ipcadm_at ipcadm rm' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm rm' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm rm' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm rm' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm rm' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm rm' -a '(__ipcadm_references)'

complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -s y -l yes -d 'Remove without asking'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -s n -l dry-run -d 'Say what would be removed, and remove nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l discard-messages -d 'Queues with unread messages too'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l save -d 'Save them in the archive FILE first, unread messages included; what changes after that is kept' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l plan-out -d 'Write the plan to FILE, and remove nothing' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l overwrite -d 'Replace FILE if it exists'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l apply -d 'Carry out the plan in FILE, and nothing else' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l keep-dir -d 'Read the keep list in DIR instead of /etc/ipcadm/keep.d' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -s b -l bytes -d 'Show sizes in bytes'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l time -d 'Show times as age, iso or full' -x -a 'age\\t\'How long ago: 3h\' iso\\t\'2026-11-21T05:13:50+01:00\' full\\t\'Sat 2026-11-21 05:13:50 CET\''
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l owner -d 'Owned by USER, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l not-owner -d 'Not owned by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l group -d 'Of group GROUP, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l creator -d 'Created by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l key -d 'With this key, or keys beginning so: \'0x0d4d*\'' -x
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l not-key -d 'Without this key' -x
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l private -d 'Without a key'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l keyed -d 'With a key'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l mode -d 'With mode 0640 exactly, any bit of /022, or all bits of -022' -x
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l larger -d 'Segments larger, queues holding more than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l smaller -d 'Segments smaller, queues holding less than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l older-than -d 'Last activity longer ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l newer-than -d 'Last activity less long ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l attached -d 'Segments that are attached'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l unattached -d 'Segments that are not attached'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l empty -d 'Queues without messages'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l pid -d 'Held, waited for, created or last used by process PID' -x
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l state -d 'In STATE: doomed, active, unknown, idle, dormant or orphan' -x -a 'doomed\\t\'\' active\\t\'\' unknown\\t\'\' idle\\t\'\' dormant\\t\'\' orphan\\t\'\''
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l orphan -d 'Same as --state orphan'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l grace -d 'Take an object for idle whose last activity is younger than AGE (default: 10m)' -x
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l creator-gone -d 'Segments whose creator is gone, and that the only living process which may use them has detached'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -l bystander -d 'Take it that PROCESS uses no object it was not seen to use: a number, a program or a NAME.service' -x
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm clean' -a 'shm\\t\'\' sem\\t\'\' msg\\t\'\''

complete -c ipcadm -n '__ipcadm_at ipcadm save' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm save' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -s O -l output -d 'The archive to be made, mode 0600; \'-\' is standard output' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l overwrite -d 'Replace FILE if it exists'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l if-exists -d 'Absent objects are fine'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l owner -d 'Owned by USER, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l not-owner -d 'Not owned by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l group -d 'Of group GROUP, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l creator -d 'Created by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l key -d 'With this key, or keys beginning so: \'0x0d4d*\'' -x
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l not-key -d 'Without this key' -x
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l private -d 'Without a key'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l keyed -d 'With a key'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l mode -d 'With mode 0640 exactly, any bit of /022, or all bits of -022' -x
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l larger -d 'Segments larger, queues holding more than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l smaller -d 'Segments smaller, queues holding less than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l older-than -d 'Last activity longer ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l newer-than -d 'Last activity less long ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l attached -d 'Segments that are attached'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l unattached -d 'Segments that are not attached'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l empty -d 'Queues without messages'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l pid -d 'Held, waited for, created or last used by process PID' -x
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l state -d 'In STATE: doomed, active, unknown, idle, dormant or orphan' -x -a 'doomed\\t\'\' active\\t\'\' unknown\\t\'\' idle\\t\'\' dormant\\t\'\' orphan\\t\'\''
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l orphan -d 'Same as --state orphan'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l grace -d 'Take an object for idle whose last activity is younger than AGE (default: 10m)' -x
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l creator-gone -d 'Segments whose creator is gone, and that the only living process which may use them has detached'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -l bystander -d 'Take it that PROCESS uses no object it was not seen to use: a number, a program or a NAME.service' -x
complete -c ipcadm -n '__ipcadm_at ipcadm save' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm save' -a 'shm sem msg (__ipcadm_references)'

complete -c ipcadm -n '__ipcadm_at ipcadm restore' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -s l -l list -d 'Show what is in it, and make nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -l same-id -d 'Give each the id it had'
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -l new-key -d 'Give those with a key another one, which is free'
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -l replace -d 'Remove first what has a key or id that is needed, if it is unused'
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -l noreserve -d 'Reserve no swap space for segments'
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -l values -d 'Values instead of those saved, separated by commas, if one set is restored' -x
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -l numeric-owner -d 'Take the numbers of owners, whatever their names'
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -l by-name -d 'Take the names of owners, whatever their numbers'
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -l owner -d 'Owner and creator instead of those saved' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -l group -d 'Group and creator\'s group instead of those saved' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -s n -l dry-run -d 'Say what would be made, and make nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -s b -l bytes -d 'Show sizes in bytes'
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -l time -d 'Show times as age, iso or full' -x -a 'age\\t\'How long ago: 3h\' iso\\t\'2026-11-21T05:13:50+01:00\' full\\t\'Sat 2026-11-21 05:13:50 CET\''
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -F
complete -c ipcadm -n '__ipcadm_at ipcadm restore' -a '(__ipcadm_references)'

complete -c ipcadm -n '__ipcadm_at ipcadm key' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm key' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm key' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm key' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm key' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm key' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm key' -F

complete -c ipcadm -n '__ipcadm_at ipcadm shm' -a ls -d 'List objects of this kind (the default)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -a show -d 'Show everything known about objects'
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -a who -d 'Show which processes use objects'
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -a set -d 'Change owner, group, mode or queue capacity'
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -a rm -d 'Remove exactly these objects'
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -a clean -d 'Remove what is leaked'
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -a save -d 'Save objects with their contents in an archive that tar opens'
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -a create -d 'Create a shared memory segment and print its reference'
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -a attach -d 'Attach a segment for a time or while a program runs'
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -a read -d 'Copy a segment to standard output or a file'
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -a write -d 'Copy a file or standard input into a segment'
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -a lock -d 'Keep segments in RAM'
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -a unlock -d 'Let segments be swapped again'
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -a help -d 'Print the help of a command'
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm shm' -s V -l version -d 'Print version'

complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -s o -l output -d 'Columns to show, or +COLUMN and -COLUMN to add and leave out' -x -a '(__fish_complete_list , __ipcadm_columns)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l sort -d 'Sort by these columns' -x -a '(__fish_complete_list , __ipcadm_columns)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -s r -l reverse -d 'Turn the order round'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l limit -d 'Show at most N objects' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l no-header -d 'Leave out the header'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -s q -l quiet -d 'Print references alone'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -s b -l bytes -d 'Show sizes in bytes'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l time -d 'Show times as age, iso or full' -x -a 'age\\t\'How long ago: 3h\' iso\\t\'2026-11-21T05:13:50+01:00\' full\\t\'Sat 2026-11-21 05:13:50 CET\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l owner -d 'Owned by USER, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l not-owner -d 'Not owned by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l group -d 'Of group GROUP, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l creator -d 'Created by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l key -d 'With this key, or keys beginning so: \'0x0d4d*\'' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l not-key -d 'Without this key' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l private -d 'Without a key'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l keyed -d 'With a key'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l mode -d 'With mode 0640 exactly, any bit of /022, or all bits of -022' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l larger -d 'Segments larger, queues holding more than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l smaller -d 'Segments smaller, queues holding less than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l older-than -d 'Last activity longer ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l newer-than -d 'Last activity less long ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l attached -d 'Segments that are attached'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l unattached -d 'Segments that are not attached'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l empty -d 'Queues without messages'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l pid -d 'Held, waited for, created or last used by process PID' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l state -d 'In STATE: doomed, active, unknown, idle, dormant or orphan' -x -a 'doomed\\t\'\' active\\t\'\' unknown\\t\'\' idle\\t\'\' dormant\\t\'\' orphan\\t\'\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l orphan -d 'Same as --state orphan'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l grace -d 'Take an object for idle whose last activity is younger than AGE (default: 10m)' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l creator-gone -d 'Segments whose creator is gone, and that the only living process which may use them has detached'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l bystander -d 'Take it that PROCESS uses no object it was not seen to use: a number, a program or a NAME.service' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm shm ls' -a '(__ipcadm_references shm)'

complete -c ipcadm -n '__ipcadm_at ipcadm shm show' -l messages -d 'Look at no more than the first N messages of a queue' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm show' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm show' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm shm show' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm show' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm shm show' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm shm show' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm shm show' -a '(__ipcadm_references shm)'

complete -c ipcadm -n '__ipcadm_at ipcadm shm who' -l no-header -d 'Leave out the header'
complete -c ipcadm -n '__ipcadm_at ipcadm shm who' -s q -l quiet -d 'Print process ids alone, each once'
complete -c ipcadm -n '__ipcadm_at ipcadm shm who' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm who' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm shm who' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm who' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm shm who' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm shm who' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm shm who' -a '(__ipcadm_references shm)'

complete -c ipcadm -n '__ipcadm_at ipcadm shm set' -l mode -d 'New mode, octal or symbolic: 0640, u+rw,g-w' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm set' -l owner -d 'New owner, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm set' -l group -d 'New group, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm set' -l qbytes -d 'New capacity of a queue in bytes, 1 to 2147483647' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm set' -s f -l force -d 'Shrink a queue below what it holds, or below what it can be given again'
complete -c ipcadm -n '__ipcadm_at ipcadm shm set' -s n -l dry-run -d 'Say what would be changed, and change nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm shm set' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm shm set' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm set' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm shm set' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm set' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm shm set' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm shm set' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm shm set' -a '(__ipcadm_references shm)'

complete -c ipcadm -n '__ipcadm_at ipcadm shm rm' -l if-exists -d 'Absent objects are fine'
complete -c ipcadm -n '__ipcadm_at ipcadm shm rm' -l if-unused -d 'Keep what is in use or may be: attached, waited for, with unread messages'
complete -c ipcadm -n '__ipcadm_at ipcadm shm rm' -s y -l yes -d 'Remove objects in use and queues with messages without asking'
complete -c ipcadm -n '__ipcadm_at ipcadm shm rm' -s n -l dry-run -d 'Say what would be removed, and remove nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm shm rm' -l save -d 'Save them in the archive FILE first; what changes after that is kept' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm shm rm' -l overwrite -d 'Replace FILE if it exists'
complete -c ipcadm -n '__ipcadm_at ipcadm shm rm' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm shm rm' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm rm' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm shm rm' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm rm' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm shm rm' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm shm rm' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm shm rm' -a '(__ipcadm_references shm)'

complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -s y -l yes -d 'Remove without asking'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -s n -l dry-run -d 'Say what would be removed, and remove nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l discard-messages -d 'Queues with unread messages too'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l save -d 'Save them in the archive FILE first, unread messages included; what changes after that is kept' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l plan-out -d 'Write the plan to FILE, and remove nothing' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l overwrite -d 'Replace FILE if it exists'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l apply -d 'Carry out the plan in FILE, and nothing else' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l keep-dir -d 'Read the keep list in DIR instead of /etc/ipcadm/keep.d' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -s b -l bytes -d 'Show sizes in bytes'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l time -d 'Show times as age, iso or full' -x -a 'age\\t\'How long ago: 3h\' iso\\t\'2026-11-21T05:13:50+01:00\' full\\t\'Sat 2026-11-21 05:13:50 CET\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l owner -d 'Owned by USER, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l not-owner -d 'Not owned by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l group -d 'Of group GROUP, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l creator -d 'Created by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l key -d 'With this key, or keys beginning so: \'0x0d4d*\'' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l not-key -d 'Without this key' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l private -d 'Without a key'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l keyed -d 'With a key'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l mode -d 'With mode 0640 exactly, any bit of /022, or all bits of -022' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l larger -d 'Segments larger, queues holding more than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l smaller -d 'Segments smaller, queues holding less than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l older-than -d 'Last activity longer ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l newer-than -d 'Last activity less long ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l attached -d 'Segments that are attached'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l unattached -d 'Segments that are not attached'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l empty -d 'Queues without messages'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l pid -d 'Held, waited for, created or last used by process PID' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l state -d 'In STATE: doomed, active, unknown, idle, dormant or orphan' -x -a 'doomed\\t\'\' active\\t\'\' unknown\\t\'\' idle\\t\'\' dormant\\t\'\' orphan\\t\'\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l orphan -d 'Same as --state orphan'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l grace -d 'Take an object for idle whose last activity is younger than AGE (default: 10m)' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l creator-gone -d 'Segments whose creator is gone, and that the only living process which may use them has detached'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l bystander -d 'Take it that PROCESS uses no object it was not seen to use: a number, a program or a NAME.service' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm shm clean' -a 'shm\\t\'\' sem\\t\'\' msg\\t\'\''

complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -s O -l output -d 'The archive to be made, mode 0600; \'-\' is standard output' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l overwrite -d 'Replace FILE if it exists'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l if-exists -d 'Absent objects are fine'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l owner -d 'Owned by USER, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l not-owner -d 'Not owned by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l group -d 'Of group GROUP, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l creator -d 'Created by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l key -d 'With this key, or keys beginning so: \'0x0d4d*\'' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l not-key -d 'Without this key' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l private -d 'Without a key'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l keyed -d 'With a key'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l mode -d 'With mode 0640 exactly, any bit of /022, or all bits of -022' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l larger -d 'Segments larger, queues holding more than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l smaller -d 'Segments smaller, queues holding less than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l older-than -d 'Last activity longer ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l newer-than -d 'Last activity less long ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l attached -d 'Segments that are attached'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l unattached -d 'Segments that are not attached'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l empty -d 'Queues without messages'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l pid -d 'Held, waited for, created or last used by process PID' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l state -d 'In STATE: doomed, active, unknown, idle, dormant or orphan' -x -a 'doomed\\t\'\' active\\t\'\' unknown\\t\'\' idle\\t\'\' dormant\\t\'\' orphan\\t\'\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l orphan -d 'Same as --state orphan'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l grace -d 'Take an object for idle whose last activity is younger than AGE (default: 10m)' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l creator-gone -d 'Segments whose creator is gone, and that the only living process which may use them has detached'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l bystander -d 'Take it that PROCESS uses no object it was not seen to use: a number, a program or a NAME.service' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm shm save' -a '(__ipcadm_references shm)'

complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -l key -d 'Key, 0x and 1 to 8 hex digits' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -l ftok -d 'Key made by ftok(3) from a file and a project' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -l random-key -d 'A random key that nobody has yet'
complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -l private -d 'No key (the default)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -l mode -d 'Mode' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -l owner -d 'Owner, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -l group -d 'Group, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -l exist-ok -d 'Accept an object that exists, if it is the same; needs a key'
complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -l hugepages -d 'Use huge pages, of SIZE if the default will not do'
complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -l noreserve -d 'Reserve no swap space'
complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -l lock -d 'Keep it in RAM; this is no mutex'
complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm shm create' -s V -l version -d 'Print version'

complete -c ipcadm -n '__ipcadm_at ipcadm shm attach' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm attach' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm shm attach' -l read-only -d 'Attach for reading only'
complete -c ipcadm -n '__ipcadm_at ipcadm shm attach' -l for -d 'Keep it attached so long' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm attach' -s f -l force -d 'Attach even if detaching will destroy the segment (kernel.shm_rmid_forced)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm attach' -s q -l quiet -d 'Print nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm shm attach' -s b -l bytes -d 'Show sizes in bytes'
complete -c ipcadm -n '__ipcadm_at ipcadm shm attach' -l time -d 'Show times as age, iso or full' -x -a 'age\\t\'How long ago: 3h\' iso\\t\'2026-11-21T05:13:50+01:00\' full\\t\'Sat 2026-11-21 05:13:50 CET\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm attach' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm attach' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm shm attach' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm shm attach' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm shm attach; and not __ipcadm_after_dashes' -a '(__ipcadm_references shm)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm attach; and __ipcadm_after_dashes' -a '(__ipcadm_program)'

complete -c ipcadm -n '__ipcadm_at ipcadm shm read' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm read' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm shm read' -l offset -d 'Begin so many bytes into the segment' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm read' -l length -d 'Read so many bytes instead of all that follow' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm read' -s O -l output -d 'Make this file, mode 0600, instead of writing to standard output, which is \'-\'' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm shm read' -l overwrite -d 'Replace FILE if it exists'
complete -c ipcadm -n '__ipcadm_at ipcadm shm read' -l hex -d 'Show offset, hexadecimal and ASCII; repeated lines as \'*\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm read' -l raw -d 'Write the bytes as they are even to a terminal'
complete -c ipcadm -n '__ipcadm_at ipcadm shm read' -l untouched -d 'Leave no trace: attachments, last process and times stay as they are'
complete -c ipcadm -n '__ipcadm_at ipcadm shm read' -s f -l force -d 'Read even if detaching will destroy the segment (kernel.shm_rmid_forced)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm read' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm shm read' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm shm read' -a '(__ipcadm_references shm)'

complete -c ipcadm -n '__ipcadm_at ipcadm shm write' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm write' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm shm write' -l offset -d 'Begin so many bytes into the segment' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm write' -l zero -d 'Write zeros instead; holes stay holes'
complete -c ipcadm -n '__ipcadm_at ipcadm shm write' -l fill -d 'Write this byte instead: 0 to 255, 0x0 to 0xff, or a character' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm write' -l length -d 'Fill so many bytes instead of all that follow' -x
complete -c ipcadm -n '__ipcadm_at ipcadm shm write' -s f -l force -d 'Write even if detaching will destroy the segment (kernel.shm_rmid_forced)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm write' -s q -l quiet -d 'Print no line of success'
complete -c ipcadm -n '__ipcadm_at ipcadm shm write' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm write' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm shm write' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm shm write' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm shm write' -a '(__ipcadm_references shm)'
complete -c ipcadm -n '__ipcadm_at ipcadm shm write' -F

complete -c ipcadm -n '__ipcadm_at ipcadm shm lock' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm lock' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm shm lock' -s n -l dry-run -d 'Say what would be changed, and change nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm shm lock' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm shm lock' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm lock' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm shm lock' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm shm lock' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm shm lock' -a '(__ipcadm_references shm)'

complete -c ipcadm -n '__ipcadm_at ipcadm shm unlock' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm unlock' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm shm unlock' -s n -l dry-run -d 'Say what would be changed, and change nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm shm unlock' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm shm unlock' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm shm unlock' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm shm unlock' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm shm unlock' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm shm unlock' -a '(__ipcadm_references shm)'

complete -c ipcadm -n '__ipcadm_at ipcadm shm help' -a 'ls\\t\'List objects of this kind (the default)\' show\\t\'Show everything known about objects\' who\\t\'Show which processes use objects\' set\\t\'Change owner, group, mode or queue capacity\' rm\\t\'Remove exactly these objects\' clean\\t\'Remove what is leaked\' save\\t\'Save objects with their contents in an archive that tar opens\' create\\t\'Create a shared memory segment and print its reference\' attach\\t\'Attach a segment for a time or while a program runs\' read\\t\'Copy a segment to standard output or a file\' write\\t\'Copy a file or standard input into a segment\' lock\\t\'Keep segments in RAM\' unlock\\t\'Let segments be swapped again\''

complete -c ipcadm -n '__ipcadm_at ipcadm sem' -a ls -d 'List objects of this kind (the default)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -a show -d 'Show everything known about objects'
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -a who -d 'Show which processes use objects'
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -a set -d 'Change owner, group, mode or queue capacity'
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -a rm -d 'Remove exactly these objects'
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -a clean -d 'Remove what is leaked'
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -a save -d 'Save objects with their contents in an archive that tar opens'
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -a create -d 'Create a semaphore set with its values and print its reference'
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -a get -d 'Print the values of semaphores, one a line'
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -a setval -d 'Set the values of semaphores'
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -a op -d 'Do several operations on semaphores at one moment'
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -a wait-zero -d 'Wait until semaphores are zero'
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -a run -d 'Run a program while holding semaphores'
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -a help -d 'Print the help of a command'
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm sem' -s V -l version -d 'Print version'

complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -s o -l output -d 'Columns to show, or +COLUMN and -COLUMN to add and leave out' -x -a '(__fish_complete_list , __ipcadm_columns)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l sort -d 'Sort by these columns' -x -a '(__fish_complete_list , __ipcadm_columns)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -s r -l reverse -d 'Turn the order round'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l limit -d 'Show at most N objects' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l no-header -d 'Leave out the header'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -s q -l quiet -d 'Print references alone'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -s b -l bytes -d 'Show sizes in bytes'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l time -d 'Show times as age, iso or full' -x -a 'age\\t\'How long ago: 3h\' iso\\t\'2026-11-21T05:13:50+01:00\' full\\t\'Sat 2026-11-21 05:13:50 CET\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l owner -d 'Owned by USER, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l not-owner -d 'Not owned by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l group -d 'Of group GROUP, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l creator -d 'Created by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l key -d 'With this key, or keys beginning so: \'0x0d4d*\'' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l not-key -d 'Without this key' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l private -d 'Without a key'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l keyed -d 'With a key'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l mode -d 'With mode 0640 exactly, any bit of /022, or all bits of -022' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l larger -d 'Segments larger, queues holding more than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l smaller -d 'Segments smaller, queues holding less than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l older-than -d 'Last activity longer ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l newer-than -d 'Last activity less long ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l attached -d 'Segments that are attached'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l unattached -d 'Segments that are not attached'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l empty -d 'Queues without messages'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l pid -d 'Held, waited for, created or last used by process PID' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l state -d 'In STATE: doomed, active, unknown, idle, dormant or orphan' -x -a 'doomed\\t\'\' active\\t\'\' unknown\\t\'\' idle\\t\'\' dormant\\t\'\' orphan\\t\'\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l orphan -d 'Same as --state orphan'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l grace -d 'Take an object for idle whose last activity is younger than AGE (default: 10m)' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l creator-gone -d 'Segments whose creator is gone, and that the only living process which may use them has detached'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l bystander -d 'Take it that PROCESS uses no object it was not seen to use: a number, a program or a NAME.service' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm sem ls' -a '(__ipcadm_references sem)'

complete -c ipcadm -n '__ipcadm_at ipcadm sem show' -l messages -d 'Look at no more than the first N messages of a queue' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem show' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem show' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm sem show' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem show' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm sem show' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm sem show' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm sem show' -a '(__ipcadm_references sem)'

complete -c ipcadm -n '__ipcadm_at ipcadm sem who' -l no-header -d 'Leave out the header'
complete -c ipcadm -n '__ipcadm_at ipcadm sem who' -s q -l quiet -d 'Print process ids alone, each once'
complete -c ipcadm -n '__ipcadm_at ipcadm sem who' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem who' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm sem who' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem who' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm sem who' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm sem who' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm sem who' -a '(__ipcadm_references sem)'

complete -c ipcadm -n '__ipcadm_at ipcadm sem set' -l mode -d 'New mode, octal or symbolic: 0640, u+rw,g-w' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem set' -l owner -d 'New owner, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem set' -l group -d 'New group, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem set' -l qbytes -d 'New capacity of a queue in bytes, 1 to 2147483647' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem set' -s f -l force -d 'Shrink a queue below what it holds, or below what it can be given again'
complete -c ipcadm -n '__ipcadm_at ipcadm sem set' -s n -l dry-run -d 'Say what would be changed, and change nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm sem set' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm sem set' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem set' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm sem set' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem set' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm sem set' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm sem set' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm sem set' -a '(__ipcadm_references sem)'

complete -c ipcadm -n '__ipcadm_at ipcadm sem rm' -l if-exists -d 'Absent objects are fine'
complete -c ipcadm -n '__ipcadm_at ipcadm sem rm' -l if-unused -d 'Keep what is in use or may be: attached, waited for, with unread messages'
complete -c ipcadm -n '__ipcadm_at ipcadm sem rm' -s y -l yes -d 'Remove objects in use and queues with messages without asking'
complete -c ipcadm -n '__ipcadm_at ipcadm sem rm' -s n -l dry-run -d 'Say what would be removed, and remove nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm sem rm' -l save -d 'Save them in the archive FILE first; what changes after that is kept' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm sem rm' -l overwrite -d 'Replace FILE if it exists'
complete -c ipcadm -n '__ipcadm_at ipcadm sem rm' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm sem rm' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem rm' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm sem rm' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem rm' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm sem rm' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm sem rm' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm sem rm' -a '(__ipcadm_references sem)'

complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -s y -l yes -d 'Remove without asking'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -s n -l dry-run -d 'Say what would be removed, and remove nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l discard-messages -d 'Queues with unread messages too'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l save -d 'Save them in the archive FILE first, unread messages included; what changes after that is kept' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l plan-out -d 'Write the plan to FILE, and remove nothing' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l overwrite -d 'Replace FILE if it exists'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l apply -d 'Carry out the plan in FILE, and nothing else' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l keep-dir -d 'Read the keep list in DIR instead of /etc/ipcadm/keep.d' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -s b -l bytes -d 'Show sizes in bytes'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l time -d 'Show times as age, iso or full' -x -a 'age\\t\'How long ago: 3h\' iso\\t\'2026-11-21T05:13:50+01:00\' full\\t\'Sat 2026-11-21 05:13:50 CET\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l owner -d 'Owned by USER, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l not-owner -d 'Not owned by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l group -d 'Of group GROUP, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l creator -d 'Created by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l key -d 'With this key, or keys beginning so: \'0x0d4d*\'' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l not-key -d 'Without this key' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l private -d 'Without a key'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l keyed -d 'With a key'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l mode -d 'With mode 0640 exactly, any bit of /022, or all bits of -022' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l larger -d 'Segments larger, queues holding more than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l smaller -d 'Segments smaller, queues holding less than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l older-than -d 'Last activity longer ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l newer-than -d 'Last activity less long ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l attached -d 'Segments that are attached'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l unattached -d 'Segments that are not attached'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l empty -d 'Queues without messages'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l pid -d 'Held, waited for, created or last used by process PID' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l state -d 'In STATE: doomed, active, unknown, idle, dormant or orphan' -x -a 'doomed\\t\'\' active\\t\'\' unknown\\t\'\' idle\\t\'\' dormant\\t\'\' orphan\\t\'\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l orphan -d 'Same as --state orphan'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l grace -d 'Take an object for idle whose last activity is younger than AGE (default: 10m)' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l creator-gone -d 'Segments whose creator is gone, and that the only living process which may use them has detached'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l bystander -d 'Take it that PROCESS uses no object it was not seen to use: a number, a program or a NAME.service' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm sem clean' -a 'shm\\t\'\' sem\\t\'\' msg\\t\'\''

complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -s O -l output -d 'The archive to be made, mode 0600; \'-\' is standard output' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l overwrite -d 'Replace FILE if it exists'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l if-exists -d 'Absent objects are fine'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l owner -d 'Owned by USER, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l not-owner -d 'Not owned by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l group -d 'Of group GROUP, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l creator -d 'Created by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l key -d 'With this key, or keys beginning so: \'0x0d4d*\'' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l not-key -d 'Without this key' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l private -d 'Without a key'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l keyed -d 'With a key'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l mode -d 'With mode 0640 exactly, any bit of /022, or all bits of -022' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l larger -d 'Segments larger, queues holding more than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l smaller -d 'Segments smaller, queues holding less than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l older-than -d 'Last activity longer ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l newer-than -d 'Last activity less long ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l attached -d 'Segments that are attached'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l unattached -d 'Segments that are not attached'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l empty -d 'Queues without messages'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l pid -d 'Held, waited for, created or last used by process PID' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l state -d 'In STATE: doomed, active, unknown, idle, dormant or orphan' -x -a 'doomed\\t\'\' active\\t\'\' unknown\\t\'\' idle\\t\'\' dormant\\t\'\' orphan\\t\'\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l orphan -d 'Same as --state orphan'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l grace -d 'Take an object for idle whose last activity is younger than AGE (default: 10m)' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l creator-gone -d 'Segments whose creator is gone, and that the only living process which may use them has detached'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l bystander -d 'Take it that PROCESS uses no object it was not seen to use: a number, a program or a NAME.service' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm sem save' -a '(__ipcadm_references sem)'

complete -c ipcadm -n '__ipcadm_at ipcadm sem create' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem create' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm sem create' -l values -d 'Initial values, 0 to 32767, separated by commas [default: all 0]' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem create' -l key -d 'Key, 0x and 1 to 8 hex digits' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem create' -l ftok -d 'Key made by ftok(3) from a file and a project' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm sem create' -l random-key -d 'A random key that nobody has yet'
complete -c ipcadm -n '__ipcadm_at ipcadm sem create' -l private -d 'No key (the default)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem create' -l mode -d 'Mode' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem create' -l owner -d 'Owner, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem create' -l group -d 'Group, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem create' -l exist-ok -d 'Accept an object that exists, if it is the same; needs a key'
complete -c ipcadm -n '__ipcadm_at ipcadm sem create' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem create' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm sem create' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm sem create' -s V -l version -d 'Print version'

complete -c ipcadm -n '__ipcadm_at ipcadm sem get' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem get' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm sem get' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem get' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm sem get' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm sem get' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm sem get' -a '(__ipcadm_references sem)'

complete -c ipcadm -n '__ipcadm_at ipcadm sem setval' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem setval' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm sem setval' -l keep-undo -d 'Keep undo records: reach the values by one operation'
complete -c ipcadm -n '__ipcadm_at ipcadm sem setval' -s q -l quiet -d 'Print no lines of success and no notes'
complete -c ipcadm -n '__ipcadm_at ipcadm sem setval' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem setval' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm sem setval' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm sem setval' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm sem setval' -a '(__ipcadm_references sem)'

complete -c ipcadm -n '__ipcadm_at ipcadm sem op' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem op' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm sem op' -l no-wait -d 'Fail instead of waiting'
complete -c ipcadm -n '__ipcadm_at ipcadm sem op' -s w -l timeout -d 'Wait no longer than this' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem op' -s q -l quiet -d 'Say nothing when it would block or timed out'
complete -c ipcadm -n '__ipcadm_at ipcadm sem op' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm sem op' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm sem op' -a '(__ipcadm_references sem)'

complete -c ipcadm -n '__ipcadm_at ipcadm sem wait-zero' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem wait-zero' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm sem wait-zero' -l no-wait -d 'Fail instead of waiting'
complete -c ipcadm -n '__ipcadm_at ipcadm sem wait-zero' -s w -l timeout -d 'Wait no longer than this' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem wait-zero' -s q -l quiet -d 'Say nothing when it would block or timed out'
complete -c ipcadm -n '__ipcadm_at ipcadm sem wait-zero' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm sem wait-zero' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm sem wait-zero' -a '(__ipcadm_references sem)'

complete -c ipcadm -n '__ipcadm_at ipcadm sem run' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm sem run' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm sem run' -l take -d 'What to take, as in sem op; may be repeated' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem run' -l no-wait -d 'Fail instead of waiting'
complete -c ipcadm -n '__ipcadm_at ipcadm sem run' -s w -l timeout -d 'Wait no longer than this' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem run' -s q -l quiet -d 'Say nothing when it would block or timed out'
complete -c ipcadm -n '__ipcadm_at ipcadm sem run' -s E -l conflict-exit-code -d 'Exit status when it would block or timed out' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem run' -s c -l command -d 'Run this line with /bin/sh' -x
complete -c ipcadm -n '__ipcadm_at ipcadm sem run' -s F -l no-fork -d 'Become CMD instead of starting it'
complete -c ipcadm -n '__ipcadm_at ipcadm sem run' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm sem run' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm sem run; and not __ipcadm_after_dashes' -a '(__ipcadm_references sem)'
complete -c ipcadm -n '__ipcadm_at ipcadm sem run; and __ipcadm_after_dashes' -a '(__ipcadm_program)'

complete -c ipcadm -n '__ipcadm_at ipcadm sem help' -a 'ls\\t\'List objects of this kind (the default)\' show\\t\'Show everything known about objects\' who\\t\'Show which processes use objects\' set\\t\'Change owner, group, mode or queue capacity\' rm\\t\'Remove exactly these objects\' clean\\t\'Remove what is leaked\' save\\t\'Save objects with their contents in an archive that tar opens\' create\\t\'Create a semaphore set with its values and print its reference\' get\\t\'Print the values of semaphores, one a line\' setval\\t\'Set the values of semaphores\' op\\t\'Do several operations on semaphores at one moment\' wait-zero\\t\'Wait until semaphores are zero\' run\\t\'Run a program while holding semaphores\''

complete -c ipcadm -n '__ipcadm_at ipcadm msg' -a ls -d 'List objects of this kind (the default)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg' -a show -d 'Show everything known about objects'
complete -c ipcadm -n '__ipcadm_at ipcadm msg' -a who -d 'Show which processes use objects'
complete -c ipcadm -n '__ipcadm_at ipcadm msg' -a set -d 'Change owner, group, mode or queue capacity'
complete -c ipcadm -n '__ipcadm_at ipcadm msg' -a rm -d 'Remove exactly these objects'
complete -c ipcadm -n '__ipcadm_at ipcadm msg' -a clean -d 'Remove what is leaked'
complete -c ipcadm -n '__ipcadm_at ipcadm msg' -a save -d 'Save objects with their contents in an archive that tar opens'
complete -c ipcadm -n '__ipcadm_at ipcadm msg' -a create -d 'Create a message queue and print its reference'
complete -c ipcadm -n '__ipcadm_at ipcadm msg' -a send -d 'Send messages'
complete -c ipcadm -n '__ipcadm_at ipcadm msg' -a recv -d 'Receive messages'
complete -c ipcadm -n '__ipcadm_at ipcadm msg' -a peek -d 'Look at messages without taking them'
complete -c ipcadm -n '__ipcadm_at ipcadm msg' -a purge -d 'Discard messages'
complete -c ipcadm -n '__ipcadm_at ipcadm msg' -a help -d 'Print the help of a command'
complete -c ipcadm -n '__ipcadm_at ipcadm msg' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm msg' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm msg' -s V -l version -d 'Print version'

complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -s o -l output -d 'Columns to show, or +COLUMN and -COLUMN to add and leave out' -x -a '(__fish_complete_list , __ipcadm_columns)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l sort -d 'Sort by these columns' -x -a '(__fish_complete_list , __ipcadm_columns)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -s r -l reverse -d 'Turn the order round'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l limit -d 'Show at most N objects' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l no-header -d 'Leave out the header'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -s q -l quiet -d 'Print references alone'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -s b -l bytes -d 'Show sizes in bytes'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l time -d 'Show times as age, iso or full' -x -a 'age\\t\'How long ago: 3h\' iso\\t\'2026-11-21T05:13:50+01:00\' full\\t\'Sat 2026-11-21 05:13:50 CET\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l owner -d 'Owned by USER, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l not-owner -d 'Not owned by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l group -d 'Of group GROUP, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l creator -d 'Created by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l key -d 'With this key, or keys beginning so: \'0x0d4d*\'' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l not-key -d 'Without this key' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l private -d 'Without a key'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l keyed -d 'With a key'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l mode -d 'With mode 0640 exactly, any bit of /022, or all bits of -022' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l larger -d 'Segments larger, queues holding more than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l smaller -d 'Segments smaller, queues holding less than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l older-than -d 'Last activity longer ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l newer-than -d 'Last activity less long ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l attached -d 'Segments that are attached'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l unattached -d 'Segments that are not attached'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l empty -d 'Queues without messages'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l pid -d 'Held, waited for, created or last used by process PID' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l state -d 'In STATE: doomed, active, unknown, idle, dormant or orphan' -x -a 'doomed\\t\'\' active\\t\'\' unknown\\t\'\' idle\\t\'\' dormant\\t\'\' orphan\\t\'\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l orphan -d 'Same as --state orphan'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l grace -d 'Take an object for idle whose last activity is younger than AGE (default: 10m)' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l creator-gone -d 'Segments whose creator is gone, and that the only living process which may use them has detached'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l bystander -d 'Take it that PROCESS uses no object it was not seen to use: a number, a program or a NAME.service' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm msg ls' -a '(__ipcadm_references msg)'

complete -c ipcadm -n '__ipcadm_at ipcadm msg show' -l messages -d 'Look at no more than the first N messages of a queue' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg show' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg show' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm msg show' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg show' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm msg show' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm msg show' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm msg show' -a '(__ipcadm_references msg)'

complete -c ipcadm -n '__ipcadm_at ipcadm msg who' -l no-header -d 'Leave out the header'
complete -c ipcadm -n '__ipcadm_at ipcadm msg who' -s q -l quiet -d 'Print process ids alone, each once'
complete -c ipcadm -n '__ipcadm_at ipcadm msg who' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg who' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm msg who' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg who' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm msg who' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm msg who' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm msg who' -a '(__ipcadm_references msg)'

complete -c ipcadm -n '__ipcadm_at ipcadm msg set' -l mode -d 'New mode, octal or symbolic: 0640, u+rw,g-w' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg set' -l owner -d 'New owner, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg set' -l group -d 'New group, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg set' -l qbytes -d 'New capacity of a queue in bytes, 1 to 2147483647' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg set' -s f -l force -d 'Shrink a queue below what it holds, or below what it can be given again'
complete -c ipcadm -n '__ipcadm_at ipcadm msg set' -s n -l dry-run -d 'Say what would be changed, and change nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm msg set' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm msg set' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg set' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm msg set' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg set' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm msg set' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm msg set' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm msg set' -a '(__ipcadm_references msg)'

complete -c ipcadm -n '__ipcadm_at ipcadm msg rm' -l if-exists -d 'Absent objects are fine'
complete -c ipcadm -n '__ipcadm_at ipcadm msg rm' -l if-unused -d 'Keep what is in use or may be: attached, waited for, with unread messages'
complete -c ipcadm -n '__ipcadm_at ipcadm msg rm' -s y -l yes -d 'Remove objects in use and queues with messages without asking'
complete -c ipcadm -n '__ipcadm_at ipcadm msg rm' -s n -l dry-run -d 'Say what would be removed, and remove nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm msg rm' -l save -d 'Save them in the archive FILE first; what changes after that is kept' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm msg rm' -l overwrite -d 'Replace FILE if it exists'
complete -c ipcadm -n '__ipcadm_at ipcadm msg rm' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm msg rm' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg rm' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm msg rm' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg rm' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm msg rm' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm msg rm' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm msg rm' -a '(__ipcadm_references msg)'

complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -s y -l yes -d 'Remove without asking'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -s n -l dry-run -d 'Say what would be removed, and remove nothing'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l discard-messages -d 'Queues with unread messages too'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l save -d 'Save them in the archive FILE first, unread messages included; what changes after that is kept' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l plan-out -d 'Write the plan to FILE, and remove nothing' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l overwrite -d 'Replace FILE if it exists'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l apply -d 'Carry out the plan in FILE, and nothing else' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l keep-dir -d 'Read the keep list in DIR instead of /etc/ipcadm/keep.d' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -s b -l bytes -d 'Show sizes in bytes'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l time -d 'Show times as age, iso or full' -x -a 'age\\t\'How long ago: 3h\' iso\\t\'2026-11-21T05:13:50+01:00\' full\\t\'Sat 2026-11-21 05:13:50 CET\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l owner -d 'Owned by USER, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l not-owner -d 'Not owned by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l group -d 'Of group GROUP, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l creator -d 'Created by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l key -d 'With this key, or keys beginning so: \'0x0d4d*\'' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l not-key -d 'Without this key' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l private -d 'Without a key'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l keyed -d 'With a key'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l mode -d 'With mode 0640 exactly, any bit of /022, or all bits of -022' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l larger -d 'Segments larger, queues holding more than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l smaller -d 'Segments smaller, queues holding less than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l older-than -d 'Last activity longer ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l newer-than -d 'Last activity less long ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l attached -d 'Segments that are attached'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l unattached -d 'Segments that are not attached'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l empty -d 'Queues without messages'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l pid -d 'Held, waited for, created or last used by process PID' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l state -d 'In STATE: doomed, active, unknown, idle, dormant or orphan' -x -a 'doomed\\t\'\' active\\t\'\' unknown\\t\'\' idle\\t\'\' dormant\\t\'\' orphan\\t\'\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l orphan -d 'Same as --state orphan'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l grace -d 'Take an object for idle whose last activity is younger than AGE (default: 10m)' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l creator-gone -d 'Segments whose creator is gone, and that the only living process which may use them has detached'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l bystander -d 'Take it that PROCESS uses no object it was not seen to use: a number, a program or a NAME.service' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm msg clean' -a 'shm\\t\'\' sem\\t\'\' msg\\t\'\''

complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -s O -l output -d 'The archive to be made, mode 0600; \'-\' is standard output' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l overwrite -d 'Replace FILE if it exists'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l if-exists -d 'Absent objects are fine'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -s q -l quiet -d 'Print no lines of success'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l owner -d 'Owned by USER, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l not-owner -d 'Not owned by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l group -d 'Of group GROUP, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l creator -d 'Created by USER' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l key -d 'With this key, or keys beginning so: \'0x0d4d*\'' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l not-key -d 'Without this key' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l private -d 'Without a key'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l keyed -d 'With a key'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l mode -d 'With mode 0640 exactly, any bit of /022, or all bits of -022' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l larger -d 'Segments larger, queues holding more than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l smaller -d 'Segments smaller, queues holding less than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l older-than -d 'Last activity longer ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l newer-than -d 'Last activity less long ago than AGE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l attached -d 'Segments that are attached'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l unattached -d 'Segments that are not attached'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l empty -d 'Queues without messages'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l pid -d 'Held, waited for, created or last used by process PID' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l state -d 'In STATE: doomed, active, unknown, idle, dormant or orphan' -x -a 'doomed\\t\'\' active\\t\'\' unknown\\t\'\' idle\\t\'\' dormant\\t\'\' orphan\\t\'\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l orphan -d 'Same as --state orphan'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l grace -d 'Take an object for idle whose last activity is younger than AGE (default: 10m)' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l creator-gone -d 'Segments whose creator is gone, and that the only living process which may use them has detached'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l bystander -d 'Take it that PROCESS uses no object it was not seen to use: a number, a program or a NAME.service' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm msg save' -a '(__ipcadm_references msg)'

complete -c ipcadm -n '__ipcadm_at ipcadm msg create' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg create' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm msg create' -l key -d 'Key, 0x and 1 to 8 hex digits' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg create' -l ftok -d 'Key made by ftok(3) from a file and a project' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm msg create' -l random-key -d 'A random key that nobody has yet'
complete -c ipcadm -n '__ipcadm_at ipcadm msg create' -l private -d 'No key (the default)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg create' -l mode -d 'Mode' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg create' -l owner -d 'Owner, a name or number' -x -a '(__fish_complete_users)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg create' -l group -d 'Group, a name or number' -x -a '(__fish_complete_groups)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg create' -l exist-ok -d 'Accept an object that exists, if it is the same; needs a key'
complete -c ipcadm -n '__ipcadm_at ipcadm msg create' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg create' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm msg create' -l qbytes -d 'Capacity in bytes [default: kernel.msgmnb]' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg create' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm msg create' -s V -l version -d 'Print version'

complete -c ipcadm -n '__ipcadm_at ipcadm msg send' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg send' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm msg send' -l type -d 'Type of the messages, or of those whose JSON tells none' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg send' -l file -d 'Read FILE instead of standard input' -r -F
complete -c ipcadm -n '__ipcadm_at ipcadm msg send' -l lines -d 'One message a line'
complete -c ipcadm -n '__ipcadm_at ipcadm msg send' -s 0 -l null -d 'One message up to each NUL byte'
complete -c ipcadm -n '__ipcadm_at ipcadm msg send' -l jsonl -d 'One JSON object a line: {"type":3,"text":"…"}, or "base64"'
complete -c ipcadm -n '__ipcadm_at ipcadm msg send' -l no-wait -d 'Do not wait'
complete -c ipcadm -n '__ipcadm_at ipcadm msg send' -l timeout -d 'Wait so long for each message' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg send' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm msg send' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm msg send' -a '(__ipcadm_references msg)'

complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -l type -d 'Messages of type N' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -l up-to -d 'Messages of types up to N, the lowest type first' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -l except -d 'Messages of any type but N' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -l count -d 'Receive N messages instead of one' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -l all -d 'Receive all that are there, and do not wait'
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -l follow -d 'Receive for ever'
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -l no-wait -d 'Do not wait'
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -l timeout -d 'Wait so long for each message' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -l lines -d 'One message a line'
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -s 0 -l null -d 'One message up to each NUL byte'
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -l jsonl -d 'One JSON object a line: {"type":3,"text":"…"}, or "base64"'
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -l max-size -d 'Take no message larger than SIZE' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -l truncate -d 'Take larger messages too, and cut them'
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -s E -l conflict-exit-code -d 'With CMD, exit with STATUS instead of 125 when there is no message (in time)' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv; and not __ipcadm_after_dashes' -a '(__ipcadm_references msg)'
complete -c ipcadm -n '__ipcadm_at ipcadm msg recv; and __ipcadm_after_dashes' -a '(__ipcadm_program)'

complete -c ipcadm -n '__ipcadm_at ipcadm msg peek' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg peek' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm msg peek' -l type -d 'Messages of type N' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg peek' -l up-to -d 'Messages of types up to N, the lowest type first' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg peek' -l except -d 'Messages of any type but N' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg peek' -l index -d 'The message at this position, from 0' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg peek' -l all -d 'All messages, up to 10000 unless --limit says otherwise'
complete -c ipcadm -n '__ipcadm_at ipcadm msg peek' -l limit -d 'The first N messages' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg peek' -l lines -d 'One message a line'
complete -c ipcadm -n '__ipcadm_at ipcadm msg peek' -s 0 -l null -d 'One message up to each NUL byte'
complete -c ipcadm -n '__ipcadm_at ipcadm msg peek' -l jsonl -d 'One JSON object a line: {"type":3,"text":"…"}, or "base64"'
complete -c ipcadm -n '__ipcadm_at ipcadm msg peek' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm msg peek' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm msg peek' -a '(__ipcadm_references msg)'

complete -c ipcadm -n '__ipcadm_at ipcadm msg purge' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg purge' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm msg purge' -l type -d 'Messages of type N' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg purge' -l up-to -d 'Messages of types up to N, the lowest type first' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg purge' -l except -d 'Messages of any type but N' -x
complete -c ipcadm -n '__ipcadm_at ipcadm msg purge' -s y -l yes -d 'Do not ask'
complete -c ipcadm -n '__ipcadm_at ipcadm msg purge' -s q -l quiet -d 'Print no line of success'
complete -c ipcadm -n '__ipcadm_at ipcadm msg purge' -l format -d 'Output format' -x -a 'table\\t\'For people\' json\\t\'One JSON document\' jsonl\\t\'One JSON object a line\' csv\\t\'Comma-separated values (RFC 4180)\''
complete -c ipcadm -n '__ipcadm_at ipcadm msg purge' -l json -d 'Same as --format json'
complete -c ipcadm -n '__ipcadm_at ipcadm msg purge' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm msg purge' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm msg purge' -a '(__ipcadm_references msg)'

complete -c ipcadm -n '__ipcadm_at ipcadm msg help' -a 'ls\\t\'List objects of this kind (the default)\' show\\t\'Show everything known about objects\' who\\t\'Show which processes use objects\' set\\t\'Change owner, group, mode or queue capacity\' rm\\t\'Remove exactly these objects\' clean\\t\'Remove what is leaked\' save\\t\'Save objects with their contents in an archive that tar opens\' create\\t\'Create a message queue and print its reference\' send\\t\'Send messages\' recv\\t\'Receive messages\' peek\\t\'Look at messages without taking them\' purge\\t\'Discard messages\''

complete -c ipcadm -n '__ipcadm_at ipcadm completions' -l color -d 'When to use colour' -x -a 'auto\\t\'On a terminal, unless NO_COLOR is set\' always\\t\'Always\' never\\t\'Never\''
complete -c ipcadm -n '__ipcadm_at ipcadm completions' -s v -l verbose -d 'Say on standard error what is done and how'
complete -c ipcadm -n '__ipcadm_at ipcadm completions' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ipcadm -n '__ipcadm_at ipcadm completions' -s V -l version -d 'Print version'
complete -c ipcadm -n '__ipcadm_at ipcadm completions' -a 'bash\\t\'\' zsh\\t\'\' fish\\t\'\''

complete -c ipcadm -n '__ipcadm_at ipcadm help' -a 'ls\\t\'List objects: all of them, those that selectors choose, or those named\' show\\t\'Show everything known about objects\' who\\t\'Show which processes use objects\' ps\\t\'Show which objects processes use\' limits\\t\'Show limits, what of them is in use, and who uses most\' set\\t\'Change owner, group, mode or queue capacity\' rm\\t\'Remove exactly these objects\' clean\\t\'Remove what is leaked: orphans, unless --state names other states\' save\\t\'Save objects with their contents in an archive that tar opens\' restore\\t\'Make the objects of an archive again\' key\\t\'Make a key from a file as ftok(3) does, or take a key apart\' shm\\t\'Shared memory segments; a bare \\\'ipcadm shm\\\' lists them\' sem\\t\'Semaphore sets; a bare \\\'ipcadm sem\\\' lists them\' msg\\t\'Message queues; a bare \\\'ipcadm msg\\\' lists them\' completions\\t\'Print the completion script of a shell\''
