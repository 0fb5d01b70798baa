#!/usr/bin/env bats
# qtc-replay: captures played to a pipe, broken on purpose, and recorded; qtc-sse --record.

bats_require_minimum_version 1.5.0

setup() {
    cd "$QTC_ROOT/tests/captures"
    tmp=$BATS_TEST_TMPDIR
}

# What each read(2) of the other end of a pipe gets: a JSON string a line. READER ARGUMENT...: qtc-replay's.
reads() {
    qtc-replay "$@" | python3 -c 'import json, os
while block := os.read(0, 1 << 20):
    print(json.dumps(block.decode("latin-1")))'
}

# (errexit does not see a `!`)
differ() {
    ! cmp -s "$1" "$2"
}

is_no_json() {
    ! jq . 2>/dev/null
}

# A recording's body: a string a line.
arrivals() {
    jq -c 'select(type == "array" and .[1] != null) | .[1]' "$1"
}

# ---- playing ---------------------------------------------------------------------

@test "a capture goes out as it came, from a file, a pipe and a redirected file" {
    for capture in *.sse; do
        [[ $capture != with-headers.sse ]] || continue
        qtc-replay "$capture" | cmp - "$capture"
        cat "$capture" | qtc-replay | cmp - "$capture"
        qtc-replay - <"$capture" | cmp - "$capture"
        qtc-replay --speed 1 "$capture" | cmp - "$capture"
        qtc-replay --unbuffered "$capture" "$capture" | cmp - <(cat "$capture" "$capture")
    done
    qtc-replay with-headers.sse | cmp - <(sed '1,/^\r*$/d' with-headers.sse)
}

@test "a reader sees the cuts" {
    reads --split bytes:1000 hermes.sse | jq length >"$tmp/lengths"
    [ "$(sort -u "$tmp/lengths" | wc -l)" -eq 2 ]
    [ "$(head -n 1 "$tmp/lengths")" -eq 1000 ]
    reads --split lines hermes.sse | jq -s -e 'all(test("^[^\n]*\n$"))' >/dev/null
    reads --split events hermes.sse | jq -s -e 'all(test("^data: [^\n]*\n\n$"))' >/dev/null
    [ "$(reads --split events hermes.sse | wc -l)" -eq "$(grep -c ^data: hermes.sse)" ]
    printf 'a\303\251b' >"$tmp/text"
    [ "$(reads --split chars:1 "$tmp/text")" = "$(printf '"a"\n"\\u00c3\\u00a9"\n"b"')" ]
    reads --split random:7 hermes.sse >"$tmp/one"
    reads --split random:7 hermes.sse | cmp - "$tmp/one"
    differ <(reads --split random:8 hermes.sse) "$tmp/one"
}

@test "--unbuffered: each piece of a recording by itself" {
    printf '%s\n' '{"qtc-recording":1}' '[0.1,"ab"]' '[0.1,"c"]' '[0.2,"d"]' '[0.3,null]' >"$tmp/rec"
    [ "$(reads --unbuffered "$tmp/rec" | tr '\n' ' ')" = '"ab" "c" "d" ' ]
    [ "$(qtc-replay "$tmp/rec")" = abcd ]
    [ "$(qtc-replay --speed 1000 "$tmp/rec" "$tmp/rec")" = abcdabcd ]
}

@test "--resplit: other deltas, the same text" {
    local text='[inputs | select(startswith("data: {")) | .[6:] | fromjson | .choices[0].delta.content // empty] | add'
    for how in tokens:1 tokens:7 random:1 random:2; do
        qtc-replay --resplit "$how" think.sse >"$tmp/cut"
        differ "$tmp/cut" think.sse
        [ "$(jq -nR "$text" "$tmp/cut")" = "$(jq -nR "$text" think.sse)" ]
    done
}

@test "--simulate: an answer as a stream; chunks of JSON Lines; a stream stays" {
    qtc-replay --simulate whole-completion.sse >"$tmp/stream"
    diff <(qtc-sse -o message "$tmp/stream") <(qtc-sse -o message whole-completion.sse)
    [ "$(tail -n 2 "$tmp/stream" | head -n 1)" = 'data: [DONE]' ]
    sed -n 's/^data: {/{/p' hermes.sse >"$tmp/chunks.jsonl"
    qtc-replay --simulate "$tmp/chunks.jsonl" | cmp - hermes.sse
    qtc-replay --simulate crlf-comments.sse | cmp - crlf-comments.sse
    qtc-replay --simulate json-error.sse | diff - <(printf 'data: %s\n\ndata: [DONE]\n\n' "$(cat json-error.sse)")
}

@test "--fault: at event N, one or several" {
    event() { awk -v n="$1" 'BEGIN { RS = ""; ORS = "\n\n" } NR == n' hermes.sse; }
    qtc-replay --fault dup@2 hermes.sse | cmp - <(event 1; event 2; event 2; awk 'BEGIN { RS = ""; ORS = "\n\n" } NR > 2' hermes.sse)
    qtc-replay --fault error@2 hermes.sse >"$tmp/error"
    head -n 2 "$tmp/error" | cmp - <(event 1)
    [ "$(sed -n 's/^data: //p' "$tmp/error" | tail -n 1 | jq -c '.error | [.type, .code]')" = '["server_error",500]' ]
    for fault in cut reset; do
        qtc-replay --fault $fault@3 hermes.sse >"$tmp/cut"
        cmp -n "$(wc -c <"$tmp/cut")" "$tmp/cut" hermes.sse
        [ "$(grep -c ^data: "$tmp/cut")" -eq 3 ]
        tail -n 1 "$tmp/cut" | sed 's/^data: //' | is_no_json
    done
    qtc-replay --fault corrupt@1 --fault stall@2:1 --fault cut@4 hermes.sse >"$tmp/several"
    sed -n '1s/^data: //p' "$tmp/several" | is_no_json
    [ "$(grep -c ^data: "$tmp/several")" -eq 4 ]
    qtc-replay --fault reset@1 hermes.sse hermes.sse | cmp - <(head -c "$(qtc-replay --fault cut@1 hermes.sse | wc -c)" hermes.sse)
}

@test "what cannot be played is refused before anything is written" {
    : >"$tmp/empty"
    head -c 5000 /dev/zero >"$tmp/zero"
    printf '{"qtc-recording":1}\n[0.1,"a"]\nx\n[0.2,"b"]\n' >"$tmp/bad.rec"
    refused() { # MESSAGE ARGUMENT...
        local status=0
        qtc-replay "${@:2}" >"$tmp/out" 2>"$tmp/err" || status=$?
        [ "$status" -eq 2 ]
        [ ! -s "$tmp/out" ]
        [[ $(cat "$tmp/err") == "qtc-replay: "*"$1"* ]]
        [ "$(wc -l <"$tmp/err")" -eq 1 ]
    }
    refused 'nothing is in it' "$tmp/empty"
    refused 'nothing is in it' hermes.sse "$tmp/empty"
    refused 'No such file or directory' "$tmp/missing"
    refused 'a byte is 0' "$tmp/zero"
    refused "bad.rec:3:" "$tmp/bad.rec"
    refused 'html-error-page.sse:1: neither an event stream nor JSON' --simulate html-error-page.sse
    refused 'a fault is at an event that the response does not have' --fault cut@1000 hermes.sse
    refused 'a fault is at an event that the response does not have' --fault cut@20 hermes.sse json-error.sse
    refused '--pick 2: there is 1 response' --pick 2 hermes.sse
    refused '--split: "bytes:0" is not' --split bytes:0 hermes.sse
    refused '--resplit: "bytes:1" is not' --resplit bytes:1 hermes.sse
    refused '--fault: "stall@1" is not' --fault stall@1 hermes.sse
}

@test "a reader that goes away ends it quietly; a full disk is an error" {
    for options in '' '--split bytes:1' '--speed 1000' '--split lines --gap 1'; do
        # shellcheck disable=SC2086
        run -141 --separate-stderr bash -c 'qtc-replay "${@:1}" | head -c 1 >/dev/null; exit "${PIPESTATUS[0]}"' - \
            $options qwen3-coder-stop.sse qwen3-coder-stop.sse qwen3-coder-stop.sse
        [ "$stderr" = '' ]
    done
    for options in '' '--split bytes:100' '--speed 1000'; do
        # shellcheck disable=SC2086
        run -2 bash -c 'exec qtc-replay "$@" 2>&1 >/dev/full' - $options hermes.sse
        [ "$output" = 'qtc-replay: standard output: No space left on device' ]
    done
}

# ---- recording ---------------------------------------------------------------------

@test "--record: bytes pass at once, and are in the file with their times" {
    coproc TEE { qtc-replay --record "$tmp/rec"; }
    local pid=$TEE_PID
    for word in one two; do
        echo "data: $word" >&"${TEE[1]}"
        read -r -t 5 line <&"${TEE[0]}"
        [ "$line" = "data: $word" ]
        [ "$(arrivals "$tmp/rec" | tail -n 1)" = "\"data: $word\\n\"" ]
    done
    exec {TEE[1]}>&-
    wait "$pid"
    jq -e -s '.[0]["qtc-recording"] == 1 and (.[0].start | test("^2[0-9-]{9}T[0-9:.]{12}Z$")) and (.[-1] | length == 2)
        and ([.[1:][][0]] | . == sort)' "$tmp/rec"
    [ "$(qtc-replay "$tmp/rec")" = $'data: one\ndata: two' ]
}

@test "--record: any bytes come back; several files are several responses" {
    head -c 300000 /dev/urandom >"$tmp/bytes"
    printf 'data: ' | cat - "$tmp/bytes" >"$tmp/random"
    qtc-replay --record "$tmp/rec" "$tmp/random" | cmp - "$tmp/random"
    qtc-replay "$tmp/rec" | cmp - "$tmp/random"
    qtc-replay --record "$tmp/rec" hermes.sse think.sse >/dev/null
    qtc-replay --pick 2 "$tmp/rec" | cmp - think.sse
    qtc-replay --record "$tmp/rec" </dev/null
    [ "$(jq -c 'if type == "object" then keys else .[1] end' "$tmp/rec" | tr '\n' ' ')" = '["qtc-recording","start"] null ' ]
}

@test "--record: what curl -i prints first becomes status and headers, without secrets" {
    printf 'HTTP/1.1 100 Continue\r\n\r\nHTTP/2 200\r\nset-cookie: secret=1\r\nserver: x\r\n\r\ndata: a\n\n' >"$tmp/head"
    qtc-replay --record "$tmp/whole" "$tmp/head" | cmp - "$tmp/head"
    python3 -c 'import os, sys, time
for byte in open(sys.argv[1], "rb").read():
    os.write(1, bytes([byte]))
    time.sleep(0.001)' "$tmp/head" | qtc-replay --record "$tmp/bytes" | cmp - "$tmp/head"
    for recording in "$tmp/whole" "$tmp/bytes"; do
        [ "$(head -n 1 "$recording" | jq -c '[.status, .headers]')" = '[200,[["set-cookie","xxxxxxxx"],["server","x"]]]' ]
        [ "$(qtc-replay "$recording")" = 'data: a' ]
    done
    for text in 'HT' 'HTTP/1.1 200 OK\r\nserver: x\r\n'; do # not enough to tell
        printf '%b' "$text" | qtc-replay --record "$tmp/rec" | cmp - <(printf '%b' "$text")
        [ "$(head -n 1 "$tmp/rec" | jq -c '[.status, .headers]')" = '[null,null]' ]
        [ "$(arrivals "$tmp/rec")" = "\"$text\"" ]
    done
}

# Starts COMMAND with a pipe, a line through it, and sends it SIGNAL.
interrupt() { # SIGNAL COMMAND...
    coproc TEE { exec "${@:2}"; }
    local pid=$TEE_PID status=0
    echo 'data: {"choices":[{"delta":{"content":"a\n"}}]}' >&"${TEE[1]}"
    echo >&"${TEE[1]}"
    read -r -t 5 line <&"${TEE[0]}"
    kill -s "$1" "$pid"
    wait "$pid" || status=$?
    [ "$status" -eq $((128 + $(kill -l "$1"))) ]
}

@test "--record: a signal is noted as the end of a cut response" {
    for signal in INT TERM; do
        interrupt $signal qtc-replay --record "$tmp/rec"
        [ "$(tail -n 1 "$tmp/rec" | jq -c '.[1:]')" = '[null,"cut"]' ]
        interrupt $signal qtc-sse -o text --record "$tmp/rec"
        [ "$(tail -n 1 "$tmp/rec" | jq -c '.[1:]')" = '[null,"cut"]' ]
    done
}

@test "--record: a signal ends it too while a reader keeps it waiting" {
    for ((i = 0; i < 10; i++)); do
        cat qwen3-coder-stop.sse
    done >"$tmp/long"
    mkfifo "$tmp/pipe"
    exec 4<>"$tmp/pipe"
    for command in 'qtc-replay' 'qtc-sse -o chunks'; do
        $command --record "$tmp/rec" "$tmp/long" >"$tmp/pipe" 3>&- 4>&- &
        pid=$!
        until [ "$(wc -l <"$tmp/rec")" -gt 1 ]; do sleep 0.05; done
        sleep 0.1 # it writes to the pipe now
        kill "$pid"
        for _ in {1..50}; do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null || true
        status=0
        wait "$pid" || status=$?
        [ "$status" -eq 143 ]
        qtc-replay "$tmp/rec" >"$tmp/out"
        [ -s "$tmp/out" ]
        [ "$(tail -n 1 "$tmp/rec" | jq -c '.[1:]')" = '[null,"cut"]' ]
    done
}

@test "--record: a signal before anything came is noted as well" {
    mkfifo "$tmp/pipe"
    exec 4<>"$tmp/pipe"
    for begun in '' 'HTTP/1.1 200 OK'; do
        qtc-replay --record "$tmp/rec" <"$tmp/pipe" 3>&- 4>&- &
        pid=$! status=0
        until [ -e "$tmp/rec" ]; do sleep 0.05; done
        printf %s "$begun" >&4
        sleep 0.1
        kill "$pid"
        wait "$pid" || status=$?
        [ "$status" -eq 143 ]
        run -0 qtc-replay --info "$tmp/rec"
        [[ $output == *'start     20'*'end       cut off'* ]]
        rm "$tmp/rec"
    done
}

@test "--record: what cannot be written is said, and the bytes pass on" {
    run -2 --separate-stderr qtc-replay --record /dev/full hermes.sse
    [ "$stderr" = 'qtc-replay: /dev/full: No space left on device' ]
    [ "$output" = "$(cat hermes.sse)" ]
    run -2 --separate-stderr qtc-replay --record "$tmp/no/such" hermes.sse
    [ "$stderr" = "qtc-replay: $tmp/no/such: No such file or directory" ]
    [ "$output" = "$(cat hermes.sse)" ]
    run -2 --separate-stderr qtc-sse --record /dev/full -o text hermes.sse
    [ "$stderr" = 'qtc-sse: /dev/full: No space left on device' ]
    [ "$output" = "$(qtc-sse -o text hermes.sse)" ]
    run -2 bash -c 'exec qtc-replay --record "$1" hermes.sse 2>&1 >/dev/full' - "$tmp/rec"
    [ "$output" = 'qtc-replay: standard output: No space left on device' ]
    [ "$(tail -n 1 "$tmp/rec" | jq -c '.[1:]')" = '[null,"cut"]' ]
    run -2 --separate-stderr qtc-replay --record "$tmp/rec" "$tmp/missing" hermes.sse
    [ "$stderr" = "qtc-replay: $tmp/missing: No such file or directory" ]
    qtc-replay "$tmp/rec" | cmp - hermes.sse
}

@test "a standard descriptor that is closed is not taken for a file's" {
    run -2 bash -c 'qtc-replay --record "$1" hermes.sse 2>&1 >&-' - "$tmp/rec"
    [ "$output" = 'qtc-replay: standard output: Bad file descriptor' ]
    [ "$(tail -n 1 "$tmp/rec" | jq -c '.[1:]')" = '[null,"cut"]' ]
    run -2 bash -c 'qtc-sse --record "$1" hermes.sse 2>&1 >&-' - "$tmp/rec"
    [ "$output" = 'qtc-sse: standard output: Bad file descriptor' ]
    run -2 bash -c 'qtc-replay --serve 0 hermes.sse 2>&1 >&-'
    [ "$output" = 'qtc-replay: standard output: Bad file descriptor' ]
    for command in 'qtc-replay --info' 'qtc-replay --record "$1"' qtc-sse qtc-parse 'qtc-validate -t tools.json'; do
        run -2 bash -c "$command <&-" - "$tmp/rec"
        [[ $output == *': Bad file descriptor' ]]
    done
    bash -c 'qtc-replay --timeline "$1" hermes.sse <&- >&- 2>&-' - "$tmp/svg"
    [[ $(<"$tmp/svg") == '<svg '* ]]
}

@test "--record: a reader that goes away leaves what came before in the file" {
    for ((i = 0; i < 10; i++)); do
        cat qwen3-coder-stop.sse
    done >"$tmp/long"
    run -141 --separate-stderr bash -c 'qtc-replay --record "$1" "$2" | head -c 10 >/dev/null; exit "${PIPESTATUS[0]}"' \
        - "$tmp/rec" "$tmp/long"
    [ "$stderr" = '' ]
    qtc-replay "$tmp/rec" >"$tmp/out"
    [ -s "$tmp/out" ]
    cmp -n "$(wc -c <"$tmp/out")" "$tmp/out" "$tmp/long"
}

@test "--record: not over what is read or written" {
    cp hermes.sse "$tmp/capture"
    for command in 'qtc-replay --record "$1" "$1"' 'qtc-replay --record "$1" <"$1"' 'qtc-replay --record "$1" - <"$1"' \
        'qtc-sse --record "$1" "$1"' 'qtc-replay --record "$1" hermes.sse >>"$1"'; do
        run -2 bash -c "$command" - "$tmp/capture"
        [[ $output == "qtc-"*": $tmp/capture: it cannot be the recording and the input or the output at once" ]]
        cmp "$tmp/capture" hermes.sse
    done
}

@test "qtc-sse --record: the same output, and the raw bytes for qtc-replay" {
    for capture in *.sse; do
        local status=0 recorded=0
        qtc-sse -o message -t tools.json "$capture" >"$tmp/plain" 2>"$tmp/plain.err" || status=$?
        qtc-sse -o message -t tools.json --record "$tmp/rec" "$capture" >"$tmp/out" 2>"$tmp/out.err" || recorded=$?
        cmp "$tmp/out" "$tmp/plain"
        cmp "$tmp/out.err" "$tmp/plain.err"
        [ "$recorded" -eq "$status" ]
        qtc-replay "$tmp/rec" | cmp - <(qtc-replay "$capture")
    done
    cat hermes.sse | qtc-sse --record "$tmp/rec" >/dev/null
    qtc-replay "$tmp/rec" | cmp - hermes.sse
}

@test "a stall waits also where no speed is given" {
    begin=$(date +%s%N)
    qtc-replay --fault stall@2:300 "$QTC_ROOT/tests/captures/hermes.sse" | cmp - "$QTC_ROOT/tests/captures/hermes.sse"
    [ $((($(date +%s%N) - begin) / 1000000)) -ge 300 ]
}
