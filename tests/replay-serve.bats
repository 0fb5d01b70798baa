#!/usr/bin/env bats
# qtc-replay --serve: a server for real clients, here curl.

bats_require_minimum_version 1.5.0

setup() {
    cd "$QTC_ROOT/tests/captures"
    tmp=$BATS_TEST_TMPDIR
    pid=
    others=()
    qwen=qwen3-coder-stop.sse
}

teardown() {
    local p
    for p in $pid "${others[@]}"; do
        kill "$p" 2>/dev/null || true
    done
}

# start ARGUMENT...: a server, and where it is: $url, $port. What it says is in $tmp/said.
start() {
    rm -f "$tmp/url"
    qtc-replay --serve 0 "$@" >"$tmp/url" 2>"$tmp/said" 3>&- &
    pid=$!
    wait_for_line "$tmp/url"
    url=$(<"$tmp/url")
    port=${url%/v1}
    port=${port##*:}
}

wait_for_line() { # FILE: until there is a line in it
    local i
    for ((i = 0; i < 500; i++)); do
        if [ -s "$1" ]; then
            return
        fi
        sleep 0.02
    done
    cat "$tmp/said"
    false
}

stop() { # [SIGNAL]: ends the server; its exit status is $ended
    kill -s "${1:-TERM}" "$pid"
    ended=0
    wait "$pid" || ended=$?
    pid=
}

ask() { # JSON [CURL'S ARGUMENT...]: the answer to a chat completion's request
    curl -sS "${@:2}" "$url/chat/completions" -H 'Content-Type: application/json' -d "$1"
}

# A stream of a model in three chunks.
stream() { # MODEL TEXT
    jq -n -r --arg model "$1" --arg text "$2" '{id: "c-\($model)", object: "chat.completion.chunk", created: 7, model: $model}
        as $chunk | ({role: "assistant", content: ""}, {content: $text}, {})
        | "data: \($chunk + {choices: [{index: 0, delta: ., finish_reason: (if . == {} then "stop" else null end)}]} | tojson)\n"'
    printf 'data: [DONE]\n\n'
}

content() { # of a chat completion on standard input
    jq -r '.choices[0].message.content'
}

# ---- answers -----------------------------------------------------------------------

@test "a stream is the capture's bytes; its head says what it is" {
    start $qwen
    ask '{"model": "m", "stream": true}' -D "$tmp/head" | cmp - $qwen
    tr -d '\r' <"$tmp/head" >"$tmp/plain"
    grep -qx 'HTTP/1.1 200 OK' "$tmp/plain"
    grep -qix 'content-type: text/event-stream' "$tmp/plain"
    grep -qix 'cache-control: no-cache' "$tmp/plain"
    grep -qix 'transfer-encoding: chunked' "$tmp/plain"
    grep -qix 'access-control-allow-origin: \*' "$tmp/plain"
    curl -sS "${url%/v1}/chat/completions" -d '{"stream":true}' | cmp - $qwen # without /v1 too
}

@test "without a stream the same comes as one answer, mistakes included" {
    start $qwen
    ask '{"model": "m"}' -D "$tmp/head" >"$tmp/answer"
    qtc-sse --no-repair -o response $qwen 2>/dev/null | cmp - "$tmp/answer"
    jq -e '.object == "chat.completion" and .choices[0].finish_reason == "stop"
        and (.choices[0].message | (.content | contains("<function=read_file>")) and (has("tool_calls") | not))' "$tmp/answer"
    tr -d '\r' <"$tmp/head" | grep -qix "content-length: $(wc -c <"$tmp/answer")"
    tr -d '\r' <"$tmp/head" | grep -qix 'content-type: application/json'
}

@test "a stream of native calls becomes an answer with them" {
    start native-clean.sse
    ask '{}' | jq -c '.choices[0].message.tool_calls[] | .function' | diff <(jq -c . native-clean.calls) -
}

@test "a whole answer goes out as its bytes" {
    start whole-completion.sse
    ask '{}' | cmp - whole-completion.sse
}

@test "a whole answer or JSON Lines of chunks as a stream; a whole answer of JSON Lines" {
    start whole-completion.sse
    ask '{"stream": true}' -D "$tmp/head" >"$tmp/stream"
    grep -qi 'content-type: text/event-stream' "$tmp/head"
    cmp "$tmp/stream" <(qtc-replay --simulate whole-completion.sse)
    qtc-sse -t tools.json "$tmp/stream" | jq -c .function | diff <(jq -c . whole-completion.calls) -
    stop
    qtc-sse -o chunks native-clean.sse >"$tmp/chunks.jsonl"
    start "$tmp/chunks.jsonl"
    ask '{"stream": true}' | cmp - <(qtc-replay --simulate "$tmp/chunks.jsonl")
    ask '{}' | jq -c '.choices[0].message.tool_calls[] | .function' | diff <(jq -c . native-clean.calls) -
}

@test "splits and faults are of the stream; a whole answer has none of them" {
    start --split events --resplit tokens:1 --fault dup@2 $qwen
    ask '{"stream": true}' | cmp - <(qtc-replay --resplit tokens:1 --fault dup@2 $qwen)
    ask '{}' | cmp - <(qtc-sse --no-repair -o response $qwen 2>/dev/null)
    stop
    run -2 qtc-replay --serve 0 --fault dup@5000 $qwen
    [[ $output == "qtc-replay: $qwen:"*event* ]]
}

@test "a connection that is reset: the client sees what came before, and no end" {
    start --fault reset@20 $qwen
    run ask '{"stream": true}' -o "$tmp/answer"
    [ "$status" = 56 ] || [ "$status" = 18 ]
    cmp "$tmp/answer" <(qtc-replay --fault reset@20 $qwen)
    run ask '{"stream": true}' -o "$tmp/answer" --http1.0
    [ "$status" = 56 ]
    ask '{}' | jq -e .choices >/dev/null
    stop
    start --fault cut@20 $qwen # but this is an end
    ask '{"stream": true}' | cmp - <(qtc-replay --fault cut@20 $qwen)
}

@test "a stream of text completions becomes a text completion" {
    cat >"$tmp/text.sse" <<'END'
data: {"id":"cmpl-1","object":"text_completion","created":5,"model":"old","choices":[{"index":0,"text":"Hel"},{"index":1,"text":"B"}]}

data: {"id":"cmpl-1","object":"text_completion","created":5,"model":"old","choices":[{"index":1,"text":"ye","finish_reason":"length"}]}

data: {"id":"cmpl-1","object":"text_completion","created":5,"model":"old","choices":[{"index":0,"text":"lo","finish_reason":"stop"}],"usage":{"total_tokens":9}}

data: [DONE]

END
    start "$tmp/text.sse"
    curl -sS "$url/completions" -d '{"prompt": "x", "stream": true}' | cmp - "$tmp/text.sse"
    run -0 --separate-stderr curl -sS "$url/completions" -d '{"prompt": "x"}'
    [ "$output" = '{"id":"cmpl-1","object":"text_completion","created":5,"model":"old","choices":[{"text":"Hello","index":0,"logprobs":null,"finish_reason":"stop"},{"text":"Bye","index":1,"logprobs":null,"finish_reason":"length"}],"usage":{"total_tokens":9}}' ]
}

@test "captured errors are answered as such, stream or not" {
    echo '{"error": {"message": "slow down", "code": 429}}' >"$tmp/429.json"
    echo '{"error": {"message": "?", "code": "no-number"}}' >"$tmp/400.json"
    start --choose turn json-error.sse html-error-page.sse "$tmp/429.json" "$tmp/400.json"
    check() { # STATUS TYPE FILE
        for body in "{}" '{"stream": true}'; do
            [ "$(ask "$body" -o "$tmp/answer" -w '%{http_code} %{content_type}')" = "$1 $2" ]
            cmp "$tmp/answer" "$3"
            for _ in 1 2 3; do # the others' turn
                ask '{}' -o /dev/null
            done
        done
    }
    check 400 application/json json-error.sse
    ask '{}' -o /dev/null
    check 502 text/html html-error-page.sse
    ask '{}' -o /dev/null
    check 429 application/json "$tmp/429.json"
    ask '{}' -o /dev/null
    check 400 application/json "$tmp/400.json"
}

# A recording of a response. recording STATUS HEADERS BODY [END]
recording() {
    jq -n -c --argjson status "$1" --argjson headers "$2" --arg body "$3" --argjson last "${4:-[0.5, null]}" \
        '{"qtc-recording": 1, status: $status, headers: $headers}, [0.25, $body], $last'
}

@test "status and headers are the captured ones, but for those of the old connection and secrets" {
    recording 429 '[["content-type", "application/problem+json"], ["Retry-After", "7"], ["x-request-id", "r1"],
        ["set-cookie", "a=hush"], ["Connection", "keep-alive"], ["Transfer-Encoding", "chunked"], ["Content-Length", "999"],
        ["Content-Encoding", "gzip"], ["date", "then"], ["Access-Control-Allow-Origin", "https://x.example"]]' \
        '{"error": {"message": "slow down"}}' >"$tmp/429.rec"
    start "$tmp/429.rec"
    run -0 --separate-stderr ask '{"stream": true}' -i
    output=${output//$'\r'/}
    [[ $output == 'HTTP/1.1 429 '* ]]
    for line in 'Content-Type: application/problem+json' 'Retry-After: 7' 'x-request-id: r1' 'Content-Length: 35' \
        'Access-Control-Allow-Origin: *' '{"error": {"message": "slow down"}}'; do
        grep -qxF "$line" <<<"$output"
    done
    if grep -i -E 'hush|keep-alive|chunked|999|gzip|then|example' <<<"$output"; then
        false
    fi
}

@test "a stream's own status and type are kept, though they be wrong" {
    recording 201 '[["content-type", "text/plain"]]' "$(stream m x)"$'\n\n' >"$tmp/odd.rec"
    start "$tmp/odd.rec"
    [ "$(ask '{"stream": true}' -o /dev/null -w '%{http_code} %{content_type}')" = '201 text/plain' ]
    [ "$(ask '{}' -o /dev/null -w '%{http_code} %{content_type}')" = '201 application/json' ]
}

@test "where the connection was lost, it is lost again" {
    recording 200 '[]' 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"half"' '[0.25, null, "cut"]' >"$tmp/cut.rec"
    recording 200 '[]' '{"id":"c","choices":[{"index":0,"mess' '[0.25, null, "cut"]' >"$tmp/answer.rec"
    start --choose turn "$tmp/cut.rec" "$tmp/answer.rec"
    run -18 ask '{"stream": true}' -o "$tmp/answer"
    cmp "$tmp/answer" <(printf 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"half"')
    run -18 ask '{}' -o "$tmp/answer"
    cmp "$tmp/answer" <(printf '{"id":"c","choices":[{"index":0,"mess')
}

@test "the recorded times are kept" {
    { recording 200 '[]' "$(stream m x)"$'\n\n' '[0.4, null]'; } >"$tmp/timed.rec"
    start --speed 1 "$tmp/timed.rec"
    ask '{"stream": true}' -o /dev/null -w '%{time_total}' | jq -e '. >= 0.4'
    ask '{}' -o /dev/null -w '%{time_total}' | jq -e '. >= 0.4'
}

# ---- models, and what is refused -------------------------------------------------------

@test "models are those that the captures name" {
    stream org/one a >"$tmp/1.sse"
    stream two b >"$tmp/2.sse"
    start "$tmp/1.sse" "$tmp/2.sse" "$tmp/1.sse" html-error-page.sse
    [ "$(curl -sS "$url/models" | jq -c '[.object, [.data[] | [.id, .object, .created]]]')" = '["list",[["org/one","model",7],["two","model",7]]]' ]
    [ "$(curl -sS "${url%/v1}/models/two" | jq -r .id)" = two ]
    [ "$(curl -sS "$url/models/org/one" | jq -r .id)" = org/one ]
    [ "$(curl -sS "$url/models/org%2Fone" | jq -r .id)" = org/one ]
    [ "$(curl -sS "$url/models/three" -w '%{http_code}' -o "$tmp/answer")" = 404 ]
    jq -e '.error | .code == "model_not_found" and .param == "model" and (.message | contains("three"))' "$tmp/answer"
    [ "$(curl -sS "${url%/v1}/health" | jq -c .)" = '{"status":"ok","captures":4}' ]
    [ "$(curl -sS "${url%/v1}/" | jq -r .status)" = ok ]
    [ "$(curl -sS -I "$url/models" -o /dev/null -w '%{http_code}')" = 200 ]
}

# refused STATUS CODE CURL'S ARGUMENT...: an error object as OpenAI writes it
refused() {
    [ "$(curl -sS -o "$tmp/answer" -D "$tmp/head" -w '%{http_code}' "${@:3}")" = "$1" ]
    jq -e --arg code "$2" '.error | keys == ["code", "message", "param", "type"] and .code == (if $code == "" then null else $code end)
        and (.message | type == "string") and .type == "invalid_request_error"' "$tmp/answer"
}

@test "what cannot be answered gets an error object" {
    start $qwen
    refused 404 unknown_url "$url/embeddings" -d '{}'
    refused 404 unknown_url "$url/chat"
    refused 404 unknown_url "${url}2/models"
    refused 405 method_not_supported "$url/chat/completions"
    tr -d '\r' <"$tmp/head" | grep -qix 'allow: POST, OPTIONS'
    refused 405 method_not_supported "$url/models" -d '{}'
    refused 405 method_not_supported -X OPTION "$url/models"
    refused 400 '' "$url/chat/completions" -d '{"model": "m",}'
    jq -r .error.message "$tmp/answer" | grep -q 'not JSON, from byte 14 on'
    refused 400 '' "$url/chat/completions" -d '{} {}'
    refused 400 '' "$url/chat/completions" -d '[]'
    refused 400 '' "$url/chat/completions" -X POST
}

@test "a request of more than 64 MiB is refused, announced or not, and the server goes on" {
    start $qwen
    head -c 67108865 /dev/zero | tr '\0' ' ' >"$tmp/big"
    refused 413 request_too_large "$url/chat/completions" --data-binary "@$tmp/big"
    refused 413 request_too_large "$url/chat/completions" --data-binary "@$tmp/big" -H 'Expect:'
    refused 413 request_too_large "$url/chat/completions" --data-binary "@$tmp/big" -H 'Transfer-Encoding: chunked'
    { printf '{"a":"'; head -c 67108856 "$tmp/big"; printf '"}'; } >"$tmp/fits"
    [ "$(wc -c <"$tmp/fits")" = 67108864 ]
    ask "@$tmp/fits" | jq -e .choices >/dev/null
}

@test "a browser may ask from another origin" {
    start $qwen
    run -0 curl -sS -i -X OPTIONS "$url/chat/completions" -H 'Origin: http://x.example' -H 'Access-Control-Request-Method: POST'
    [[ $output == *'204 No Content'* ]]
    [[ $output == *'Access-Control-Allow-Origin: *'* ]]
    [[ $output == *'Access-Control-Allow-Methods: POST, OPTIONS'* ]]
    [[ $output == *'Access-Control-Allow-Headers: *, Authorization'* ]]
}

# ---- which capture ------------------------------------------------------------------------

@test "--choose model: the captures of that model in turn; all in turn where there is none" {
    stream m a1 >"$tmp/1.sse"
    stream n b1 >"$tmp/2.sse"
    stream m a2 >"$tmp/3.sse"
    start "$tmp/1.sse" "$tmp/2.sse" "$tmp/3.sse"
    given() { # MODEL: one answer
        ask "{\"model\": \"$1\"}" | content
    }
    [ "$(given m) $(given n) $(given m) $(given n) $(given m)" = 'a1 b1 a2 b1 a1' ]
    [ "$(given x) $(given '') $(given x) $(given y)" = 'a1 b1 a2 a1' ]
    [ "$(given '\u006d')" = a2 ]
}

@test "--choose turn: one after the other, whatever is asked" {
    stream m a >"$tmp/1.sse"
    stream n b >"$tmp/2.sse"
    start --choose turn "$tmp/1.sse" "$tmp/2.sse"
    for want in a b a; do
        [ "$(ask '{"model": "n"}' | content)" = $want ]
    done
}

@test "--choose state: as many captures on as rounds of tools were answered" {
    for i in 1 2 3; do
        stream m "$i" >"$tmp/$i.sse"
    done
    start --choose state "$tmp"/[123].sse
    after() { # MESSAGES: which capture answers
        ask "{\"messages\": [$1]}" | content
    }
    local user='{"role": "user", "content": [{"type": "text", "text": "tool_result"}]}'
    local call='{"content": null, "tool_calls": [{"id": "a"}, {"id": "b"}], "role": "assistant"}'
    local results='{"role": "tool", "tool_call_id": "a"}, {"role": "tool", "tool_call_id": "b"}'
    local part='{"role": "user", "content": [{"type": "text"}, {"type": "tool_result", "tool_use_id": "a"}]}'
    [ "$(after "$user")" = 1 ]
    [ "$(after "$user, $call")" = 1 ]
    [ "$(after "$user, $results")" = 1 ]
    [ "$(after "$user, $call, $results")" = 2 ]
    [ "$(after "$user, $call, $results, {\"role\": \"assistant\"}, $user")" = 2 ]
    [ "$(after "$user, $call, $results, $call, $part")" = 3 ]
    [ "$(after "$user, $call, $part, $call, $results, $call, {\"role\": \"function\"}")" = 3 ]
    [ "$(after "7, null, [$call], {\"role\": 1}")" = 1 ]
    [ "$(ask '{"messages": {"role": "tool"}}' | content)" = 1 ]
}

# ---- the log ----------------------------------------------------------------------------------

@test "--request-log: what was sent, a line each, with the answer's status" {
    echo '{"before": 1}' >"$tmp/log"
    start --request-log "$tmp/log" $qwen
    ask $'{"model": "m",\r\n "n": 1}' -A me -o /dev/null
    ask 'no json "é"' -o /dev/null
    curl -sS -o /dev/null "$url/models?x=1"
    curl -sS -o /dev/null "$url/nothing"
    ask $'{"a": "\xff"}' -o /dev/null
    stop
    [ "$ended" = 0 ]
    [ "$(wc -l <"$tmp/log")" = 6 ]
    jq -c '[.method, .path, .body, .capture, .status]' "$tmp/log" | tail -n +2 | diff - <(cat <<'END'
["POST","/v1/chat/completions",{"model":"m","n":1},"qwen3-coder-stop.sse",200]
["POST","/v1/chat/completions","no json \"é\"",null,400]
["GET","/v1/models?x=1",null,null,200]
["GET","/v1/nothing",null,null,404]
["POST","/v1/chat/completions","{\"a\": \"�\"}","qwen3-coder-stop.sse",200]
END
    )
    grep -qF '{"model": "m",   "n": 1}' "$tmp/log" # as it was sent, but for the line end
    sed -n 2p "$tmp/log" | jq -e '.time | test("^20[0-9-]{8}T[0-9:]{8}\\.[0-9]{3}Z$")'
    sed -n 2p "$tmp/log" | jq -e '.headers | map({(.[0] | ascii_downcase): .[1]}) | add | .["user-agent"] == "me" and .host'
}

@test "--request-log: of several responses in a file, the line says which one" {
    { recording 200 '[]' "$(stream m a)"$'\n\n'; recording 200 '[]' "$(stream m b)"$'\n\n'; } >"$tmp/two.rec"
    start --request-log "$tmp/log" "$tmp/two.rec"
    [ "$(ask '{"model": "m"}' | content) $(ask '{"model": "m"}' | content)" = 'a b' ]
    stop
    [ "$(jq -r .capture "$tmp/log")" = "$tmp/two.rec"$'\n'"$tmp/two.rec:4" ]
}

@test "--request-log: secrets are not in it" {
    local key=sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH
    start --request-log "$tmp/log" $qwen
    ask "{\"model\": \"m\", \"api_key\": \"hush-hush\", \"messages\": [{\"role\": \"user\", \"content\": \"my key is $key\"}]}" \
        -H "Authorization: Bearer $key" -H 'X-Api-Key: hush-hush' -H 'Cookie: hush-hush' -o /dev/null
    ask "no json, $key" -o /dev/null
    curl -sS -o /dev/null "$url/models?api_key=$key&key=$key"
    stop
    [ "$(wc -l <"$tmp/log")" = 3 ]
    jq -e .status "$tmp/log"
    if grep -n -e "$key" -e hush-hush "$tmp/log"; then
        false
    fi
    grep -q '"model": "m"' "$tmp/log"
}

@test "--request-log: a file that cannot be written" {
    run -2 qtc-replay --serve 0 --request-log "$tmp/none/log" $qwen
    [ "$output" = "qtc-replay: $tmp/none/log: No such file or directory" ]
    start --request-log /dev/full $qwen
    ask '{}' | jq -e .choices >/dev/null
    ask '{}' -o /dev/null
    stop
    [ "$ended" = 2 ]
    [ "$(cat "$tmp/said")" = 'qtc-replay: /dev/full: No space left on device' ]
}

# ---- addresses, and the end ------------------------------------------------------------------------

@test "addresses: a port, HOST:PORT, [IPv6]:PORT; what is wrong with one" {
    start $qwen
    [[ $url == http://127.0.0.1:*/v1 ]]
    run -2 qtc-replay --serve "$port" $qwen
    [ "$output" = "qtc-replay: --serve $port: Address already in use" ]
    stop
    at() { # ADDRESS URL'S PATTERN
        rm -f "$tmp/url"
        qtc-replay --serve "$1" $qwen >"$tmp/url" 2>"$tmp/said" 3>&- &
        pid=$!
        wait_for_line "$tmp/url"
        url=$(<"$tmp/url")
        # shellcheck disable=SC2053 # a pattern
        [[ $url == $2 ]]
        curl -sS -g "$url/models" | jq -e .data >/dev/null
        stop
    }
    at 127.0.0.1:0 'http://127.0.0.1:*/v1'
    at localhost:0 'http://*:*/v1'
    if [ -e /proc/net/if_inet6 ] && grep -q '^0\{31\}1 ' /proc/net/if_inet6; then
        at '[::1]:0' 'http://\[::1\]:*/v1'
    fi
    for wrong in '' : x 65536 -1 ::1:80 '[::1]' localhost: :80 1.5; do
        run -2 qtc-replay --serve "$wrong" $qwen
        [ "$output" = "qtc-replay: --serve: \"$wrong\" is not [HOST:]PORT" ]
    done
    run -2 qtc-replay --serve no-such-host.invalid:80 $qwen
    [[ $output == 'qtc-replay: --serve no-such-host.invalid:80: '?* ]]
}

@test "standard output that cannot be written ends it" {
    run -2 bash -c "qtc-replay --serve 0 $qwen >/dev/full"
    [ "$output" = 'qtc-replay: standard output: No space left on device' ]
}

@test "SIGTERM and SIGINT end it with status 0" {
    start $qwen
    stop TERM
    [ "$ended" = 0 ]
    start $qwen
    ask '{}' -o /dev/null
    stop INT
    [ "$ended" = 0 ]
    [ ! -s "$tmp/said" ]
}

@test "streams that run are broken off at the end" {
    start --gap 600000 $qwen
    ask '{"stream": true}' -N >"$tmp/answer" 2>/dev/null 3>&- &
    others=($!)
    wait_for_line "$tmp/answer"
    stop
    [ "$ended" = 0 ]
    status=0
    wait "${others[0]}" || status=$?
    others=()
    [ "$status" = 18 ]
    cmp "$tmp/answer" <(head -n 2 $qwen)
}

# ---- clients of all kinds -----------------------------------------------------------------------------

@test "connections are kept, or closed where the client says so; HTTP/1.0; Expect" {
    start $qwen
    # the second transfer opens no connection
    [ "$(curl -sS -o /dev/null -o /dev/null -w '%{num_connects} ' "$url/chat/completions" "$url/chat/completions" -d '{"stream":true}')" = '1 0 ' ]
    [ "$(curl -sS -H 'Connection: close' -o /dev/null -o /dev/null -w '%{num_connects} ' "$url/models" "$url/models")" = '1 1 ' ]
    ask '{"stream":true}' --http1.0 | cmp - $qwen
    ask '{"stream":true}' -H 'Expect: 100-continue' | cmp - $qwen
}

# tell BYTES: to the server, and what it answers until it closes
tell() {
    exec 4<>"/dev/tcp/127.0.0.1/$port"
    printf '%b' "$1" >&4
    cat <&4
    exec 4>&-
}

@test "requests may be sent without waiting for answers" {
    stream m one >"$tmp/1.sse"
    stream m two >"$tmp/2.sse"
    start "$tmp/1.sse" "$tmp/2.sse"
    local request='POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n'
    run -0 tell "$request\r\n{}$request\r\n{}GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    [ "$(grep -c '^HTTP/1.1 200 OK' <<<"$output")" = 3 ]
    [[ $output == *'"content":"one"'*'"content":"two"'*'"status":"ok"'* ]]
}

@test "a client that does not go on, or does not read, stops nobody else" {
    { for _ in {1..20}; do cat $qwen; done; } >"$tmp/long.sse"
    start "$tmp/long.sse"
    exec 4<>"/dev/tcp/127.0.0.1/$port" 5<>"/dev/tcp/127.0.0.1/$port" 6<>"/dev/tcp/127.0.0.1/$port"
    printf 'POST /v1/chat/comp' >&4
    printf 'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{' >&5
    for _ in {1..50}; do
        printf 'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n\r\n{"stream":true}' >&6
    done
    ask '{"stream":true}' | cmp - "$tmp/long.sse"
    [ "$(curl -sS -o /dev/null -w '%{http_code}' "$url/models" -H "X: $(head -c 60000 /dev/zero | tr '\0' x)")" = 431 ]
    ask '{"stream":true}' | cmp - "$tmp/long.sse"
    exec 4>&- 5>&- 6>&-
    stop
    [ "$ended" = 0 ]
}

@test "many clients at once" {
    start $qwen
    for i in {1..12}; do
        { ask '{"stream":true}' | cmp - $qwen; } >"$tmp/differs.$i" 2>&1 3>&- &
        others+=($!)
    done
    for p in "${others[@]}"; do
        wait "$p"
    done
    others=()
    run -0 "$QTC_BUILD/tests/serve_load" "$port" 100 $qwen
    [ "$output" = '100 streams, 0 wrong' ]
}
