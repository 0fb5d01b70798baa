#!/usr/bin/env bats
# qtc-replay's command line; what its jobs do is in replay-*.bats.

bats_require_minimum_version 1.5.0

setup() {
    cd "$QTC_ROOT/tests/captures"
}

refused() { # MESSAGE ARGUMENT...: a usage error that says so, before anything is read or written
    local message=$1
    shift
    run -2 --separate-stderr qtc-replay "$@" </dev/null
    [ -z "$output" ]
    [ "$stderr" = "qtc-replay: $message" ]
}

@test "--help is one screen, with examples" {
    run -0 qtc-replay --help
    [ "${#lines[@]}" -le 48 ]
    [[ $output == *'curl -sN ... | qtc-replay --record bug.rec'* ]]
}

@test "each option goes with its jobs" {
    refused '--match goes with --minimize' --match x hermes.sse
    refused '--timeout goes with --check' --timeout 3 hermes.sse
    refused '--choose goes with --serve' --choose turn hermes.sse
    refused '--request-log goes with --serve' --request-log "$BATS_TEST_TMPDIR/log" hermes.sse
    refused '--record and --speed do not go together' --record "$BATS_TEST_TMPDIR/rec" --speed 2
    refused '--record and --redact do not go together' --redact --record "$BATS_TEST_TMPDIR/rec"
    refused '--info and --split do not go together' --split lines --info hermes.sse
    refused '--check and --serve do not go together' --serve 0 --check hermes.sse -- true
    refused '--timeline and --info do not go together' --info --timeline "$BATS_TEST_TMPDIR/svg" hermes.sse
    [ ! -e "$BATS_TEST_TMPDIR/rec" ] && [ ! -e "$BATS_TEST_TMPDIR/svg" ] && [ ! -e "$BATS_TEST_TMPDIR/log" ]
}

@test "values that are none" {
    refused '--speed: "fast" is not max or a factor' --speed fast hermes.sse
    refused '--speed: "-1" is not max or a factor' --speed -1 hermes.sse
    refused '--speed: "nan" is not max or a factor' --speed nan hermes.sse
    refused '--gap: "0" is not a number of milliseconds' --gap 0 hermes.sse
    refused '--split: "bytes:0" is not bytes:N, chars:N, lines, events or random:SEED' --split bytes:0 hermes.sse
    refused '--split: "tokens:1" is not bytes:N, chars:N, lines, events or random:SEED' --split tokens:1 hermes.sse
    refused '--resplit: "bytes:1" is not tokens:N or random:SEED' --resplit bytes:1 hermes.sse
    refused '--fault: "cut@0" is not cut@N, stall@N:MS, error@N, dup@N, corrupt@N or reset@N' --fault cut@0 hermes.sse
    refused '--pick: "none" is not a number from 1' --pick none hermes.sse
    refused '--pick 2: there is 1 response' --info --pick 2 hermes.sse
    refused '--convert: unknown value "record" (did you mean "recording"?)' --convert record hermes.sse
    refused 'unknown option --splt (did you mean --split?)' --splt lines hermes.sse
}

@test "COMMAND stands behind --; without one more files do" {
    refused 'a command is missing: ... CAPTURE -- COMMAND [ARGUMENT]...' --check hermes.sse
    refused 'a command is missing: ... CAPTURE -- COMMAND [ARGUMENT]...' --minimize hermes.sse --
    run -0 qtc-replay --check --runs 1 hermes.sse -- cat -- hermes.sse
    [[ $output == 'hermes.sse:1: '*' splits, all the same' ]]
    qtc-replay hermes.sse -- think.sse | cmp - <(cat hermes.sse think.sse)
    cp hermes.sse "$BATS_TEST_TMPDIR/--speed"
    cd "$BATS_TEST_TMPDIR"
    qtc-replay -- --speed | cmp - -- --speed
}

@test "a terminal that is read is told of" {
    for options in '' --info '--serve 0' "--record $BATS_TEST_TMPDIR/rec"; do
        run python3 -c 'import os, pty, subprocess, sys
ours, theirs = pty.openpty()
os.write(ours, b"\4")
print(subprocess.run(sys.argv[1:], stdin=theirs, capture_output=True, text=True).stderr)' qtc-replay $options
        [[ $output == 'qtc-replay: reading from the terminal; end it with Ctrl-D'* ]]
    done
}

@test "files that are not there, empty, or no capture" {
    refused 'missing.sse: No such file or directory' missing.sse
    run -2 --separate-stderr qtc-replay hermes.sse /dev/null
    [ "$stderr" = 'qtc-replay: /dev/null:1:1: nothing is in it' ]
    refused '<stdin>:1:1: nothing is in it' --info
    run -2 --separate-stderr qtc-replay /
    [[ $stderr == 'qtc-replay: /: '* ]]
}
