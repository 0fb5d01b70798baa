#!/usr/bin/env bats
# qtc-replay --check and --minimize: a COMMAND that is run again and again.

bats_require_minimum_version 1.5.0

setup() {
    cd "$QTC_ROOT/tests/captures"
    tmp=$BATS_TEST_TMPDIR
    naive=$QTC_ROOT/tests/naive-parser.py
}

events() { # FIRST LAST: chunks with these numbers
    for ((i = $1; i <= $2; i++)); do
        printf 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"word %d "}}],"usage":null}\n\n' "$i"
    done
}

# A stream of 41 events of which the 21st is broken.
broken_stream() {
    events 1 20
    printf 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"bro\n\n'
    events 21 39
    printf 'data: [DONE]\n\n'
}

# ---- --check --------------------------------------------------------------------

@test "--check: a parser that takes a read for whole lines is found, with the cut that matters" {
    printf 'data: {"choices":[{"delta":{"content":"hello <tool_call>"}}]}\n\ndata: [DONE]\n\n' >"$tmp/a.sse"
    run -1 --separate-stderr qtc-replay --check --cuts transport "$tmp/a.sse" -- "$naive" lines
    [ "$stderr" = '' ]
    [[ ${lines[0]} == "$tmp/a.sse:1: the output changes with --split bytes:1, of whose cuts these are enough (1 of "*"):" ]]
    [[ ${lines[1]} =~ ^'  cut at byte '[0-9]+', in event 1: '.*'|' ]]
    [ "${lines[2]}" = '  uncut: exit status 0; cut: exit status 1' ]
    [ "${lines[3]}" = '  line 2 of the output:' ]
    [ "${lines[4]}" = '    uncut: with a call' ]
    [ "${lines[5]}" = '    cut:   of text' ]
    [ ${#lines[@]} -eq 6 ]
    # the split that it names shows it again, alone
    run -1 qtc-replay --check --split bytes:1 "$tmp/a.sse" -- "$naive" lines
    [[ ${lines[0]} == *"--split bytes:1, of whose cuts"* ]]
}

@test "--check: a parser that looks at each delta alone is found, with the cut in the text" {
    printf 'data: {"choices":[{"delta":{"content":"hello <tool_call>x"}}]}\n\ndata: [DONE]\n\n' >"$tmp/a.sse"
    run -0 qtc-replay --check --runs 1 --cuts transport "$tmp/a.sse" -- "$naive" deltas
    run -1 --separate-stderr qtc-replay --check "$tmp/a.sse" -- "$naive" deltas
    [ "$stderr" = '' ]
    [[ ${lines[0]} == "$tmp/a.sse:1: the output changes with --resplit tokens:1, of whose cuts these are enough (1 of "*"):" ]]
    [[ ${lines[1]} =~ ^'  cut at byte '[0-9]+', in event 2: '.*'<|tool' ]]
    [ "${lines[5]}" = '    cut:   of text' ]
}

@test "--check: what is right stays the same over all splits, each capture by itself" {
    run -0 --separate-stderr qtc-replay --check --runs 3 hermes.sse native-clean.sse whole-completion.sse -- qtc-sse -o message
    [ "$stderr" = '' ]
    [ "${lines[0]}" = 'hermes.sse:1: 20 splits, all the same' ]
    [ "${lines[1]}" = 'native-clean.sse:1: 20 splits, all the same' ]
    [[ ${lines[2]} =~ ^'whole-completion.sse:1: '[0-9]+' splits, all the same'$ ]]
    [ ${#lines[@]} -eq 3 ]
}

@test "--check: pieces are seen apart, one read each, and the seed makes the splits" {
    cat >"$tmp/reads.py" <<'PY'
import os, sys
n = []
while data := os.read(0, 65536):
    n.append(len(data))
open(sys.argv[1], "a").write(" ".join(map(str, n)) + "\n")
PY
    printf 'data: abc\n\ndata: %s\n\n' {1..40} >"$tmp/b.sse"
    printf 'data: abc\n\ndata: defgh\n\n' >"$tmp/a.sse" # 24 bytes
    run -0 qtc-replay --check --split bytes:7 "$tmp/a.sse" -- python3 "$tmp/reads.py" "$tmp/log"
    [ "$(cat "$tmp/log")" = $'24\n24\n7 7 7 3' ]
    rm "$tmp/log"
    for i in 1 2; do
        qtc-replay --check --cuts transport --runs 3 --seed 7 "$tmp/b.sse" -- python3 "$tmp/reads.py" "$tmp/log$i"
    done
    cmp "$tmp/log1" "$tmp/log2"
    [ "$(wc -l <"$tmp/log1")" -eq 15 ]
}

@test "--check: a COMMAND that differs from run to run, or is too slow, cannot be judged" {
    run -2 --separate-stderr qtc-replay --check hermes.sse -- sh -c 'cat >/dev/null; echo $$'
    [ "$output" = '' ]
    [ "$stderr" = "qtc-replay: hermes.sse: COMMAND's output differs from run to run, uncut: cuts cannot be judged by it" ]
    run -2 --separate-stderr qtc-replay --check --timeout 1 hermes.sse -- sleep 20
    [ "$stderr" = 'qtc-replay: hermes.sse: COMMAND takes longer than 1 s' ]
}

@test "--check: one that differs does not keep the others from being looked at" {
    printf 'data: {"choices":[{"delta":{"content":"a <tool_call>"}}]}\n\n' >"$tmp/a.sse"
    printf 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n' >"$tmp/b.sse"
    run -1 qtc-replay --check --runs 1 --cuts transport "$tmp/a.sse" "$tmp/b.sse" -- "$naive" lines
    [[ ${lines[0]} == "$tmp/a.sse:1: the output changes"* ]]
    [[ ${lines[-1]} == "$tmp/b.sse:1: "*" splits, all the same" ]]
}

@test "--check: an endless split is left out, and that is said; what is not text is shown" {
    { printf 'data: \xff\x01 \xe2\x82\xac'; head -c 150000 /dev/zero | tr '\0' a; printf '\n\n'; } >"$tmp/a.sse"
    run -0 --separate-stderr qtc-replay --check --runs 1 --cuts transport "$tmp/a.sse" -- true
    [ "$stderr" = "qtc-replay: $tmp/a.sse: left out, for they have too many pieces: bytes:1, chars:1" ]
    cat >"$tmp/first.py" <<'PY'
import os, sys
sys.exit(len(os.read(0, 10)) < 10)
PY
    run -1 qtc-replay --check --split bytes:9 "$tmp/a.sse" -- python3 "$tmp/first.py"
    [[ ${lines[1]} == '  cut at byte 9, in event 1: data: \xff\x01 |€aaaa'*'…' ]]
}

@test "--check: the text joined may be what changes the output; with faults only the transport is cut" {
    events 1 3 >"$tmp/a.sse"
    run -1 qtc-replay --check "$tmp/a.sse" -- wc -l
    [ "${lines[0]}" = "$tmp/a.sse:1: the output changes with --resplit tokens:1, even where its pieces are joined again:" ]
    [ "${lines[1]}" = '  line 1 of the output:' ]
    [ "${lines[2]}" = '    uncut: 6' ]
    [ "${lines[3]}" = '    cut:   2' ]
    run -0 qtc-replay --check --runs 1 --fault dup@2 "$tmp/a.sse" -- wc -l
    [ "$output" = "$tmp/a.sse:1: 11 splits, all the same" ]
}

@test "--check: a signal ends it" {
    run -2 --separate-stderr timeout --foreground --preserve-status -s TERM 0.5 qtc-replay --check hermes.sse -- sleep 20
    [ "$output" = '' ]
    [ "$stderr" = 'qtc-replay: interrupted' ]
}

# ---- --minimize ------------------------------------------------------------------

@test "--minimize: 5 000 events with a bad one become at most 3, with the same exit status" {
    { events 1 3000; printf 'data: {"id":"c","choices":[{"index\n\n'; events 3001 4998; printf 'data: [DONE]\n\n'; } >"$tmp/a.sse"
    run -1 qtc-sse --strict "$tmp/a.sse"
    qtc-replay --minimize "$tmp/a.sse" -- qtc-sse --strict >"$tmp/small.sse" 2>"$tmp/err"
    [ "$(grep -c '^data:' "$tmp/small.sse")" -le 3 ]
    run -1 qtc-sse --strict "$tmp/small.sse"
    [[ $(sed -n 1p "$tmp/err") == "qtc-replay: $tmp/a.sse: minimizing 5000 events, "*' kB' ]]
    [[ $(sed -n 2p "$tmp/err") =~ ^"qtc-replay: $tmp/a.sse: 5000 events, "[0-9]+' kB -> '[1-3]' event'.*' bytes in '[0-9]+' runs ('[0-9.]+' s)'$ ]]
    [ "$(wc -l <"$tmp/err")" -eq 2 ]
}

@test "--minimize --match: also what it prints is kept, so that another fault does not take its place" {
    broken_stream >"$tmp/a.sse"
    qtc-replay --minimize --match '"code":"invalid-json-chunk"' "$tmp/a.sse" -- qtc-sse --strict -o events >"$tmp/small.sse" 2>/dev/null
    printf 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"bro\n\n' | cmp - "$tmp/small.sse"
    # exit status 0 is enough then; standard error counts too, line by line
    qtc-replay --minimize --match '^seen$' "$tmp/a.sse" -- sh -c 'grep -q "word 7 " && { echo; echo seen; } >&2; exit 0' \
        >"$tmp/small.sse" 2>/dev/null
    [ "$(cat "$tmp/small.sse")" = 'data: {"choices":[{"delta":{"content":"word 7 "}}]}' ]
}

@test "--minimize: chunks are joined, text goes by lines, words and characters, members one by one, and it stays JSON" {
    {
        events 1 5
        printf 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"first\\\\nsecond line \\u00e9\\nthird"},"logprobs":null}]}\n\n' | sed 's/\\\\n/\\n/'
        events 6 9
        printf ': ping\n\ndata: {"id":"c","choices":[{"index":0,"delta":{"content":"a \\ud83d\\ude00 b"}}],"usage":{"total_tokens":3}}\n\n'
    } >"$tmp/a.sse"
    # what is not JSON has another exit status
    qtc-replay --minimize "$tmp/a.sse" -- bash -c 'x=$(sed -n "s/^data: //p") && jq -e . <<<"$x" >/dev/null &&
        [[ $x == *"\\u00e9\\n"*"\\ud83d\\ude00"* ]] && exit 7' >"$tmp/small.sse" 2>/dev/null
    diff "$tmp/small.sse" - <<'SSE'
data: {"choices":[{"delta":{"content":"\u00e9\n\ud83d\ude00"}}]}

SSE
}

@test "--minimize: JSON Lines and pages go by lines, a whole answer by its text and members" {
    printf '{"a":1,"b":2}\n{"needed":1,"b":2}\n{"a":3}\n' >"$tmp/a.jsonl"
    run -3 --separate-stderr sh -c "qtc-replay --minimize $tmp/a.jsonl -- sh -c 'grep -q needed && exit 3' >$tmp/small; exit 3"
    [[ $stderr == *": 3 lines, 41 bytes -> 1 line, 13 bytes in "* ]]
    [ "$(cat "$tmp/small")" = '{"needed":1}' ]
    run -0 --separate-stderr qtc-replay --minimize html-error-page.sse -- sh -c 'grep -q 502 && exit 3'
    [ "$(wc -l <<<"$output")" -eq 1 ]
    run -0 --separate-stderr qtc-replay --minimize whole-completion.sse -- sh -c 'jq -e ".choices[0].message.content | contains(\"tool_call>\")" && exit 3'
    [ "$output" = '{"choices":[{"message":{"content":"tool_call>"}}]}' ]
}

@test "--minimize --convert recording: the pieces that are left keep their times; faults come first" {
    cat >"$tmp/a.rec" <<'REC'
{"qtc-recording":1,"status":200}
[0.1,"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"]
[0.2,"data: {\"choices\":[{\"delta\":{\"con"]
[0.3,"tent\":\"the needed one\"}}]}\n\n"]
[0.4,"data: [DONE]\n\n"]
[0.5,null]
REC
    qtc-replay --minimize --convert recording "$tmp/a.rec" -- sh -c 'grep -q needed && exit 3' 2>/dev/null | diff - <(cat <<'REC'
{"qtc-recording":1,"status":200}
[0.200000000,"data: {\"choices\":[{\"delta\":{\"con"]
[0.300000000,"tent\":\"needed\"}}]}\n\n"]
[0.500000000,null]
REC
    )
    cat "$tmp/a.rec" "$tmp/a.rec" >"$tmp/two.rec"
    run -0 --separate-stderr qtc-replay --minimize --pick 2 --fault dup@2 "$tmp/two.rec" -- \
        sh -c '[ "$(grep -c needed)" -eq 2 ] && exit 3'
    [ "$output" = 'data: {"choices":[{"delta":{"content":"needed"}}]}

data: {"choices":[{"delta":{"content":"needed"}}]}' ]
    qtc-replay --minimize --gap 250 --convert recording "$tmp/a.rec" -- sh -c 'grep -q needed && exit 3' 2>/dev/null | diff - <(cat <<'REC'
{"qtc-recording":1,"status":200}
[0.250000000,"data: {\"choices\":[{\"delta\":{\"content\":\"needed\"}}]}\n\n"]
[0.250000000,null]
REC
    )
}

@test "--minimize: a COMMAND that is killed, hangs, reads nothing, or prints without end" {
    broken_stream >"$tmp/a.sse"
    run -0 --separate-stderr qtc-replay --minimize "$tmp/a.sse" -- sh -c 'grep -q "word 7 " && kill -SEGV $$'
    [ "$output" = 'data: {"choices":[{"delta":{"content":"word 7 "}}]}' ]
    events 1 2 >"$tmp/b.sse"
    run -0 --separate-stderr qtc-replay --minimize --timeout 1 --match . "$tmp/b.sse" -- sh -c 'grep "word 2 " && sleep 50'
    [ "$output" = 'data: {"choices":[{"delta":{"content":"word 2 "}}]}' ]
    { events 1 3000; } >"$tmp/long.sse"
    run -0 --separate-stderr qtc-replay --minimize "$tmp/long.sse" -- sh -c 'exit 3'
    [ "$output" = 'data: {}' ]
    run -0 --separate-stderr qtc-replay --minimize "$tmp/b.sse" -- sh -c 'head -c 100000000 /dev/zero; exit 3'
    [ "$output" = 'data: {}' ]
}

@test "--minimize: what cannot be kept is said, and nothing is written" {
    check() { # MESSAGE ARGUMENT...
        run -2 --separate-stderr qtc-replay --minimize "${@:2}"
        [ "$output" = '' ]
        [ "$stderr" = "qtc-replay: $1" ]
    }
    check 'hermes.sse: COMMAND succeeds (exit status 0): say with --match what is to be kept' hermes.sse -- true
    check 'hermes.sse: nothing that COMMAND prints matches (exit status 3)' --match x hermes.sse -- sh -c 'exit 3'
    check 'cannot run "/no/such/thing": No such file or directory' hermes.sse -- /no/such/thing
    check 'cannot run "": No such file or directory' hermes.sse -- ''
    check 'there are 2 responses: --pick the one to minimize' hermes.sse hermes.sse -- false
    check '--match: not a regular expression: a parenthesis is not closed' --match '(' hermes.sse -- false
    printf 0 >"$tmp/n"
    check 'hermes.sse: COMMAND ends differently from run to run: exit status 1, then exit status 2' hermes.sse -- \
        sh -c "n=\$((\$(cat $tmp/n) + 1)); echo \$n >$tmp/n; exit \$n"
    run -2 qtc-replay --minimize hermes.sse --
    run -2 qtc-replay --minimize hermes.sse
}

@test "--minimize: a full disk and a closed pipe" {
    run -2 --separate-stderr sh -c 'qtc-replay --minimize hermes.sse -- false >/dev/full'
    [[ $stderr == *'qtc-replay: standard output: No space left on device' ]]
    run -0 --separate-stderr bash -c 'set -o pipefail; { qtc-replay --minimize hermes.sse -- false; echo "$?" >&2; } 2>&1 >&3 3>&- | tail -1' 3>/dev/null
    [ "$output" = 0 ]
    run bash -c 'trap "" PIPE; { sleep 0.3; qtc-replay --minimize hermes.sse -- false; echo $? >&2; } 2>&1 >&3 | tail -1' 3> >(:)
    [ "$output" = 141 ]
}

# ---- COMMAND's surroundings ---------------------------------------------------------

@test "COMMAND gets no descriptor more than it would have without, and SIGPIPE as it was" {
    ls /proc/self/fd | sort -n >"$tmp/without"
    run -0 --separate-stderr qtc-replay --minimize hermes.sse -- sh -c "ls /proc/self/fd | sort -n >$tmp/with; exit 3"
    diff "$tmp/without" "$tmp/with"
    # a writer dies of SIGPIPE; bash reads 141 for it
    run -0 --separate-stderr qtc-replay --minimize --match '^141$' hermes.sse -- \
        bash -c 'yes | head -1 >/dev/null; echo "${PIPESTATUS[0]}"'
}

@test "a signal ends the run that is on and what it started; the smallest so far is written" {
    broken_stream >"$tmp/a.sse"
    cat >"$tmp/slow.sh" <<'SH' # hangs in its 8th run
cat >/dev/null
echo >>"$1"
if [ "$(wc -l <"$1")" -eq 8 ]; then
    sleep 300 &
    echo $! >"$1.pid"
    wait
fi
exit 3
SH
    # not in the background of a shell that ignores SIGINT there
    python3 - "$tmp" <<'PY'
import os, signal, subprocess, sys, time
tmp = sys.argv[1]
signal.signal(signal.SIGINT, signal.default_int_handler)
p = subprocess.Popen(["qtc-replay", "--minimize", tmp + "/a.sse", "--", "sh", tmp + "/slow.sh", tmp + "/log"],
                     stdout=open(tmp + "/small.sse", "wb"), stderr=open(tmp + "/err", "wb"))
while not os.path.exists(tmp + "/log.pid") or not open(tmp + "/log.pid").read().endswith("\n"):
    time.sleep(0.01)
p.send_signal(signal.SIGINT)
open(tmp + "/status", "w").write(str(p.wait()))
PY
    [ "$(cat "$tmp/status")" = 2 ]
    [[ $(tail -1 "$tmp/err") == *' runs ('*' s), not finished' ]]
    [ "$(grep -c '^data:' "$tmp/small.sse")" -ge 1 ]
    [ "$(grep -c '^data:' "$tmp/small.sse")" -le 20 ]
    run cat "/proc/$(cat "$tmp/log.pid")/status"
    [[ $status -eq 1 || $output == *'State:'*'Z (zombie)'* ]]
}
