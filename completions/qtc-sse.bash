# bash completion for qtc-sse; made from the option table by `make completions`

_qtc_sse()
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
    -i | --input)
        mapfile -t COMPREPLY < <(compgen -W "auto openai" -- "$cur")
        return
        ;;
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
    --record)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
        ;;
    esac

    names="--input --format --model --tools --starts-in-reasoning --recover --no-repair --output --hold-calls --reasoning --ids --filter --unbuffered --record --strict --expect-calls --list-defects --help --version"
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$names" -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
}

complete -o filenames -F _qtc_sse qtc-sse
