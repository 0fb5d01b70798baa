# bash completion for qtc-validate; made from the option table by `make completions`

_qtc_validate()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} value=
    local names

    # --option=value comes as three words: --option = value
    if [[ $cur == "=" ]]; then
        cur=
        value=$prev
    elif [[ $prev == "=" ]]; then
        value=${COMP_WORDS[COMP_CWORD-2]}
    else
        value=$prev
    fi

    case $value in
    -t | --tools)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
        ;;
    --tools-key)
        COMPREPLY=()
        return
        ;;
    -j | --jobs)
        COMPREPLY=()
        return
        ;;
    --draft)
        mapfile -t COMPREPLY < <(compgen -W "2020-12 2019-09 7 6 4" -- "$cur")
        return
        ;;
    --assert)
        COMPREPLY=()
        return
        ;;
    --report)
        mapfile -t COMPREPLY < <(compgen -W "text json tap junit github sarif" -- "$cur")
        return
        ;;
    --reject)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
        ;;
    esac

    names="--tools --tools-key --jobs --open --allow-null --formats --draft --assert --check-tools --report --fix --pass --reject --unbuffered --list-findings --help --version"
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$names" -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
}

complete -o filenames -F _qtc_validate qtc-validate
