#!/usr/bin/env bats
# The committed completions are what the option tables give, and they complete.

commands=(qtc-parse qtc-replay qtc-sse qtc-validate)

# complete WORD...: what the last word may become, one a line.
complete_words() {
    local -a COMPREPLY COMP_WORDS=("$@")
    local COMP_CWORD=$(($# - 1))
    source "$QTC_ROOT/completions/$1.bash"
    "_${1//-/_}"
    printf '%s\n' "${COMPREPLY[@]}"
}

@test "completions are up to date with the option tables (make completions)" {
    for command in "${commands[@]}"; do
        "$QTC_BUILD/gen-completion" "$command" | diff - "$QTC_ROOT/completions/$command.bash"
    done
}

@test "gen-completion of an unknown command fails" {
    run "$QTC_BUILD/gen-completion" qtc-nothing
    [ "$status" -eq 2 ]
}

@test "option names are completed" {
    run complete_words qtc-sse --st
    [ "$output" = $'--starts-in-reasoning\n--strict' ]
}

@test "output names are completed, with and without an equals sign" {
    run complete_words qtc-parse -o ca
    [ "$output" = calls ]
    run complete_words qtc-parse --output = m
    [ "$output" = message ]
    run complete_words qtc-sse --output =
    [ "${lines[0]}" = calls ]
}

@test "reports are completed, files for --reject, nothing for a program" {
    run complete_words qtc-validate --report ju
    [ "$output" = junit ]
    run complete_words qtc-validate --draft 20
    [ "$output" = $'2020-12\n2019-09' ]
    cd "$BATS_TEST_TMPDIR"
    touch rest.jsonl
    run complete_words qtc-validate --reject re
    [ "$output" = rest.jsonl ]
    run complete_words qtc-validate --assert re
    [ -z "$output" ]
}

@test "kinds of captures are completed, nothing for a number" {
    run complete_words qtc-replay --convert re
    [ "$output" = recording ]
    run complete_words qtc-replay --cuts ''
    [ "$output" = $'all\ntransport\ncontent' ]
    run complete_words qtc-replay --runs ''
    [ -z "$output" ]
}

@test "format names are asked from qtc-parse" {
    run complete_words qtc-sse --format qwen3
    [[ "$output" == *qwen3_coder* ]]
}

@test "files are completed" {
    cd "$BATS_TEST_TMPDIR"
    touch answer.txt
    run complete_words qtc-parse -t answ
    [ "$output" = answer.txt ]
    run complete_words qtc-parse answ
    [ "$output" = answer.txt ]
}
