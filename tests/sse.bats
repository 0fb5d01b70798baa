#!/usr/bin/env bats
# qtc-sse: its options, its outputs, and what it makes of input that is not as it should be.

bats_require_minimum_version 1.5.0

setup() {
    cd "$QTC_ROOT/tests/captures"
    tools=tools.json
    tmp=$BATS_TEST_TMPDIR
    shared=$QTC_ROOT/../shared/captures
}

# The calls on standard input (-o calls), in the form of the .calls files.
names_and_arguments() {
    jq -c '{name: .function.name, arguments: .function.arguments} + if .truncated then {truncated} else {} end'
}

# Content and calls of a written stream on standard input, and how it ends.
client() {
    jq -R -s -c '[split("\n\n")[] | select(startswith("data: {")) | .[6:] | fromjson] | {
        content: [.[].choices[]?.delta.content // empty] | add,
        calls: [.[].choices[]?.delta.tool_calls[]?] | group_by(.index) | map({
            name: map(.function.name // empty) | add, arguments: map(.function.arguments // empty) | add}),
        finish: [.[].choices[]?.finish_reason // empty] | last,
        error: [.[].error.code // empty] | last}'
}

big_lines() { # BYTES: bytes of 'a' without a line end
    head -c "$1" /dev/zero | tr '\0' a
}

# ---- captures ------------------------------------------------------------------

@test "each capture has the calls of its .calls file" {
    for calls in *.calls; do
        capture=${calls%.calls}.sse
        echo "$capture"
        { qtc-sse -t "$tools" "$capture" || [[ $capture == html-* ]]; } | names_and_arguments |
            diff <(jq -c . "$calls") -
    done
}

@test "the model that the stream names is a hint for auto; --model is a better one" {
    local text='<tool_call><function=f><parameter=a>\n v \n</parameter></function></tool_call>'
    stream() { # MODEL...: a chunk with each model, the last two behind the first with half of the text each
        jq -n -c --arg text "$(printf '%b' "$text")" '[$ARGS.positional, [{role: "assistant", content: ""}, {content: $text[:40]}, {content: $text[40:]}]]
            | transpose[] | {id: "c", model: .[0], choices: [{index: 0, delta: .[1]}]}' --args "$@"
    }
    check() { # EXPECTED ARGUMENT...
        run -0 qtc-sse "${@:2}" --filter '.function.arguments | fromjson.a' "$tmp/chunks.jsonl"
        [ "${lines[0]}" = "$1" ]
    }
    stream MiMo-V2-Flash MiMo-V2-Flash MiMo-V2-Flash >"$tmp/chunks.jsonl"
    check '"\n v \n"'
    check '" v "' --model Qwen3-Coder
    check '" v "' --model nobody/knows-it
    check '" v "' -f qwen3_coder
    stream '' MiMo-V2-Flash '' >"$tmp/chunks.jsonl"
    check '"\n v \n"'
    stream '' '' MiMo-V2-Flash >"$tmp/chunks.jsonl" # too late: the text has begun
    check '" v "'
    stream x x x >"$tmp/chunks.jsonl"
    check '" v "'
    check '"\n v \n"' --model mimo-v2
}

@test "-f FILE: a format of one's own; what is wrong with it is named with its place" {
    echo '{"extends": "deepseek_v31", "name": "mine"}' >"$tmp/mine.json"
    qtc-sse -f "$tmp/mine.json" -t "$tools" deepseek-v31.sse | names_and_arguments | diff <(jq -c . deepseek-v31.calls) -
    run -0 qtc-sse -f "$tmp/mine.json" -t "$tools" hermes.sse
    [ "$output" = '' ]
    printf '{\n"extend": "hermes"}' >"$tmp/bad.json"
    run -2 qtc-sse -f "$tmp/bad.json" hermes.sse
    [ "$output" = "qtc-sse: $tmp/bad.json:2:1: unknown key \"extend\": did you mean \"extends\"?" ]
    run -2 qtc-sse -f "$tmp/missing.json" hermes.sse
    [ "$output" = "qtc-sse: $tmp/missing.json: No such file or directory" ]
}

@test "each capture has the same calls from a pipe, and with every format given that fits" {
    for calls in *.calls; do
        capture=${calls%.calls}.sse
        cat "$capture" | { qtc-sse -t "$tools" || true; } | names_and_arguments | diff <(jq -c . "$calls") -
    done
    for format in auto qwen3_coder qwen3_xml hermes; do
        qtc-sse -f "$format" -t "$tools" qwen3-coder-stop.sse | names_and_arguments |
            diff <(jq -c . qwen3-coder-stop.calls) -
    done
}

@test "what -o sse writes says the same as -o message, for each text of the corpus" {
    run "$QTC_ROOT/tests/roundtrip.py"
    [ "$output" = '' ]
    [ "$status" -eq 0 ]
}

@test "each capture has the same calls in -o sse, read by a plain client" {
    for calls in *.calls; do
        capture=${calls%.calls}.sse
        [[ $capture != two-choices* && $capture != crlf-* && $capture != html-* ]] || continue # it is a plain one
        echo "$capture"
        qtc-sse -o sse -t "$tools" "$capture" | client | jq -c '.calls[]' |
            diff <(jq -c 'del(.truncated)' "$calls") -
    done
}

@test "each shared capture has the calls that are expected" {
    [ -d "$shared" ] || skip "no ../shared/captures"
    cat >"$tmp/tools.json" <<'JSON'
[{"type": "function", "function": {"name": "read_file", "parameters": {"type": "object", "properties":
    {"path": {"type": "string"}, "limit": {"type": "integer"}}}}}]
JSON
    count=0
    for expected in "$shared"/*.expect.json; do
        for capture in "${expected%.expect.json}".{sse,json}; do
            echo "$capture"
            qtc-sse -t "$tmp/tools.json" "$capture" |
                jq -c '{name: .function.name, arguments: (.function.arguments | fromjson)}' |
                diff <(jq -c '.calls[]' "$expected") -
            count=$((count + 1))
        done
    done
    [ "$count" -gt 0 ]
}

@test "any cut of the input gives the same output" {
    for capture in *.sse; do
        "$QTC_ROOT/tests/drive.py" pieces "$capture" -o sse -t "$tools"
        "$QTC_ROOT/tests/drive.py" pieces "$capture" -o message -t "$tools"
    done
}

# ---- clean streams ---------------------------------------------------------------

small_stream() { # a clean stream, short enough for a cut at every byte
    printf 'data: {"id":"r","object":"chat.completion.chunk","created":1,"model":"m","choices":[%s]}\n\n' \
        '{"index":0,"delta":{"role":"assistant","content":"caf\u00e9 <b é"},"finish_reason":null}' \
        '{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]}}' \
        '{"index":0,"delta":{},"finish_reason":"tool_calls"}'
    printf 'data: [DONE]\n\n'
}

same() { # FILE [OPTION...]: -o sse gives the file, from a file and from a pipe
    local file=$1
    shift
    qtc-sse -o sse "$@" "$file" | cmp - "$file"
    cat "$file" | qtc-sse -o sse "$@" | cmp - "$file"
}

@test "a clean stream passes byte for byte" {
    same native-clean.sse
    same native-clean.sse -t "$tools"
    same native-clean.sse --strict
    small_stream >"$tmp/small.sse"
    same "$tmp/small.sse"
    "$QTC_ROOT/tests/drive.py" pieces "$tmp/small.sse" -o sse
}

@test "a clean stream with CRLF, CR, comments, retry and ids passes byte for byte" {
    small_stream | sed 's/$/\r/' >"$tmp/crlf.sse"
    same "$tmp/crlf.sse" --strict
    "$QTC_ROOT/tests/drive.py" pieces "$tmp/crlf.sse" -o sse
    small_stream | tr '\n' '\r' >"$tmp/cr.sse"
    same "$tmp/cr.sse" --strict
    "$QTC_ROOT/tests/drive.py" pieces "$tmp/cr.sse" -o sse
    { printf ': hello\n\nretry: 100\nid: 1\nevent: message\n'; small_stream; printf ': bye\n\n'; } >"$tmp/more.sse"
    same "$tmp/more.sse" --strict
    small_stream | sed 's/^data: /data:/' >"$tmp/tight.sse"
    same "$tmp/tight.sse" --strict
}

@test "a byte order mark is told and removed" {
    { printf '\xef\xbb\xbf'; small_stream; } >"$tmp/bom.sse"
    qtc-sse -o sse "$tmp/bom.sse" | cmp - <(small_stream)
    run -1 qtc-sse --strict -o sse "$tmp/bom.sse"
    [[ $output == *bom-at-start* ]]
}

@test "a clean stream keeps members that nobody knows" {
    small_stream | sed 's/"created"/"x_vendor":{"a":[1.0,1e400,12345678901234567890]},"created"/' >"$tmp/x.sse"
    same "$tmp/x.sse"
}

@test "an altered stream keeps its envelope" {
    sed 's/"created"/"x_vendor":{"a":[1.0,1e400]},"created"/' qwen3-coder-stop.sse >"$tmp/x.sse"
    qtc-sse -o chunks -t "$tools" "$tmp/x.sse" >"$tmp/out"
    [ "$(grep -c -v '"x_vendor":{"a":\[1.0,1e400\]}' "$tmp/out")" -eq 0 ]
    [ "$(grep -c '"logprobs":null' "$tmp/out")" -eq $(($(wc -l <"$tmp/out") - 1)) ]
    [ "$(jq -c 'select(.usage) | .usage.total_tokens' "$tmp/out")" = 392 ]
}

@test "--no-repair changes no byte" {
    for capture in *.sse; do
        [[ $capture != html-* && $capture != json-* && $capture != whole-* && $capture != with-* ]] || continue
        echo "$capture"
        qtc-sse --no-repair -o sse -t "$tools" "$capture" 2>"$tmp/err" | cmp - "$capture"
    done
    printf '\xef\xbb\xbfdata: {"id":"r","choices":null}\n\ndata: [DONE]\n' >"$tmp/odd.sse"
    qtc-sse --no-repair -o sse "$tmp/odd.sse" | cmp - "$tmp/odd.sse"
}

@test "--no-repair reports all the same" {
    run -1 qtc-sse --no-repair --strict -o text -t "$tools" qwen3-coder-stop.sse
    [[ $output == *'<tool_call>'* ]]
    [[ $output == *"warning call-in-content:"* ]]
    run -0 --separate-stderr qtc-sse --no-repair -t "$tools" qwen3-coder-stop.sse
    [ -z "$output" ]
    [[ $stderr == *"warning call-in-content: a call's markup in the content: read_file"* ]] # not: turned into a call
}

# ---- a slow pipe -------------------------------------------------------------------

chunks_of() { # CONTENT, as JSON strings without quotes...: a chunk each
    local piece
    printf 'data: {"id":"r","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'
    for piece; do
        printf 'data: {"id":"r","choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}\n\n' "$piece"
    done
    printf 'data: {"id":"r","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
}

@test "each piece of content is out before the next event comes" {
    chunks_of '~one' ' ~two <' 'b> ~three\n' '`~four' '\n\n~five\n```\n' '~six' '\n``` ~seven' >"$tmp/text.sse"
    for output in text events deltas; do
        "$QTC_ROOT/tests/drive.py" lockstep "$tmp/text.sse" -o "$output" -t "$tools"
    done
    # Frames pass whole: one that ends in what may be a marker waits for the next.
    chunks_of '~one' ' ~two' ' <b> ~three\n' '`~four' '\n\n~five\n```\n' '~six' '\n``` ~seven' >"$tmp/text.sse"
    for output in sse chunks; do
        "$QTC_ROOT/tests/drive.py" lockstep "$tmp/text.sse" -o "$output" -t "$tools"
    done
}

@test "each piece of a string parameter is out before the next event comes" {
    chunks_of '~go\n' '<tool_call>\n<function=run_shell>\n<parameter=command>\n~one' ' ~two' '\n~three </par' \
        'agraph> ~four' '\n</parameter>\n</function>\n</tool_call>' >"$tmp/call.sse"
    for output in sse chunks events deltas; do
        "$QTC_ROOT/tests/drive.py" lockstep "$tmp/call.sse" -o "$output" -t "$tools"
    done
}

@test "each piece of a JSON argument is out before the next event comes" {
    chunks_of '<tool_call>\n{\"name\": \"run_shell\", \"arguments\": {\"command\": \"~one' ' ~two' '\\n~three' \
        '\"}}\n</tool_call>' >"$tmp/call.sse"
    for output in sse events; do
        "$QTC_ROOT/tests/drive.py" lockstep "$tmp/call.sse" -o "$output" -t "$tools"
    done
}

@test "a call is out as soon as it is complete" {
    coproc SSE { qtc-sse -t "$tools"; }
    # shellcheck disable=SC2153 # coproc sets it
    chunks_of '<tool_call>\n<function=search>\n<parameter=pattern>\nx\n</parameter>\n</function>\n</tool_call>' >"$tmp/call.sse"
    head -4 "$tmp/call.sse" >&"${SSE[1]}"
    read -r -t 5 line <&"${SSE[0]}"
    exec {SSE[1]}>&-
    [[ $line == *'"name":"search"'* ]]
}

# ---- streams that are cut ------------------------------------------------------------

@test "a stream that ends at any byte never passes half a call for a whole one" {
    "$QTC_ROOT/tests/drive.py" cuts qwen3-coder-stop.sse 1 -t "$tools"
}

@test "other streams that end too early" {
    for capture in hermes no-done think cut-in-parameter native-clean; do
        "$QTC_ROOT/tests/drive.py" cuts "$capture.sse" 3 -t "$tools"
    done
}

@test "a cut call: error event, finish_reason length, truncated" {
    run -0 --separate-stderr qtc-sse -o sse -t "$tools" cut-in-parameter.sse
    [ "$(tail -n 1 <<<"$output")" = 'data: [DONE]' ]
    [[ $output == *'data: {"error":{"message":"'*'","type":"incomplete_tool_call","code":"truncated-call"}}'* ]]
    [ "$(client <<<"$output" | jq -c '[.finish, .error]')" = '["length","truncated-call"]' ]
    [[ $stderr == *"cut-in-parameter.sse:"*": error truncated-call: "* ]]
    run -0 --separate-stderr qtc-sse -o response -t "$tools" cut-in-parameter.sse
    [ "$(jq -c '.choices[0] | [.finish_reason, .message.tool_calls[0].truncated]' <<<"$output")" = '["length",true]' ]
}

@test "--hold-calls writes no call that is cut, and whole ones in one piece" {
    run -0 --separate-stderr qtc-sse --hold-calls -o sse -t "$tools" cut-in-parameter.sse
    [[ $output != *tool_calls* ]]
    [[ $output != *'rm -rf'* ]]
    [ "$(client <<<"$output" | jq -r .finish)" = length ]
    run -0 --separate-stderr qtc-sse --hold-calls -o sse -t "$tools" qwen3-coder-stop.sse
    [ "$(client <<<"$output" | jq -c '.calls[]')" = "$(cat qwen3-coder-stop.calls | jq -c .)" ]
    [ "$(grep -c '"arguments":"{' <<<"$output")" -eq 2 ]
}

# ---- input that is none ----------------------------------------------------------------

hopeless() { # MESSAGE OPTION...: standard input fails with that message
    local message=$1
    shift
    cat >"$tmp/hopeless"
    for output in calls sse message; do
        run -2 --separate-stderr qtc-sse -o "$output" "$tmp/hopeless"
        [[ $stderr == "qtc-sse: $tmp/hopeless:"*"$message"* ]]
    done
    [ -z "$output" ]
}

@test "nothing" {
    hopeless 'no input' </dev/null
}

@test "blanks" {
    hopeless 'no input' <<<$' \n\n\t\r\n'
}

@test "binary" {
    # The same bytes in each run.
    hopeless 'not an event stream' < <(awk 'BEGIN { for (i = 1; n < 100000; i = i * 16807 % 2147483647) {
        printf "%c", i % 255 + 1; n++ } }' | LC_ALL=C tr '{[<' '...')
}

@test "NUL bytes" {
    hopeless 'not an event stream' < <(head -c 5000 /dev/zero)
    printf 'data: {"id":"r","choices":[{"index":0,"delta":{"role":"assistant","content":"a\0b"}}]}\n\n' >"$tmp/nul.sse"
    chunks_of 'more' | tail -n +3 >>"$tmp/nul.sse"
    run -0 --separate-stderr qtc-sse -o text "$tmp/nul.sse"
    [ "$output" = more ]
    [[ $stderr == *"nul.sse:1: error invalid-json-chunk: "* ]]
}

@test "an HTML page" {
    run -2 --separate-stderr qtc-sse html-error-page.sse
    [ "$stderr" = "qtc-sse: html-error-page.sse:1: an HTML page instead of a response" ]
    [ -z "$output" ]
}

@test "a JSON error and nothing else: exit status 2" {
    run -2 --separate-stderr qtc-sse json-error.sse
    [ -z "$output" ]
    [[ $stderr == "qtc-sse: json-error.sse:1: error error-mid-stream: "*"maximum context length"* ]]
    run -2 --separate-stderr qtc-sse --strict -o sse json-error.sse
    [[ $output == 'data: {"error":{'* ]]
    run -2 --separate-stderr qtc-sse -o response json-error.sse
    [ "$(jq -r .error.type <<<"$output")" = BadRequestError ]
}

@test "an error in mid-stream: what came before is written" {
    run -0 --separate-stderr qtc-sse -o sse -t "$tools" error-mid-stream.sse
    [ "$(client <<<"$output" | jq -c '.calls | length')" = 1 ]
    [[ $output == *'data: {"error":{"message":"EngineCore'* ]]
    [[ $output == *'data: [DONE]' ]]
}

@test "100 MB without a line end: a message, exit status 2, bounded memory" {
    for head in '' 'data: ' '{"a":"' $'HTTP/1.1 200 OK\r\nX: '; do
        run -2 --separate-stderr bash -c '{ printf %s "$1"; head -c 104857600 /dev/zero | tr "\0" a; } 2>/dev/null |
            { [ -n "$SANITIZE" ] || ulimit -v 500000; qtc-sse; }' - "$head"
        [[ $stderr == "qtc-sse: <stdin>:"* ]]
        [ "${#stderr_lines[@]}" -eq 1 ]
    done
}

@test "100 MB of blanks take no time" {
    run -2 --separate-stderr timeout 20 bash -c 'head -c 104857600 /dev/zero | tr "\0" " " | qtc-sse'
    [ "${#stderr_lines[@]}" -eq 1 ]
}

@test "events and lines of 1 MiB" {
    big_lines 1048576 >"$tmp/word"
    chunks_of "$(<"$tmp/word")" >"$tmp/long.sse"
    qtc-sse -o text "$tmp/long.sse" | cmp - "$tmp/word"
    qtc-sse -o sse "$tmp/long.sse" | cmp - "$tmp/long.sse"
    chunks_of "<tool_call>\\n<function=run_shell>\\n<parameter=command>\\n$(<"$tmp/word")\\n</parameter>\\n</function>" >"$tmp/call.sse"
    qtc-sse -t "$tools" "$tmp/call.sse" | jq -j '.function.arguments | fromjson.command' | cmp - "$tmp/word"
    { printf ': '; cat "$tmp/word"; printf '\n\n'; cat native-clean.sse; } >"$tmp/comment.sse"
    qtc-sse -o sse "$tmp/comment.sse" | cmp - "$tmp/comment.sse"
}

@test "an event of more than 64 MiB ends the run, what came before is written" {
    { head -4 native-clean.sse; printf 'data: '; big_lines 68000000; } >"$tmp/long.sse"
    run -2 --separate-stderr qtc-sse -o sse "$tmp/long.sse"
    [[ $stderr == *"long.sse:5: an event of more than 64 MiB"* ]]
    [ "$(head -4 <<<"$output")" = "$(head -4 native-clean.sse)" ]
}

@test "an event that is not JSON is left out" {
    chunks_of 'one' 'two' | sed 's/^data: .*one.*/data: {"id":/' >"$tmp/bad.sse"
    run -0 --separate-stderr qtc-sse -o sse "$tmp/bad.sse"
    [ "$(client <<<"$output" | jq -r .content)" = two ]
    [[ $output != *$'data: {"id":\n'* ]]
    [[ $stderr == *":3: error invalid-json-chunk: "* ]]
}

@test "an empty data line does not reach the client" {
    chunks_of 'one' | sed '2a data:\n' >"$tmp/empty.sse"
    run -0 --separate-stderr qtc-sse -o sse "$tmp/empty.sse"
    [ "$(grep -c '^data: *$' <<<"$output")" -eq 0 ]
    [ "$(client <<<"$output" | jq -r .content)" = one ]
}

@test "half a line at the end does not swallow what is written behind it" {
    for rest in d dat : ': still he' 'even' 'retry: 1'; do
        { chunks_of one | head -4; printf '%s' "$rest"; } >"$tmp/half.sse"
        run -0 --separate-stderr qtc-sse -o sse "$tmp/half.sse"
        echo "$rest: $output"
        [ "$(client <<<"$output" | jq -r .finish)" = stop ]
    done
}

# ---- JSON, and headers --------------------------------------------------------------------

@test "a whole completion" {
    qtc-sse -t "$tools" whole-completion.sse | names_and_arguments | diff <(jq -c . whole-completion.calls) -
    run -0 qtc-sse -o response -t "$tools" whole-completion.sse
    [ "$(jq -c '[.object, .choices[0].finish_reason]' <<<"$output")" = '["chat.completion","tool_calls"]' ]
    run -0 qtc-sse -o sse -t "$tools" whole-completion.sse
    [ "$(tail -n 1 <<<"$output")" = 'data: [DONE]' ]
    [ "$(client <<<"$output" | jq -r .finish)" = tool_calls ]
}

@test "JSON Lines of chunks, and of completions" {
    sed -n 's/^data: {/{/p' qwen3-coder-stop.sse >"$tmp/chunks.jsonl"
    qtc-sse -t "$tools" "$tmp/chunks.jsonl" | names_and_arguments | diff <(jq -c . qwen3-coder-stop.calls) -
    { jq -c . whole-completion.sse; jq . whole-completion.sse; } >"$tmp/two.jsonl"
    [ "$(qtc-sse -t "$tools" "$tmp/two.jsonl" | wc -l)" -eq 2 ]
    [ "$(qtc-sse -o message -t "$tools" "$tmp/two.jsonl" | wc -l)" -eq 2 ]
}

@test "JSON that is broken: its line is named, the rest goes on" {
    { echo '{"id": nonsense}'; jq -c . whole-completion.sse; } >"$tmp/bad.jsonl"
    run -2 --separate-stderr qtc-sse -t "$tools" "$tmp/bad.jsonl"
    [ "$stderr" = "qtc-sse: $tmp/bad.jsonl:1: not JSON; the rest of the line is passed over" ]
    [ "${#lines[@]}" -eq 1 ]
    jq -c . whole-completion.sse | head -c 200 >"$tmp/cut.json"
    run -2 --separate-stderr qtc-sse -t "$tools" "$tmp/cut.json"
    [ "$stderr" = "qtc-sse: $tmp/cut.json:1: the JSON value is cut" ]
    echo '{"hello": "world"}' >"$tmp/other.json"
    run -2 --separate-stderr qtc-sse -t "$tools" "$tmp/other.json"
    [[ $stderr == *"other.json:1: neither a chunk nor a completion nor an error"* ]]
}

@test "what curl -i prints before the body" {
    qtc-sse -t "$tools" with-headers.sse | names_and_arguments | diff <(jq -c . with-headers.calls) -
    { printf 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n'; cat whole-completion.sse; } >"$tmp/h"
    qtc-sse -t "$tools" "$tmp/h" | names_and_arguments | diff <(jq -c . whole-completion.calls) -
    { printf 'HTTP/2 502\nA: b\n\n'; cat html-error-page.sse; } >"$tmp/h"
    run -2 qtc-sse "$tmp/h"
    [ "$output" = "qtc-sse: $tmp/h:4: an HTML page instead of a response" ]
}

# ---- outputs --------------------------------------------------------------------------------

@test "-o calls is the default, one call a line, as OpenAI writes it" {
    run -0 qtc-sse -t "$tools" qwen3-coder-stop.sse
    [ "${#lines[@]}" -eq 2 ]
    [ "$output" = "$(qtc-sse -o calls -t "$tools" qwen3-coder-stop.sse)" ]
    [ "$(jq -c 'keys_unsorted' <<<"${lines[0]}")" = '["id","type","function"]' ]
    [[ $(jq -r .id <<<"${lines[0]}") =~ ^call_[A-Za-z0-9]+$ ]]
}

@test "-o sse: role first, id and name once, arguments begin empty, one call after the other" {
    qtc-sse -o sse -t "$tools" qwen3-coder-stop.sse | sed -n 's/^data: {/{/p' >"$tmp/chunks"
    [ "$(head -1 "$tmp/chunks" | jq -r '.choices[0].delta.role')" = assistant ]
    [ "$(jq -c '.choices[].delta.role // empty' "$tmp/chunks" | wc -l)" -eq 1 ]
    jq -c '.choices[].delta.tool_calls[]?' "$tmp/chunks" >"$tmp/deltas"
    [ "$(jq -c 'select(.id) | [.index, .type, .function.name, .function.arguments]' "$tmp/deltas")" = \
        $'[0,"function","read_file",""]\n[1,"function","search",""]' ]
    [ "$(jq .index "$tmp/deltas" | uniq | tr -d '\n')" = 01 ]
    [ "$(jq -c '.choices[].finish_reason // empty' "$tmp/chunks")" = '"tool_calls"' ]
}

@test "-o chunks: the chunks of -o sse, one a line" {
    for capture in qwen3-coder-stop native-clean two-choices; do
        qtc-sse -o chunks -t "$tools" "$capture.sse" |
            diff <(qtc-sse -o sse -t "$tools" "$capture.sse" | sed -n 's/^data: {/{/p') -
    done
}

@test "-o deltas: a line for each event, null where it made nothing" {
    chunks_of 'a' '<tool_call>' '\n<function=search>\n<parameter=pattern>\nx' '\n</parameter>\n</function>\n</tool_call>' |
        qtc-sse -o deltas -t "$tools" >"$tmp/deltas"
    [ "$(jq -c 'if . == null then . else keys_unsorted end' "$tmp/deltas" | sed -n 2,5p)" = \
        $'["content"]\nnull\n["tool_calls"]\n["tool_calls"]' ]
    [ "$(tail -n 1 "$tmp/deltas" | jq -r .finish_reason)" = tool_calls ]
}

@test "-o message" {
    run -0 qtc-sse -o message -t "$tools" qwen3-coder-stop.sse
    [ "${#lines[@]}" -eq 1 ]
    [ "$(jq -c '[.role, (.tool_calls | length), (.content | contains("tool_call"))]' <<<"$output")" = '["assistant",2,false]' ]
    [ "$(qtc-sse -o message -t "$tools" two-choices.sse | wc -l)" -eq 2 ]
    run -0 qtc-sse -o message -t "$tools" think.sse
    [ "$(jq -r '.reasoning_content | length > 10' <<<"$output")" = true ]
}

@test "-o response" {
    run -0 qtc-sse -o response -t "$tools" qwen3-coder-stop.sse
    [ "$(jq -c '[.object, .model, .choices[0].finish_reason, .usage.total_tokens]' <<<"$output")" = \
        '["chat.completion","qwen3-coder-30b-a3b","tool_calls",392]' ]
    [ "$(qtc-sse -o response -t "$tools" two-choices.sse | jq -c '[.choices[].index]')" = '[0,1]' ]
}

@test "-o events" {
    qtc-sse -o events -t "$tools" qwen3-coder-stop.sse >"$tmp/events"
    [ "$(jq -r .event "$tmp/events" | sort -u | tr '\n' ' ')" = \
        'args call call_end content defect finish frame framing other start usage ' ]
    # Every byte of the model's text is in one event.
    jq -s -e 'map(select(.end and .end > .at) | [.at, .end]) | . as $r |
        [range(1; length)] | all($r[.][0] == $r[. - 1][1])' "$tmp/events"
    # Places are lines of the input.
    [ "$(jq -c 'select(.event == "finish") | .line' "$tmp/events")" = "$(grep -n '"finish_reason":"stop"' qwen3-coder-stop.sse | cut -d: -f1)" ]
}

@test "-o text" {
    run -0 qtc-sse -o text -t "$tools" think.sse
    [[ $output != *think* ]]
    [[ $output != *'<function'* ]]
    [ "$(qtc-sse -o text native-clean.sse)" = "Checking the weather." ]
}

@test "an output that there is not" {
    run -2 qtc-sse -o call native-clean.sse
    [ "$output" = 'qtc-sse: --output: unknown value "call" (did you mean "calls"?)' ]
}

# ---- options ----------------------------------------------------------------------------------

@test "-i auto and openai" {
    for api in auto openai; do
        [ "$(qtc-sse -i "$api" -t "$tools" no-done.sse | wc -l)" -eq 1 ]
    done
    run -2 qtc-sse -i openia no-done.sse
    [[ $output == *'did you mean "openai"?'* ]]
}

@test "-f: a format, none, an unknown one" {
    [ -z "$(qtc-sse -f none -t "$tools" no-done.sse)" ]
    qtc-sse -f none -o sse no-done.sse | client | jq -r .content | grep -q '<tool_call>'
    run -2 qtc-sse -f qwen3_codr no-done.sse
    [ "$output" = 'qtc-sse: --format: unknown value "qwen3_codr" (did you mean "qwen3_coder"?)' ]
}

@test "-t: types and names; a bad file is named with its place" {
    [ "$(qtc-sse -t "$tools" qwen3-coder-stop.sse | head -1 | jq -c '.function.arguments | fromjson.limit')" = 40 ]
    [ "$(qtc-sse qwen3-coder-stop.sse | head -1 | jq -c '.function.arguments | fromjson.limit')" = '"40"' ]
    printf '[\n  {"type": function}]' >"$tmp/tools.json"
    run -2 qtc-sse -t "$tmp/tools.json" no-done.sse
    [[ $output == "qtc-sse: $tmp/tools.json:2:13: "* ]]
    [ "${#lines[@]}" -eq 1 ]
    run -2 qtc-sse -t "$tmp/none.json" no-done.sse
    [ "$output" = "qtc-sse: $tmp/none.json: No such file or directory" ]
}

@test "--starts-in-reasoning and --reasoning" {
    chunks_of 'hm' '</think>' 'yes' >"$tmp/r.sse"
    [ "$(qtc-sse --starts-in-reasoning -o message "$tmp/r.sse" | jq -c '[.reasoning_content, .content]')" = '["hm","yes"]' ]
    [ "$(qtc-sse --starts-in-reasoning --reasoning drop -o message "$tmp/r.sse" | jq -c '[.reasoning_content, .content]')" = '[null,"yes"]' ]
    [ "$(qtc-sse --starts-in-reasoning --reasoning inline -o text "$tmp/r.sse")" = 'hm</think>yes' ]
    sed 's/"content":"hm"/"reasoning_content":"hm"/' "$tmp/r.sse" >"$tmp/field.sse"
    [ "$(qtc-sse --reasoning drop -o message "$tmp/field.sse" | jq -c .reasoning_content)" = null ]
}

@test "--recover strict, normal, lenient" {
    chunks_of '<tool_call>\n<function=search>\n<parameter=pattern>\nx\n</function>\n</tool_call>' >"$tmp/m.sse"
    [ -z "$(qtc-sse --recover strict -t "$tools" "$tmp/m.sse")" ]
    [ "$(qtc-sse --recover strict -o text -t "$tools" "$tmp/m.sse" | head -1)" = '<tool_call>' ]
    [ "$(qtc-sse --recover normal -t "$tools" "$tmp/m.sse" | wc -l)" -eq 1 ]
    chunks_of '<tool_call>\n{\"name\": \"search\", \"arguments\": {\"pattern\": \"x' >"$tmp/cut.sse"
    [ "$(qtc-sse --recover lenient -t "$tools" "$tmp/cut.sse" 2>"$tmp/err" | jq -r .function.arguments)" = '{"pattern": "x"}' ]
}

@test "--strict: exit status 1 and the reasons, or 0" {
    run -1 --separate-stderr qtc-sse --strict -t "$tools" qwen3-coder-stop.sse
    [ "${#lines[@]}" -eq 2 ]
    [[ $stderr == "qtc-sse: qwen3-coder-stop.sse:59: warning call-in-content: "* ]]
    [[ $stderr == *"warning finish-reason-stop-with-calls: "* ]]
    run -0 --separate-stderr qtc-sse --strict -t "$tools" native-clean.sse
    [ -z "$stderr" ]
    run -0 --separate-stderr qtc-sse -t "$tools" qwen3-coder-stop.sse
    [ -z "$stderr" ]
}

@test "--expect-calls: no call is a defect" {
    chunks_of 'no' >"$tmp/no.sse"
    run -1 qtc-sse --expect-calls --strict "$tmp/no.sse"
    [[ $output == *"error tool-choice-ignored: "* ]]
    run -0 --separate-stderr qtc-sse --expect-calls --strict native-clean.sse
    [ -z "$stderr" ]
}

@test "--ids: stable, random, seq; ids of the server stay" {
    ids() { qtc-sse "$@" -t "$tools" qwen3-coder-stop.sse | jq -r .id; }
    [ "$(ids)" = "$(ids --ids stable)" ]
    [ "$(ids | sort -u | wc -l)" -eq 2 ]
    [ "$(ids --ids seq)" = $'call_0\ncall_1' ]
    [ "$(ids --ids random)" != "$(ids --ids random)" ]
    [ "$(qtc-sse --ids random native-clean.sse | jq -r .id | head -1)" = call_3b9d1c0e5a7f42d8 ]
}

@test "--filter: over each value, also in -o sse" {
    run -0 qtc-sse --filter '.function.name' -t "$tools" qwen3-coder-stop.sse
    [ "$output" = $'"read_file"\n"search"' ]
    run -0 qtc-sse --filter 'select(.function.name == "search") | ., .' -t "$tools" qwen3-coder-stop.sse
    [ "${#lines[@]}" -eq 2 ]
    qtc-sse --filter 'del(.model)' -o sse native-clean.sse >"$tmp/out"
    [ "$(tail -n 2 "$tmp/out" | head -1)" = 'data: [DONE]' ]
    [ "$(grep -c '"model"' "$tmp/out")" -eq 0 ]
    [ "$(client <"$tmp/out" | jq '.calls | length')" -eq 2 ]
    qtc-sse --filter . -o events native-clean.sse | jq -e -s 'length > 50' >/dev/null
}

@test "--filter: a program that does not compile" {
    run -2 --separate-stderr qtc-sse --filter '.[' native-clean.sse
    [ -z "$output" ]
    [[ $stderr == "qtc-sse: --filter: "* ]]
    [ "${#stderr_lines[@]}" -le 3 ]
}

@test "--filter: a program that fails at run time: the rest goes on, exit status 2" {
    run -2 --separate-stderr qtc-sse --filter 'if .function.name == "search" then error("no search") else .function.name end' \
        -t "$tools" qwen3-coder-stop.sse
    [ "$output" = '"read_file"' ]
    [[ $stderr == *"no search"* ]]
}

@test "--filter: halt ends the run, halt_error with exit status 2" {
    run -0 --separate-stderr qtc-sse --filter 'if .function.name == "search" then halt else .function.name end' \
        -t "$tools" qwen3-coder-stop.sse native-clean.sse
    [ "$output" = '"read_file"' ]
    [ -z "$stderr" ]
    run -2 --separate-stderr qtc-sse --filter '"enough" | halt_error' -t "$tools" qwen3-coder-stop.sse
    [ -z "$output" ]
    [[ $stderr == *enough* ]]
}

@test "--unbuffered and --line-buffered" {
    for option in --unbuffered --line-buffered; do
        qtc-sse "$option" -o sse native-clean.sse | cmp - native-clean.sse
    done
}

@test "--help, --version, options that there are not" {
    run -0 --separate-stderr qtc-sse --help
    [[ ${lines[0]} == "qtc-sse - "* ]]
    [ "${#lines[@]}" -le 60 ]
    [ -z "$stderr" ]
    run -0 qtc-sse -h
    run -0 qtc-sse --version
    [ "$output" = "qtc-sse $(sed -n 's/^.define QTC_VERSION "\(.*\)"/\1/p' "$QTC_ROOT/lib/qtc.h")" ]
    run -0 qtc-sse -V
    run -2 qtc-sse --formt hermes
    [ "$output" = 'qtc-sse: unknown option --formt (did you mean --format?)' ]
    run -2 qtc-sse -o
    [ "${#lines[@]}" -eq 1 ]
    run -2 qtc-sse --strict=yes
    [ "${#lines[@]}" -eq 1 ]
}

# ---- files and descriptors ----------------------------------------------------------------------

@test "several files, and - for standard input" {
    run -0 qtc-sse -t "$tools" hermes.sse - no-done.sse <think.sse
    [ "$(names_and_arguments <<<"$output")" = "$(cat hermes.calls think.calls no-done.calls | jq -c .)" ]
    cd "$tmp"
    cp "$OLDPWD/no-done.sse" ./-odd.sse
    [ "$(qtc-sse -- -odd.sse | wc -l)" -eq 1 ]
}

@test "a file that cannot be read is named, the others are read" {
    touch "$tmp/locked"
    chmod 0 "$tmp/locked"
    run -2 --separate-stderr qtc-sse -t "$tools" "$tmp/none.sse" "$tmp" no-done.sse
    [ "${#lines[@]}" -eq 1 ]
    [ "${stderr_lines[0]}" = "qtc-sse: $tmp/none.sse: No such file or directory" ]
    [ "${stderr_lines[1]}" = "qtc-sse: $tmp: Is a directory" ]
    [ "${#stderr_lines[@]}" -eq 2 ]
    [ "$(id -u)" -eq 0 ] || run -2 qtc-sse "$tmp/locked"
    [ "$(id -u)" -eq 0 ] || [ "$output" = "qtc-sse: $tmp/locked: Permission denied" ]
}

@test "a reader that goes away ends the run quietly" {
    for i in {1..60}; do cat native-clean.sse; done >"$tmp/long.sse"
    run bash -c 'qtc-sse -o sse "$1" 2>"$2" | head -c 10; exit "${PIPESTATUS[0]}"' - "$tmp/long.sse" "$tmp/err"
    [ "$status" -eq 141 ]
    [ ! -s "$tmp/err" ]
    run bash -c 'trap "" PIPE; qtc-sse -o sse "$1" 2>"$2" | head -c 10; exit "${PIPESTATUS[0]}"' - "$tmp/long.sse" "$tmp/err"
    [ "$status" -eq 141 ]
    [ ! -s "$tmp/err" ]
}

@test "a full disk is noticed" {
    for option in '-o sse' '-o calls' '--list-defects' '--help' '--version'; do
        # shellcheck disable=SC2086 # two words
        run -2 bash -c 'exec qtc-sse "$@" 2>&1 >/dev/full' - $option native-clean.sse
        [[ $output == *"No space left on device"* ]]
        [ "${#lines[@]}" -eq 1 ]
    done
}

@test "output that is closed" {
    run -2 bash -c 'exec qtc-sse -o sse native-clean.sse 2>&1 >&-'
    [[ $output == "qtc-sse: standard output: "* ]]
}

@test "standard input that is closed" {
    run -2 bash -c 'exec qtc-sse <&-'
    [[ $output == "qtc-sse: <stdin>: "* ]]
}

@test "each file tells its own errors" {
    cp error-mid-stream.sse "$tmp/one.sse"
    cp error-mid-stream.sse "$tmp/two.sse"
    run --separate-stderr qtc-sse "$tmp/one.sse" "$tmp/two.sse"
    [[ ${stderr_lines[0]} == "qtc-sse: $tmp/one.sse:"*" error error-mid-stream: "* ]]
    [[ ${stderr_lines[1]} == "qtc-sse: $tmp/two.sse:"*" error error-mid-stream: "* ]]

    run -2 --separate-stderr qtc-sse html-error-page.sse /dev/null
    [[ ${stderr_lines[1]} == "qtc-sse: /dev/null: no input" ]]
}

@test "no control character of the server's reaches the terminal" {
    run -2 --separate-stderr qtc-sse <<<$'data: {"error":{"message":"a\xc2\x9b31m\x7f"}}\n\n'
    [[ $stderr == *'"a 31m "'* ]]
}
