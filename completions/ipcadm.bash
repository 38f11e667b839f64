# bash completion for ipcadm.
#
# Generated from the command tree by tests/it/completions; change it there.
# It needs bash 4 and nothing else; bash-completion may be loaded or not.

_ipcadm() {
    local IFS=$' \t\n'
    COMPREPLY=()
    # What _ipcadm_enter says of the command:
    local path='' commands='' options='' operands=''
    local words=() typed kept=''
    _ipcadm_split
    _ipcadm_enter ipcadm

    # Goes through what stands before the word to be completed.
    local word source='' count=0 program=''
    for word in "${words[@]:1:${#words[@]}-2}"; do
        if [[ $program ]]; then
            program+=' argument'
        elif [[ $source ]]; then
            # The value of the option before it.
            source=''
        elif [[ $word == -- ]]; then
            program='named next'
        elif [[ $word == -?* ]]; then
            _ipcadm_option_takes "$word"
        elif [[ -z $commands ]] || ! _ipcadm_enter "$path $word"; then
            count=$((count + 1))
        fi
    done

    if [[ $program && $operands == *@program* ]]; then
        if [[ $program == 'named next' ]]; then
            mapfile -t COMPREPLY < <(compgen -c -- "$typed")
        else
            _ipcadm_let_readline_complete_files
        fi
    elif [[ $source ]]; then
        _ipcadm_offer "$source" "$typed"
    elif [[ $program ]]; then
        _ipcadm_offer_operand "$count"
    elif [[ $typed == --*=* ]]; then
        _ipcadm_option_takes "${typed%%=*}"
        _ipcadm_offer "${source:-@nothing}" "${typed#*=}" "${typed%%=*}="
    elif [[ $typed == -* ]]; then
        _ipcadm_offer_options
    elif [[ $commands ]]; then
        _ipcadm_offer "${commands// /,}" "$typed"
    else
        _ipcadm_offer_operand "$count"
    fi
    # readline keeps what stands before the last ':' or '='.
    [[ ${#COMPREPLY[@]} -eq 0 ]] || COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}

# Sets words to those up to the cursor; the last is what is to be completed,
# also in typed. COMP_WORDS has 'shm:4' in three pieces as ':' is one of
# COMP_WORDBREAKS, which users may have changed: pieces that touch are one.
# Sets kept to the beginning of typed that readline does not replace.
_ipcadm_split() {
    local line=${COMP_LINE:0:COMP_POINT} gap piece before='' i sign part
    for ((i = 0; i <= COMP_CWORD; i++)); do
        piece=${COMP_WORDS[i]}
        gap=${line%%[![:space:]]*}
        line=${line#"$gap"}
        # Only what stands before the cursor.
        [[ $i -lt $COMP_CWORD ]] || piece=$line
        line=${line#"$piece"}
        if [[ $i -gt 0 && -z $gap && ($before == [:=]* || $piece == [:=]*) ]]; then
            words[${#words[@]} - 1]+=$piece
        else
            words+=("$piece")
        fi
        before=$piece
    done
    typed=${words[${#words[@]} - 1]}
    if [[ $typed == [\"\']* ]]; then
        # Inside quotes nothing breaks words.
        typed=${typed:1}
        return
    fi
    for sign in : =; do
        [[ $COMP_WORDBREAKS == *"$sign"* && $typed == *"$sign"* ]] || continue
        part=${typed%"${typed##*"$sign"}"}
        [[ ${#part} -le ${#kept} ]] || kept=$part
    done
}

# Sets source to what the option wants in the next word, if it does.
_ipcadm_option_takes() {
    local option=$1 entry
    # Of -rq the last can take a value.
    [[ $option == --* ]] || option=-${option: -1}
    for entry in $options; do
        [[ $entry != "$option":* ]] || source=${entry#*:}
    done
}

_ipcadm_offer_options() {
    local entry names=''
    for entry in $options; do
        entry=${entry%%:*}
        [[ $typed != -- || $entry == --* ]] && names+="$entry "
    done
    mapfile -t COMPREPLY < <(compgen -W "$names" -- "$typed")
}

# Offers what the command wants as its operand of this number, from 0.
_ipcadm_offer_operand() {
    local entry number=0 found=''
    for entry in $operands; do
        [[ $number -ne $1 && $entry != *... ]] || found=$entry
        number=$((number + 1))
        [[ -z $found ]] || break
    done
    [[ -z $found || $found == @program* ]] || _ipcadm_offer "${found%...}" "$typed"
}

# Offers what a source has that begins with a text, after a prefix. A source is
# a list of words with commas, or @ and a name.
_ipcadm_offer() {
    local source=$1 begins=$2 prefix=${3-} list='' kind='' sign=''
    case $source in
        @nothing) return ;;
        @file-of-key)
            # The project follows.
            _ipcadm_let_readline_complete_files -o nospace
            return
            ;;
        @files)
            _ipcadm_let_readline_complete_files
            return
            ;;
        @users | @groups)
            mapfile -t COMPREPLY < <(compgen -A "${source:1:-1}" -P "$prefix" -- "$begins")
            return
            ;;
        @columns)
            # A list with commas; a column may have a sign.
            prefix+=${begins%"${begins##*,}"}
            begins=${begins##*,}
            if [[ $begins == [+-]* ]]; then
                sign=${begins:0:1}
                begins=${begins:1}
            fi
            prefix+=$sign
            list=$_ipcadm_columns
            compopt -o nospace 2>/dev/null
            ;;
        @kinds-or-references | @references*)
            # KIND:PATH:PROJECT
            if [[ $begins == */* ]]; then
                _ipcadm_let_readline_complete_files -o nospace
                return
            fi
            [[ $source != @*:* ]] || kind=${source#*:}
            [[ $source != @kinds-* ]] || list='shm sem msg '
            list+=$(command ipcadm ls -q ${kind:+"$kind"} 2>/dev/null </dev/null)
            ;;
        *) list=${source//,/ } ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$list" -P "$prefix" -- "$begins")
}

_ipcadm_let_readline_complete_files() {
    # Fails only where no completion is going on.
    compopt -o default -o bashdefault "$@" 2>/dev/null
}

_ipcadm_columns='kind id key ref mode uid gid cuid cgid owner group creator creator_group ctime size nattch
    cpid lpid atime dtime rss swap locked doomed nsems otime qnum cbytes qbytes lspid lrpid
    stime rtime activity full contents flags holders waiters state unknown_why evidence
    command'

# Goes to the command of this path and says what it has. An option that takes a
# value has the source after a colon; '...' marks what repeats.
_ipcadm_enter() {
    case $1 in
        'ipcadm')
            path='ipcadm'
            commands='ls show who ps limits set rm clean save restore key shm sem msg completions help'
            operands=''
            options='--color:auto,always,never -v --verbose -h --help -V --version'
            ;;
        'ipcadm ls' | 'ipcadm list')
            path='ipcadm ls'
            commands=''
            operands='@kinds-or-references...'
            options='--color:auto,always,never -v --verbose -o:@columns --output:@columns --sort:@columns -r
                --reverse --limit:@nothing --no-header -q --quiet -b --bytes --time:age,iso,full
                --format:table,json,jsonl,csv --json --owner:@users --not-owner:@users --group:@groups
                --creator:@users --key:@nothing --not-key:@nothing --private --keyed --mode:@nothing
                --larger:@nothing --smaller:@nothing --older-than:@nothing --newer-than:@nothing
                --attached --unattached --empty --pid:@nothing
                --state:doomed,active,unknown,idle,dormant,orphan --orphan --grace:@nothing --creator-gone
                --bystander:@nothing -h --help -V --version'
            ;;
        'ipcadm show' | 'ipcadm inspect' | 'ipcadm stat')
            path='ipcadm show'
            commands=''
            operands='@references...'
            options='--color:auto,always,never -v --verbose --messages:@nothing --format:table,json,jsonl,csv
                --json -h --help -V --version'
            ;;
        'ipcadm who')
            path='ipcadm who'
            commands=''
            operands='@references...'
            options='--color:auto,always,never -v --verbose --no-header -q --quiet
                --format:table,json,jsonl,csv --json -h --help -V --version'
            ;;
        'ipcadm ps')
            path='ipcadm ps'
            commands=''
            operands='@nothing...'
            options='--color:auto,always,never -v --verbose --no-header -q --quiet
                --format:table,json,jsonl,csv --json -h --help -V --version'
            ;;
        'ipcadm limits')
            path='ipcadm limits'
            commands=''
            operands=''
            options='--color:auto,always,never -v --verbose -b --bytes --no-header
                --format:table,json,jsonl,csv --json -h --help -V --version'
            ;;
        'ipcadm set')
            path='ipcadm set'
            commands=''
            operands='@references...'
            options='--color:auto,always,never -v --verbose --mode:@nothing --owner:@users --group:@groups
                --qbytes:@nothing -f --force -n --dry-run -q --quiet --format:table,json,jsonl,csv --json
                -h --help -V --version'
            ;;
        'ipcadm rm' | 'ipcadm delete' | 'ipcadm remove')
            path='ipcadm rm'
            commands=''
            operands='@references...'
            options='--color:auto,always,never -v --verbose --if-exists --if-unused -y --yes -n --dry-run
                --save:@files --overwrite -q --quiet --format:table,json,jsonl,csv --json -h --help -V
                --version'
            ;;
        'ipcadm clean')
            path='ipcadm clean'
            commands=''
            operands='shm,sem,msg...'
            options='--color:auto,always,never -v --verbose -y --yes -n --dry-run --discard-messages
                --save:@files --plan-out:@files --overwrite --apply:@files --keep-dir:@files -q --quiet -b
                --bytes --time:age,iso,full --format:table,json,jsonl,csv --json --owner:@users
                --not-owner:@users --group:@groups --creator:@users --key:@nothing --not-key:@nothing
                --private --keyed --mode:@nothing --larger:@nothing --smaller:@nothing
                --older-than:@nothing --newer-than:@nothing --attached --unattached --empty --pid:@nothing
                --state:doomed,active,unknown,idle,dormant,orphan --orphan --grace:@nothing --creator-gone
                --bystander:@nothing -h --help -V --version'
            ;;
        'ipcadm save' | 'ipcadm backup')
            path='ipcadm save'
            commands=''
            operands='@kinds-or-references...'
            options='--color:auto,always,never -v --verbose -O:@files --output:@files --overwrite --if-exists
                -q --quiet --format:table,json,jsonl,csv --json --owner:@users --not-owner:@users
                --group:@groups --creator:@users --key:@nothing --not-key:@nothing --private --keyed
                --mode:@nothing --larger:@nothing --smaller:@nothing --older-than:@nothing
                --newer-than:@nothing --attached --unattached --empty --pid:@nothing
                --state:doomed,active,unknown,idle,dormant,orphan --orphan --grace:@nothing --creator-gone
                --bystander:@nothing -h --help -V --version'
            ;;
        'ipcadm restore')
            path='ipcadm restore'
            commands=''
            operands='@files @references...'
            options='--color:auto,always,never -v --verbose -l --list --same-id --new-key --replace --noreserve
                --values:@nothing --numeric-owner --by-name --owner:@users --group:@groups -n --dry-run -q
                --quiet -b --bytes --time:age,iso,full --format:table,json,jsonl,csv --json -h --help -V
                --version'
            ;;
        'ipcadm key')
            path='ipcadm key'
            commands=''
            operands='@files @nothing'
            options='--color:auto,always,never -v --verbose --format:table,json,jsonl,csv --json -h --help -V
                --version'
            ;;
        'ipcadm shm')
            path='ipcadm shm'
            commands='ls show who set rm clean save create attach read write lock unlock help'
            operands=''
            options='--color:auto,always,never -v --verbose -h --help -V --version'
            ;;
        'ipcadm shm ls' | 'ipcadm shm list')
            path='ipcadm shm ls'
            commands=''
            operands='@references:shm...'
            options='-o:@columns --output:@columns --sort:@columns -r --reverse --limit:@nothing --no-header -q
                --quiet -b --bytes --time:age,iso,full --format:table,json,jsonl,csv --json --owner:@users
                --not-owner:@users --group:@groups --creator:@users --key:@nothing --not-key:@nothing
                --private --keyed --mode:@nothing --larger:@nothing --smaller:@nothing
                --older-than:@nothing --newer-than:@nothing --attached --unattached --empty --pid:@nothing
                --state:doomed,active,unknown,idle,dormant,orphan --orphan --grace:@nothing --creator-gone
                --bystander:@nothing --color:auto,always,never -v --verbose -h --help -V --version'
            ;;
        'ipcadm shm show' | 'ipcadm shm inspect' | 'ipcadm shm stat')
            path='ipcadm shm show'
            commands=''
            operands='@references:shm...'
            options='--messages:@nothing --format:table,json,jsonl,csv --json --color:auto,always,never -v
                --verbose -h --help -V --version'
            ;;
        'ipcadm shm who')
            path='ipcadm shm who'
            commands=''
            operands='@references:shm...'
            options='--no-header -q --quiet --format:table,json,jsonl,csv --json --color:auto,always,never -v
                --verbose -h --help -V --version'
            ;;
        'ipcadm shm set')
            path='ipcadm shm set'
            commands=''
            operands='@references:shm...'
            options='--mode:@nothing --owner:@users --group:@groups --qbytes:@nothing -f --force -n --dry-run
                -q --quiet --format:table,json,jsonl,csv --json --color:auto,always,never -v --verbose -h
                --help -V --version'
            ;;
        'ipcadm shm rm' | 'ipcadm shm delete' | 'ipcadm shm remove')
            path='ipcadm shm rm'
            commands=''
            operands='@references:shm...'
            options='--if-exists --if-unused -y --yes -n --dry-run --save:@files --overwrite -q --quiet
                --format:table,json,jsonl,csv --json --color:auto,always,never -v --verbose -h --help -V
                --version'
            ;;
        'ipcadm shm clean')
            path='ipcadm shm clean'
            commands=''
            operands='shm,sem,msg...'
            options='-y --yes -n --dry-run --discard-messages --save:@files --plan-out:@files --overwrite
                --apply:@files --keep-dir:@files -q --quiet -b --bytes --time:age,iso,full
                --format:table,json,jsonl,csv --json --owner:@users --not-owner:@users --group:@groups
                --creator:@users --key:@nothing --not-key:@nothing --private --keyed --mode:@nothing
                --larger:@nothing --smaller:@nothing --older-than:@nothing --newer-than:@nothing
                --attached --unattached --empty --pid:@nothing
                --state:doomed,active,unknown,idle,dormant,orphan --orphan --grace:@nothing --creator-gone
                --bystander:@nothing --color:auto,always,never -v --verbose -h --help -V --version'
            ;;
        'ipcadm shm save' | 'ipcadm shm backup')
            path='ipcadm shm save'
            commands=''
            operands='@references:shm...'
            options='-O:@files --output:@files --overwrite --if-exists -q --quiet --format:table,json,jsonl,csv
                --json --owner:@users --not-owner:@users --group:@groups --creator:@users --key:@nothing
                --not-key:@nothing --private --keyed --mode:@nothing --larger:@nothing --smaller:@nothing
                --older-than:@nothing --newer-than:@nothing --attached --unattached --empty --pid:@nothing
                --state:doomed,active,unknown,idle,dormant,orphan --orphan --grace:@nothing --creator-gone
                --bystander:@nothing --color:auto,always,never -v --verbose -h --help -V --version'
            ;;
        'ipcadm shm create')
            path='ipcadm shm create'
            commands=''
            operands='@nothing'
            options='--color:auto,always,never -v --verbose --key:@nothing --ftok:@file-of-key --random-key
                --private --mode:@nothing --owner:@users --group:@groups --exist-ok
                --format:table,json,jsonl,csv --json --hugepages --noreserve --lock -h --help -V --version'
            ;;
        'ipcadm shm attach')
            path='ipcadm shm attach'
            commands=''
            operands='@references:shm @program...'
            options='--color:auto,always,never -v --verbose --read-only --for:@nothing -f --force -q --quiet -b
                --bytes --time:age,iso,full --format:table,json,jsonl,csv --json -h --help -V --version'
            ;;
        'ipcadm shm read')
            path='ipcadm shm read'
            commands=''
            operands='@references:shm'
            options='--color:auto,always,never -v --verbose --offset:@nothing --length:@nothing -O:@files
                --output:@files --overwrite --hex --raw --untouched -f --force -h --help -V --version'
            ;;
        'ipcadm shm write')
            path='ipcadm shm write'
            commands=''
            operands='@references:shm @files'
            options='--color:auto,always,never -v --verbose --offset:@nothing --zero --fill:@nothing
                --length:@nothing -f --force -q --quiet --format:table,json,jsonl,csv --json -h --help -V
                --version'
            ;;
        'ipcadm shm lock')
            path='ipcadm shm lock'
            commands=''
            operands='@references:shm...'
            options='--color:auto,always,never -v --verbose -n --dry-run -q --quiet
                --format:table,json,jsonl,csv --json -h --help -V --version'
            ;;
        'ipcadm shm unlock')
            path='ipcadm shm unlock'
            commands=''
            operands='@references:shm...'
            options='--color:auto,always,never -v --verbose -n --dry-run -q --quiet
                --format:table,json,jsonl,csv --json -h --help -V --version'
            ;;
        'ipcadm shm help')
            path='ipcadm shm help'
            commands=''
            operands='ls,show,who,set,rm,clean,save,create,attach,read,write,lock,unlock'
            options=''
            ;;
        'ipcadm sem')
            path='ipcadm sem'
            commands='ls show who set rm clean save create get setval op wait-zero run help'
            operands=''
            options='--color:auto,always,never -v --verbose -h --help -V --version'
            ;;
        'ipcadm sem ls' | 'ipcadm sem list')
            path='ipcadm sem ls'
            commands=''
            operands='@references:sem...'
            options='-o:@columns --output:@columns --sort:@columns -r --reverse --limit:@nothing --no-header -q
                --quiet -b --bytes --time:age,iso,full --format:table,json,jsonl,csv --json --owner:@users
                --not-owner:@users --group:@groups --creator:@users --key:@nothing --not-key:@nothing
                --private --keyed --mode:@nothing --larger:@nothing --smaller:@nothing
                --older-than:@nothing --newer-than:@nothing --attached --unattached --empty --pid:@nothing
                --state:doomed,active,unknown,idle,dormant,orphan --orphan --grace:@nothing --creator-gone
                --bystander:@nothing --color:auto,always,never -v --verbose -h --help -V --version'
            ;;
        'ipcadm sem show' | 'ipcadm sem inspect' | 'ipcadm sem stat')
            path='ipcadm sem show'
            commands=''
            operands='@references:sem...'
            options='--messages:@nothing --format:table,json,jsonl,csv --json --color:auto,always,never -v
                --verbose -h --help -V --version'
            ;;
        'ipcadm sem who')
            path='ipcadm sem who'
            commands=''
            operands='@references:sem...'
            options='--no-header -q --quiet --format:table,json,jsonl,csv --json --color:auto,always,never -v
                --verbose -h --help -V --version'
            ;;
        'ipcadm sem set')
            path='ipcadm sem set'
            commands=''
            operands='@references:sem...'
            options='--mode:@nothing --owner:@users --group:@groups --qbytes:@nothing -f --force -n --dry-run
                -q --quiet --format:table,json,jsonl,csv --json --color:auto,always,never -v --verbose -h
                --help -V --version'
            ;;
        'ipcadm sem rm' | 'ipcadm sem delete' | 'ipcadm sem remove')
            path='ipcadm sem rm'
            commands=''
            operands='@references:sem...'
            options='--if-exists --if-unused -y --yes -n --dry-run --save:@files --overwrite -q --quiet
                --format:table,json,jsonl,csv --json --color:auto,always,never -v --verbose -h --help -V
                --version'
            ;;
        'ipcadm sem clean')
            path='ipcadm sem clean'
            commands=''
            operands='shm,sem,msg...'
            options='-y --yes -n --dry-run --discard-messages --save:@files --plan-out:@files --overwrite
                --apply:@files --keep-dir:@files -q --quiet -b --bytes --time:age,iso,full
                --format:table,json,jsonl,csv --json --owner:@users --not-owner:@users --group:@groups
                --creator:@users --key:@nothing --not-key:@nothing --private --keyed --mode:@nothing
                --larger:@nothing --smaller:@nothing --older-than:@nothing --newer-than:@nothing
                --attached --unattached --empty --pid:@nothing
                --state:doomed,active,unknown,idle,dormant,orphan --orphan --grace:@nothing --creator-gone
                --bystander:@nothing --color:auto,always,never -v --verbose -h --help -V --version'
            ;;
        'ipcadm sem save' | 'ipcadm sem backup')
            path='ipcadm sem save'
            commands=''
            operands='@references:sem...'
            options='-O:@files --output:@files --overwrite --if-exists -q --quiet --format:table,json,jsonl,csv
                --json --owner:@users --not-owner:@users --group:@groups --creator:@users --key:@nothing
                --not-key:@nothing --private --keyed --mode:@nothing --larger:@nothing --smaller:@nothing
                --older-than:@nothing --newer-than:@nothing --attached --unattached --empty --pid:@nothing
                --state:doomed,active,unknown,idle,dormant,orphan --orphan --grace:@nothing --creator-gone
                --bystander:@nothing --color:auto,always,never -v --verbose -h --help -V --version'
            ;;
        'ipcadm sem create')
            path='ipcadm sem create'
            commands=''
            operands='@nothing'
            options='--color:auto,always,never -v --verbose --values:@nothing --key:@nothing
                --ftok:@file-of-key --random-key --private --mode:@nothing --owner:@users --group:@groups
                --exist-ok --format:table,json,jsonl,csv --json -h --help -V --version'
            ;;
        'ipcadm sem get')
            path='ipcadm sem get'
            commands=''
            operands='@references:sem @nothing...'
            options='--color:auto,always,never -v --verbose --format:table,json,jsonl,csv --json -h --help -V
                --version'
            ;;
        'ipcadm sem setval')
            path='ipcadm sem setval'
            commands=''
            operands='@references:sem @nothing...'
            options='--color:auto,always,never -v --verbose --keep-undo -q --quiet
                --format:table,json,jsonl,csv --json -h --help -V --version'
            ;;
        'ipcadm sem op')
            path='ipcadm sem op'
            commands=''
            operands='@references:sem @nothing...'
            options='--color:auto,always,never -v --verbose --no-wait -w:@nothing --timeout:@nothing -q --quiet
                -h --help -V --version'
            ;;
        'ipcadm sem wait-zero')
            path='ipcadm sem wait-zero'
            commands=''
            operands='@references:sem @nothing...'
            options='--color:auto,always,never -v --verbose --no-wait -w:@nothing --timeout:@nothing -q --quiet
                -h --help -V --version'
            ;;
        'ipcadm sem run')
            path='ipcadm sem run'
            commands=''
            operands='@references:sem @program...'
            options='--color:auto,always,never -v --verbose --take:@nothing --no-wait -w:@nothing
                --timeout:@nothing -q --quiet -E:@nothing --conflict-exit-code:@nothing -c:@nothing
                --command:@nothing -F --no-fork -h --help -V --version'
            ;;
        'ipcadm sem help')
            path='ipcadm sem help'
            commands=''
            operands='ls,show,who,set,rm,clean,save,create,get,setval,op,wait-zero,run'
            options=''
            ;;
        'ipcadm msg')
            path='ipcadm msg'
            commands='ls show who set rm clean save create send recv peek purge help'
            operands=''
            options='--color:auto,always,never -v --verbose -h --help -V --version'
            ;;
        'ipcadm msg ls' | 'ipcadm msg list')
            path='ipcadm msg ls'
            commands=''
            operands='@references:msg...'
            options='-o:@columns --output:@columns --sort:@columns -r --reverse --limit:@nothing --no-header -q
                --quiet -b --bytes --time:age,iso,full --format:table,json,jsonl,csv --json --owner:@users
                --not-owner:@users --group:@groups --creator:@users --key:@nothing --not-key:@nothing
                --private --keyed --mode:@nothing --larger:@nothing --smaller:@nothing
                --older-than:@nothing --newer-than:@nothing --attached --unattached --empty --pid:@nothing
                --state:doomed,active,unknown,idle,dormant,orphan --orphan --grace:@nothing --creator-gone
                --bystander:@nothing --color:auto,always,never -v --verbose -h --help -V --version'
            ;;
        'ipcadm msg show' | 'ipcadm msg inspect' | 'ipcadm msg stat')
            path='ipcadm msg show'
            commands=''
            operands='@references:msg...'
            options='--messages:@nothing --format:table,json,jsonl,csv --json --color:auto,always,never -v
                --verbose -h --help -V --version'
            ;;
        'ipcadm msg who')
            path='ipcadm msg who'
            commands=''
            operands='@references:msg...'
            options='--no-header -q --quiet --format:table,json,jsonl,csv --json --color:auto,always,never -v
                --verbose -h --help -V --version'
            ;;
        'ipcadm msg set')
            path='ipcadm msg set'
            commands=''
            operands='@references:msg...'
            options='--mode:@nothing --owner:@users --group:@groups --qbytes:@nothing -f --force -n --dry-run
                -q --quiet --format:table,json,jsonl,csv --json --color:auto,always,never -v --verbose -h
                --help -V --version'
            ;;
        'ipcadm msg rm' | 'ipcadm msg delete' | 'ipcadm msg remove')
            path='ipcadm msg rm'
            commands=''
            operands='@references:msg...'
            options='--if-exists --if-unused -y --yes -n --dry-run --save:@files --overwrite -q --quiet
                --format:table,json,jsonl,csv --json --color:auto,always,never -v --verbose -h --help -V
                --version'
            ;;
        'ipcadm msg clean')
            path='ipcadm msg clean'
            commands=''
            operands='shm,sem,msg...'
            options='-y --yes -n --dry-run --discard-messages --save:@files --plan-out:@files --overwrite
                --apply:@files --keep-dir:@files -q --quiet -b --bytes --time:age,iso,full
                --format:table,json,jsonl,csv --json --owner:@users --not-owner:@users --group:@groups
                --creator:@users --key:@nothing --not-key:@nothing --private --keyed --mode:@nothing
                --larger:@nothing --smaller:@nothing --older-than:@nothing --newer-than:@nothing
                --attached --unattached --empty --pid:@nothing
                --state:doomed,active,unknown,idle,dormant,orphan --orphan --grace:@nothing --creator-gone
                --bystander:@nothing --color:auto,always,never -v --verbose -h --help -V --version'
            ;;
        'ipcadm msg save' | 'ipcadm msg backup')
            path='ipcadm msg save'
            commands=''
            operands='@references:msg...'
            options='-O:@files --output:@files --overwrite --if-exists -q --quiet --format:table,json,jsonl,csv
                --json --owner:@users --not-owner:@users --group:@groups --creator:@users --key:@nothing
                --not-key:@nothing --private --keyed --mode:@nothing --larger:@nothing --smaller:@nothing
                --older-than:@nothing --newer-than:@nothing --attached --unattached --empty --pid:@nothing
                --state:doomed,active,unknown,idle,dormant,orphan --orphan --grace:@nothing --creator-gone
                --bystander:@nothing --color:auto,always,never -v --verbose -h --help -V --version'
            ;;
        'ipcadm msg create')
            path='ipcadm msg create'
            commands=''
            operands=''
            options='--color:auto,always,never -v --verbose --key:@nothing --ftok:@file-of-key --random-key
                --private --mode:@nothing --owner:@users --group:@groups --exist-ok
                --format:table,json,jsonl,csv --json --qbytes:@nothing -h --help -V --version'
            ;;
        'ipcadm msg send')
            path='ipcadm msg send'
            commands=''
            operands='@references:msg @nothing'
            options='--color:auto,always,never -v --verbose --type:@nothing --file:@files --lines -0 --null
                --jsonl --no-wait --timeout:@nothing -h --help -V --version'
            ;;
        'ipcadm msg recv' | 'ipcadm msg receive')
            path='ipcadm msg recv'
            commands=''
            operands='@references:msg @program...'
            options='--color:auto,always,never -v --verbose --type:@nothing --up-to:@nothing --except:@nothing
                --count:@nothing --all --follow --no-wait --timeout:@nothing --lines -0 --null --jsonl
                --max-size:@nothing --truncate -E:@nothing --conflict-exit-code:@nothing -h --help -V
                --version'
            ;;
        'ipcadm msg peek')
            path='ipcadm msg peek'
            commands=''
            operands='@references:msg'
            options='--color:auto,always,never -v --verbose --type:@nothing --up-to:@nothing --except:@nothing
                --index:@nothing --all --limit:@nothing --lines -0 --null --jsonl -h --help -V --version'
            ;;
        'ipcadm msg purge')
            path='ipcadm msg purge'
            commands=''
            operands='@references:msg'
            options='--color:auto,always,never -v --verbose --type:@nothing --up-to:@nothing --except:@nothing
                -y --yes -q --quiet --format:table,json,jsonl,csv --json -h --help -V --version'
            ;;
        'ipcadm msg help')
            path='ipcadm msg help'
            commands=''
            operands='ls,show,who,set,rm,clean,save,create,send,recv,peek,purge'
            options=''
            ;;
        'ipcadm completions')
            path='ipcadm completions'
            commands=''
            operands='bash,zsh,fish'
            options='--color:auto,always,never -v --verbose -h --help -V --version'
            ;;
        'ipcadm help')
            path='ipcadm help'
            commands=''
            operands='ls,show,who,ps,limits,set,rm,clean,save,restore,key,shm,sem,msg,completions'
            options=''
            ;;
        *) return 1 ;;
    esac
}

complete -F _ipcadm ipcadm
