#!/usr/bin/env bats
# qtc-replay: every kind of capture is read, --convert and --info.

bats_require_minimum_version 1.5.0

setup() {
    cd "$QTC_ROOT/tests/captures"
    tmp=$BATS_TEST_TMPDIR
}

raw() { # CAPTURE OPTION...: its bodies
    qtc-replay --convert raw "$@" 2>"$tmp/err"
}

# ANSWER OPTION...: $trace is what a real curl says of a request that this answer is given to.
trace_of() {
    local answer=$1 port server ports
    shift
    exec {ports}< <(exec python3 "$QTC_ROOT/tests/serve.py" --times 1 --delay 0.001 "$answer" 3>&-)
    server=$!
    read -r -u "$ports" port
    trace=$tmp/trace
    curl -sN -o "$tmp/body" "$@" -d '{"model":"m","stream":true}' "http://127.0.0.1:$port/v1/chat/completions"
    exec {ports}<&-
    wait "$server" || true
}

fails() { # FILE MESSAGE: exit status 2, this is said, and nothing is written
    run -2 --separate-stderr qtc-replay --convert raw "$1"
    echo "$stderr"
    [ "$stderr" = "qtc-replay: $2" ]
    [ "$output" = '' ]
}

# ---- curl ---------------------------------------------------------------------------

@test "traces of the curl that is installed have the body's bytes" {
    for answer in hermes.sse crlf-comments.sse whole-completion.sse; do
        for options in '' --trace-time; do
            echo "$answer $options"
            trace_of "$answer" --trace "$tmp/trace" $options
            raw "$trace" | cmp - "$answer"
            [ ! -s "$tmp/err" ]
            trace_of "$answer" --trace-ascii "$tmp/trace" $options
            raw "$trace" | cmp - <(LC_ALL=C tr '\200-\377' . <"$answer")
            grep -q 'a dot for each byte' "$tmp/err"
        done
    done
}

@test "a trace's exchange and times" {
    trace_of hermes.sse --trace "$tmp/trace" --trace-time -H 'Authorization: Bearer x'
    qtc-replay --convert recording "$trace" >"$tmp/recording"
    head -n 1 "$tmp/recording" >"$tmp/head"
    [ "$(jq -r .request.method "$tmp/head")" = POST ]
    [[ $(jq -r .request.url "$tmp/head") == http://127.0.0.1:*/v1/chat/completions ]]
    [ "$(jq -r .request.body "$tmp/head")" = '{"model":"m","stream":true}' ]
    [ "$(jq -r .status "$tmp/head")" = 200 ]
    [ "$(jq -r '.headers[] | select(.[0] == "Content-Type")[1]' "$tmp/head")" = 'text/event-stream; charset=utf-8' ]
    tail -n +2 "$tmp/recording" | jq -s -e 'map(.[0]) | . == sort and .[0] > 0 and length > 10'
    [ "$(tail -n 1 "$tmp/recording" | jq -c .[1:])" = '[null]' ]
    raw "$tmp/recording" | cmp - hermes.sse
}

@test "what curl -i prints: status and headers, and the body behind them" {
    trace_of hermes.sse -i
    raw "$tmp/body" | cmp - hermes.sse
    trace_of hermes.sse -i --raw # chunked
    [ "$(wc -c <"$tmp/body")" -gt "$(($(wc -c <hermes.sse) + 200))" ]
    raw "$tmp/body" | cmp - hermes.sse
    run -0 qtc-replay --info "$tmp/body"
    [[ $output == *'status    200, text/event-stream; charset=utf-8'* ]]
}

@test "a trace into which the answer was written is refused" {
    trace_of whole-completion.sse --trace "$tmp/trace" -o /dev/null
    { head -n -1 "$trace" && cat whole-completion.sse && tail -n 1 "$trace"; } >"$tmp/mixed"
    line=$(wc -l <"$trace")
    fails "$tmp/mixed" "$tmp/mixed:$line:1: not a line of a trace; was the answer written to the same file?"
}

# ---- samples ---------------------------------------------------------------------------

@test "samples of each kind have the bodies that they were made from" {
    raw hermes.trace | cmp - hermes.sse
    raw hermes.trace-ascii | cmp - <(LC_ALL=C tr '\200-\377' . <hermes.sse)
    raw qwen3-coder-stop.recording | cmp - qwen3-coder-stop.sse
    raw tools.har --pick 1 | cmp - native-clean.sse
    raw tools.har --pick 2 | cmp - hermes.sse
    raw tools.har --pick 3 | cmp - <(head -n 8 hermes.sse)
    raw tools.har --pick 4 | cmp - whole-completion.sse
    raw with-headers.sse | cmp - <(sed '1,/^\r$/d' with-headers.sse)
}

@test "every capture is the same after its own kind and back" {
    for capture in *.sse *.har *.trace *.trace-ascii *.recording; do
        echo "$capture"
        qtc-replay --convert recording "$capture" >"$tmp/one" 2>"$tmp/err"
        qtc-replay --convert recording <"$tmp/one" | cmp - "$tmp/one"
        raw "$capture" >"$tmp/raw"
        raw "$tmp/one" | cmp - "$tmp/raw"
    done
}

@test "calls are found in what was converted" {
    qtc-replay --convert raw tools.har --pick 1 | qtc-sse -t tools.json | jq -c '.function | {name, arguments}' |
        diff <(jq -c . native-clean.calls) -
}

@test "--convert jsonl: the JSON of each event" {
    run -0 qtc-replay --convert jsonl hermes.sse
    [ "$output" = "$(sed -n 's/^data: {/{/p' hermes.sse)" ]
    qtc-replay --convert jsonl hermes.sse >"$tmp/lines"
    raw "$tmp/lines" | cmp - "$tmp/lines"
    qtc-replay --convert jsonl crlf-comments.sse | jq -s -e 'length > 5'
}

@test "--convert writes what the options for playing make of it" {
    qtc-replay --pick 4 --simulate --gap 20 --convert recording tools.har >"$tmp/stream"
    jq -s -e '.[0].headers == [["content-type", "text/event-stream"]] and .[1][0] == 0 and .[2][0] == 0.02
        and .[-2][1] == "data: [DONE]\n\n" and .[-1][1] == null' "$tmp/stream"
    raw "$tmp/stream" >"$tmp/stream.sse"
    qtc-sse -t tools.json "$tmp/stream.sse" | jq -c '.function | {name, arguments}' |
        diff <(jq -c . whole-completion.calls) -
    qtc-replay --split bytes:100 --convert recording hermes.sse >"$tmp/cuts"
    [ "$(wc -l <"$tmp/cuts")" -eq "$(($(wc -c <hermes.sse) / 100 + 3))" ]
    raw "$tmp/cuts" | cmp - hermes.sse
    run -0 qtc-replay --fault reset@3 --convert recording hermes.sse
    [ "${lines[-1]}" = '[0,null,"cut"]' ]
    run -2 --separate-stderr qtc-replay --fault dup@30 --convert raw hermes.sse json-error.sse
    [ "$output" = '' ]
    [[ $stderr == 'qtc-replay: json-error.sse:1: '* ]]
}

@test "several files and responses follow each other" {
    qtc-replay --convert recording hermes.sse tools.har - <think.sse >"$tmp/all"
    run -0 qtc-replay --info "$tmp/all"
    [ "$(grep -c ': response ' <<<"$output")" -eq 6 ]
    cat hermes.sse native-clean.sse hermes.sse <(head -n 8 hermes.sse) whole-completion.sse think.sse >"$tmp/bodies"
    raw "$tmp/all" | cmp - "$tmp/bodies"
    raw hermes.sse tools.har think.sse | cmp - "$tmp/bodies"
}

@test "a recording that a crash has cut is good up to its last line" {
    head -c 3000 qwen3-coder-stop.recording >"$tmp/cut"
    run -0 --separate-stderr qtc-replay --convert raw "$tmp/cut"
    [ "$stderr" = "qtc-replay: $tmp/cut:$(wc -l <"$tmp/cut" | awk '{ print $1 + 1 }'): the last line is cut; it is left out" ]
    raw "$tmp/cut" >"$tmp/body"
    cmp "$tmp/body" <(head -c "$(wc -c <"$tmp/body")" qwen3-coder-stop.sse)
    [ -s "$tmp/body" ]
    run -0 --separate-stderr qtc-replay --info "$tmp/cut"
    [[ $output == *'end       cut off'* ]]
}

# ---- --info -------------------------------------------------------------------------------

@test "--info: what is in a response" {
    run -0 qtc-replay --info tools.har --pick 2
    diff <(printf '%s\n' "$output") - <<'END'
tools.har:128: response 1, har (HTTP archive of a browser or a proxy)
  request   POST https://api.example.com/v1/chat/completions
  asked     qwen3-coder-30b-a3b, a stream, 1 message, 4 tools
  start     2026-01-31T12:00:01.500Z
  status    200, text/event-stream
  body      8434 bytes, 39 events, in 39 arrivals
  time      0.980 s, first byte at 0.180 s, gaps p50 0.021 s, p99 0.021 s, max 0.021 s
  answer    1 choice, finish_reason stop, model hermes-3-8b
  calls     1 in the text: get_weather
  usage     {"prompt_tokens":204,"total_tokens":233,"completion_tokens":29}
  end       [DONE]
  defects   usage-chunk-empty-choices 1, call-in-content 1, finish-reason-stop-with-calls 1
END
    run -0 qtc-replay --info json-error.sse html-error-page.sse two-choices.sse no-done.sse
    [[ $output == *'error     {"error":{"message":"This model'* ]]
    [[ $output == *'163 bytes, neither a stream nor JSON, in 1 arrival'* ]]
    [[ $output == *'2 choices, finish_reason stop 2 times'* ]]
    [[ $output == *'end       without [DONE]'* ]]
}

@test "--info: nothing of a capture can steer the terminal" {
    printf '{"qtc-recording":1,"request":{"url":"http://h/\\u001b[2J\\u009b\\n"},"status":200}\n[0,null]\n' >"$tmp/evil"
    run -0 qtc-replay --info "$tmp/evil"
    [ "${lines[1]}" = '  request    http://h/ [2J  ' ]
}

# ---- what is wrong ----------------------------------------------------------------------------

@test "wrong files: a message with the place, exit status 2, and nothing written" {
    : >"$tmp/empty"
    fails "$tmp/empty" "$tmp/empty:1:1: nothing is in it"
    printf '\177ELF\0\0\0' >"$tmp/binary"
    fails "$tmp/binary" "$tmp/binary:1:5: neither a stream nor text: a byte is 0"
    printf "data" | gzip >"$tmp/zipped"
    fails "$tmp/zipped" "$tmp/zipped:1:1: compressed with gzip: decompress it first (curl --compressed)"
    printf '{"choices": [\n' >"$tmp/json"
    fails "$tmp/json" "$tmp/json:2:1: the JSON is cut"
    printf '{"a":1}\n{"a":2}\n{"a":nil}\n' >"$tmp/jsonl"
    fails "$tmp/jsonl" "$tmp/jsonl:3:7: not JSON, or nested too deeply"
    head -c 20000 tools.har >"$tmp/har"
    fails "$tmp/har" "$tmp/har:$(awk 'END { print NR ":" length($0) + 1 }' "$tmp/har"): the archive is cut"
    jq 'del(.log.entries[1, 2, 3, 5])' tools.har >"$tmp/har"
    fails "$tmp/har" "$tmp/har:1:1: no model's response is in it"
    head -c 20000 hermes.trace | head -n -1 >"$tmp/trace"
    fails "$tmp/trace" "$tmp/trace:$(wc -l <"$tmp/trace" | awk '{ print $1 + 1 }'):1: the trace ends inside a record"
    sed 5s/0/x/ qwen3-coder-stop.recording >"$tmp/recording"
    fails "$tmp/recording" "$tmp/recording:5:2: a number of seconds is missing"
    fails "$tmp/nowhere" "$tmp/nowhere: No such file or directory"
}

@test "a wrong file behind good ones: nothing is written of them" {
    printf '{"a":\n' >"$tmp/bad"
    run -2 --separate-stderr qtc-replay --convert raw hermes.sse think.sse "$tmp/bad"
    [ "$output" = '' ]
    run -2 --separate-stderr qtc-replay --info hermes.sse "$tmp/bad"
    [ "$output" = '' ]
}

@test "deep, long and many" {
    head -c 1000000 /dev/zero | tr '\0' '[' >"$tmp/deep"
    fails "$tmp/deep" "$tmp/deep:1:513: not JSON, or nested too deeply"
    { printf '{"log":' && cat "$tmp/deep"; } >"$tmp/deep-har"
    fails "$tmp/deep-har" "$tmp/deep-har:1:8: an object is missing"
    { printf '{"qtc-recording":1,"x":' && cat "$tmp/deep" && echo; } >"$tmp/deep-recording"
    fails "$tmp/deep-recording" "$tmp/deep-recording:1:535: JSON is nested too deeply"
    { printf 'HTTP/1.1 200 OK\r\n' && yes x: | head -n 5000; } >"$tmp/headers"
    fails "$tmp/headers" "$tmp/headers:1:1: more than 4096 lines of headers"
    yes '{"qtc-recording":1}' | head -n 20000 >"$tmp/many"
    [ "$(qtc-replay --info "$tmp/many" | grep -c response)" -eq 20000 ]
}

@test "a full disk" {
    run -2 --separate-stderr bash -c 'qtc-replay --convert raw hermes.sse >/dev/full'
    [ "$stderr" = 'qtc-replay: standard output: No space left on device' ]
    run -2 --separate-stderr bash -c 'qtc-replay --info hermes.sse >/dev/full'
    [ "$stderr" = 'qtc-replay: standard output: No space left on device' ]
}
