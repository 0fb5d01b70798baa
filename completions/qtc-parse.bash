# bash completion for qtc-parse; made from the option table by `make completions`

_qtc_parse()
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
    -f | --format)
        names=$(qtc-parse --list-formats 2>/dev/null | sed 's/[[:space:]].*//')
        mapfile -t COMPREPLY < <(compgen -f -W "auto $names" -- "$cur")
        return
        ;;
    --model)
        COMPREPLY=()
        return
        ;;
    -t | --tools)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
        ;;
    -i | --input)
        mapfile -t COMPREPLY < <(compgen -W "auto text deltas json" -- "$cur")
        return
        ;;
    -j | --jobs)
        COMPREPLY=()
        return
        ;;
    --recover)
        mapfile -t COMPREPLY < <(compgen -W "normal strict lenient" -- "$cur")
        return
        ;;
    -o | --output)
        mapfile -t COMPREPLY < <(compgen -W "calls sse chunks deltas message response events text" -- "$cur")
        return
        ;;
    --reasoning)
        mapfile -t COMPREPLY < <(compgen -W "split drop inline" -- "$cur")
        return
        ;;
    --ids)
        mapfile -t COMPREPLY < <(compgen -W "stable random seq" -- "$cur")
        return
        ;;
    --filter)
        COMPREPLY=()
        return
        ;;
    --show-format)
        names=$(qtc-parse --list-formats 2>/dev/null | sed 's/[[:space:]].*//')
        mapfile -t COMPREPLY < <(compgen -f -W "$names" -- "$cur")
        return
        ;;
    esac

    names="--format --model --tools --input --batch --jobs --starts-in-reasoning --recover --output --reasoning --ids --filter --unbuffered --strict --contains --detect --list-formats --json --show-format --help --version"
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$names" -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
}

complete -o filenames -F _qtc_parse qtc-parse
