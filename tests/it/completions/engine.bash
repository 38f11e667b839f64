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

