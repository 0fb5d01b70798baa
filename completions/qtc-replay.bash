# bash completion for qtc-replay; made from the option table by `make completions`

_qtc_replay()
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
    --pick)
        COMPREPLY=()
        return
        ;;
    -t | --tools)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
        ;;
    --speed)
        COMPREPLY=()
        return
        ;;
    --gap)
        COMPREPLY=()
        return
        ;;
    --split)
        COMPREPLY=()
        return
        ;;
    --resplit)
        COMPREPLY=()
        return
        ;;
    --fault)
        COMPREPLY=()
        return
        ;;
    --serve)
        COMPREPLY=()
        return
        ;;
    --choose)
        mapfile -t COMPREPLY < <(compgen -W "model turn state" -- "$cur")
        return
        ;;
    --request-log)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
        ;;
    --record)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
        ;;
    --convert)
        mapfile -t COMPREPLY < <(compgen -W "recording raw jsonl" -- "$cur")
        return
        ;;
    --timeline)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
        ;;
    --cuts)
        mapfile -t COMPREPLY < <(compgen -W "all transport content" -- "$cur")
        return
        ;;
    --runs)
        COMPREPLY=()
        return
        ;;
    --seed)
        COMPREPLY=()
        return
        ;;
    --match)
        COMPREPLY=()
        return
        ;;
    --timeout)
        COMPREPLY=()
        return
        ;;
    esac

    names="--pick --tools --redact --simulate --speed --gap --split --resplit --fault --unbuffered --serve --choose --request-log --record --info --convert --timeline --check --cuts --runs --seed --minimize --match --timeout --help --version"
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$names" -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
}

complete -o filenames -F _qtc_replay qtc-replay
