#!/usr/bin/env bats
# qtc-replay --redact and --timeline.

bats_require_minimum_version 1.5.0

setup() {
    cd "$QTC_ROOT/tests/captures"
    tmp=$BATS_TEST_TMPDIR
}

# XML, and what the title says.
is_svg() { # FILE TITLE
    python3 - "$1" "$2" <<'PY'
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
svg = '{http://www.w3.org/2000/svg}'
assert root.tag == svg + 'svg', root.tag
assert root.find(svg + 'title').text == sys.argv[2], root.find(svg + 'title').text
PY
}

chunk() { # CONTENT: an event with it
    jq -n -c -j --arg text "$1" '"data: ", ({choices: [{index: 0, delta: {content: $text}}]} | tojson), "\n\n"'
}

# ---- --timeline ----------------------------------------------------------------

@test "--timeline: each capture is a picture in XML, the same each time" {
    for capture in *.sse; do
        echo "$capture"
        run -0 --separate-stderr qtc-replay --timeline "$tmp/a.svg" "$capture"
        [ "$output$stderr" = '' ]
        is_svg "$tmp/a.svg" "$capture"
        qtc-replay --timeline - "$capture" | cmp - "$tmp/a.svg"
    done
}

@test "--timeline: lanes, calls, defects and figures are named" {
    qtc-replay --timeline "$tmp/a.svg" qwen3-coder-stop.sse
    for text in '128 events' 'first call at event' 'content' 'read_file' 'search' 'defects' 'call-in-content' '\[DONE\]'; do
        echo "$text"
        grep -q "$text" "$tmp/a.svg"
    done
    ! grep -q -E '<script|<image|href|url\(' "$tmp/a.svg"
}

@test "--timeline: 100 000 events make a picture of less than 2 MB" {
    chunk 'some text' | python3 -c 'import sys; sys.stdout.write(sys.stdin.read() * 100000)' >"$tmp/many.sse"
    qtc-replay --timeline "$tmp/a.svg" "$tmp/many.sse"
    is_svg "$tmp/a.svg" "$tmp/many.sse"
    [ "$(stat -c %s "$tmp/a.svg")" -lt 2000000 ]
    grep -q '>100 000 events' "$tmp/a.svg"
}

@test "--timeline, --info: tools type the arguments of markup and tell calls from text" {
    cd "$QTC_ROOT/tests/captures"
    untyped='limit&quot;:&quot;40&quot;' typed='limit&quot;:40'
    qtc-replay --timeline - qwen3-coder-stop.sse | grep -F "$untyped"
    qtc-replay --timeline - -t tools.json qwen3-coder-stop.sse | grep -F "$typed"
    jq -c --slurpfile tools tools.json \
        'if type == "object" then .request.body = ({model: "m", tools: $tools[0]} | tojson) else . end' \
        qwen3-coder-stop.recording >"$tmp/with-tools"
    qtc-replay --timeline - "$tmp/with-tools" | grep -F "$typed"
    echo '{"choices":[{"message":{"content":"{\"name\":\"search\",\"arguments\":{}}"},"finish_reason":"stop"}]}' >"$tmp/text"
    qtc-replay --info "$tmp/text" | grep -x '  calls     1 in the text: search'
    echo '[{"name":"other"}]' | qtc-replay --info --tools - "$tmp/text" >"$tmp/info"
    run -1 grep calls "$tmp/info"
    run -2 qtc-replay --info -t "$tmp/no" "$tmp/text"
    [ "$output" = "qtc-replay: $tmp/no: No such file or directory" ]
    echo '{' >"$tmp/bad"
    run -2 qtc-replay --timeline "$tmp/svg" -t "$tmp/bad" "$tmp/text"
    [[ $output == "qtc-replay: $tmp/bad:"[12]:* ]]
    [ ! -e "$tmp/svg" ]
}

@test "--timeline: one response at a time; --pick chooses it" {
    run -2 qtc-replay --timeline "$tmp/a.svg" hermes.sse think.sse
    [ "$output" = 'qtc-replay: there are 2 responses: --pick the one to draw' ]
    [ ! -e "$tmp/a.svg" ]
    qtc-replay --timeline "$tmp/a.svg" --pick 2 hermes.sse think.sse
    is_svg "$tmp/a.svg" think.sse
}

@test "--timeline: what cannot be written is said, and nothing is left of it" {
    run -2 qtc-replay --timeline /dev/full hermes.sse
    [ "$output" = 'qtc-replay: /dev/full: No space left on device' ]
    run -2 bash -c 'qtc-replay --timeline - hermes.sse >/dev/full'
    [ "$output" = 'qtc-replay: standard output: No space left on device' ]
    run -2 qtc-replay --timeline "$tmp/none/a.svg" hermes.sse
    [ "$output" = "qtc-replay: $tmp/none/a.svg: No such file or directory" ]
    mkdir "$tmp/limited"
    echo before >"$tmp/limited/a.svg"
    run -2 bash -c 'trap "" XFSZ; ulimit -f 1; qtc-replay --timeline "$1" think.sse' bash "$tmp/limited/a.svg"
    [ "$output" = "qtc-replay: $tmp/limited/a.svg: File too large" ]
    [ "$(ls -A "$tmp/limited")" = a.svg ]
    [ "$(cat "$tmp/limited/a.svg")" = before ]
}

@test "--timeline: a file that is there keeps its mode, a link stays a link, a device is written to" {
    echo before >"$tmp/real.svg"
    chmod 600 "$tmp/real.svg"
    ln -s real.svg "$tmp/link.svg"
    qtc-replay --timeline "$tmp/link.svg" hermes.sse
    [ -L "$tmp/link.svg" ]
    [ "$(stat -c %a "$tmp/real.svg")" = 600 ]
    is_svg "$tmp/real.svg" hermes.sse
    qtc-replay --timeline /dev/stdout hermes.sse | cat >"$tmp/piped.svg"
    cmp "$tmp/piped.svg" "$tmp/real.svg"
}

# ---- --redact -------------------------------------------------------------------

@test "--redact: a key that deltas cut is masked in each; what and where is said" {
    { chunk 'use sk-proj-a8Kd03'; chunk 'Jf9sLq27ZxPq4T'; chunk ', please'; } >"$tmp/key.sse"
    run -0 --separate-stderr qtc-replay --redact --convert raw "$tmp/key.sse"
    [ "$stderr" = 'qtc-replay: redacted openai-key in the response body at byte 61: 20 bytes' ]
    { chunk 'use sk-proj-xxxxxx'; chunk 'xxxxxxxxxxxxxx'; chunk ', please'; } >"$tmp/masked.sse"
    qtc-replay --redact --convert raw "$tmp/key.sse" 2>/dev/null | cmp - "$tmp/masked.sse"
    run -0 --separate-stderr qtc-replay --redact --convert raw "$tmp/masked.sse"
    [ "$stderr" = '' ]
}

@test "--redact: a picture shows no secret" {
    { chunk 'api_key="a8Kd'; chunk '03Jf"'; } >"$tmp/key.sse"
    qtc-replay --redact --timeline "$tmp/a.svg" "$tmp/key.sse" 2>"$tmp/said"
    [ "$(cat "$tmp/said")" = 'qtc-replay: redacted member in the response body at byte 59, api_key: 8 bytes' ]
    grep -q 'api_key=&quot;xxxxxxxx&quot;' "$tmp/a.svg"
    ! grep -q -E 'a8Kd|03Jf' "$tmp/a.svg"
}

@test "--redact: captures without a secret stay as they are" {
    for capture in *.sse; do
        echo "$capture"
        run -0 --separate-stderr qtc-replay --redact --convert raw "$capture"
        [ "$stderr" = '' ]
        diff <(qtc-replay --redact --convert raw "$capture") <(qtc-replay --convert raw "$capture")
    done
}
