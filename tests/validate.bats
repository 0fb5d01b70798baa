#!/usr/bin/env bats
# qtc-validate: its reports through what reads them, its options, and what must not go wrong. What it finds: the
# cases in tests/validate.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    parts=$QTC_ROOT/tests/validate
    cat >tools.json <<'END'
[{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {
  "city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}}}]
END
    good='{"id":"a","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}'
    bad='{"id":"b","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\",\"days\":\"3\"}"}}'
    # markup, controls, colons and bytes that are not UTF-8, where a report has to escape them
    nasty=$'{"id":"c","type":"function","function":{"name":"<&\\"%,:#\\\\\xff\\u001b]]>","arguments":"{}"}}'
    printf '%s\n' "$good" "$bad" '{oops' "$nasty" >calls.jsonl
}

validate() {
    status=0
    qtc-validate -t tools.json "$@" >out 2>err || status=$?
    out=$(cat out)
    err=$(cat err)
}

sanitized() {
    [[ $QTC_BUILD == *san* ]]
}

# ---- reports ----------------------------------------------------------------------

@test "the shared corpus: both verdicts of each call" {
    corpus=$QTC_ROOT/../shared/corpus/bfcl
    [ -e "$corpus/calls.jsonl" ] || skip "not there"
    for mode in : --open:; do
        run -1 qtc-validate -t "$corpus/tools.jsonl" --tools-key x.tools ${mode%:} --report json "$corpus/calls.jsonl"
        printf '%s\n' "$output" | sed -n 's/^{"file":"[^"]*","line":\([0-9]*\),.*/\1 invalid/p' | sort -u -n >found
        key=expect_strict
        [ "$mode" = : ] || key=expect
        jq -r "[input_line_number, .x.$key] | select(.[1] == \"invalid\") | @tsv" "$corpus/calls.jsonl" | tr '\t' ' ' >wanted
        [ "$(wc -l <wanted)" -gt 5000 ]
        diff wanted found
    done
}

@test "--report text, the default" {
    validate calls.jsonl
    [ "$status" -eq 2 ]
    [ -z "$err" ]
    [ "$(head -n 1 out)" = 'calls.jsonl:2: call 1 weather: /days: "3" is a string, not an integer; an integer in quotes [wrong-type]' ]
    [ "$(wc -l <out)" -eq 3 ]
    run ! grep -q $'\x1b' out
}

@test "--report json: a JSON object a finding" {
    validate --report json calls.jsonl
    [ "$status" -eq 2 ]
    iconv -f utf-8 -t utf-8 out >/dev/null
    [ "$(jq -c '[.line, .code]' out)" = $'[2,"wrong-type"]\n[3,"unreadable"]\n[4,"unknown-tool"]' ]
    [ "$(head -n 1 out | jq -c .)" = '{"file":"calls.jsonl","line":2,"id":"b","call":1,"name":"weather","code":"wrong-type","level":"error","pointer":"/days","keyword":"type","schema_pointer":"/properties/days/type","got":"3","wanted":"integer","message":"\"3\" is a string, not an integer","hint":"an integer in quotes"}' ]
    echo '{"name":"weather","arguments":"{\"city\":\n\"Oslo\",}"}' >cut
    validate --report json cut
    [ "$(jq -c '[.byte, .arguments_line, .arguments_column]' out)" = '[16,2,8]' ]
}

# Older versions of prove know TAP up to 13 only.
tap13() {
    sed '1s/14/13/'
}

@test "--report tap is read by prove" {
    command -v prove >/dev/null || skip "no prove"
    validate --report tap calls.jsonl
    [ "$status" -eq 2 ]
    [ "$(head -n 1 out)" = 'TAP version 14' ]
    tap13 <out >calls.tap
    run -1 prove -e cat calls.tap
    [[ $output == *'Failed 3/4 subtests'* ]]
    [[ $output != *'Parse errors'* ]]
    python3 - <<'PY'
import json
block = [line[6:] for line in open("out", encoding="utf-8", errors="surrogateescape") if line.startswith("    - ")]
assert len([json.loads(line) for line in block]) == 3
PY
    printf '%s\n%s\n' "$good" "$good" | qtc-validate -t tools.json --report tap | tap13 >good.tap
    run -0 prove -e cat good.tap
    [[ $output == *'Tests=2'* ]]
    qtc-validate -t tools.json --report tap </dev/null | tap13 >none.tap
    run -0 prove -e cat none.tap
}

@test "--report junit is XML, and of its schema" {
    validate --report junit calls.jsonl
    [ "$status" -eq 2 ]
    run -0 python3 "$parts/check_junit.py" "$parts/junit.xsd" out
    [ "$output" = '4 2 1' ]
    command -v xmllint >/dev/null && xmllint --noout --schema "$parts/junit.xsd" out
    python3 - <<'PY'
import xml.etree.ElementTree as ET
root = ET.parse("out").getroot()
case = root.findall("testsuite/testcase")[1]
assert case.get("file") == "calls.jsonl" and case.get("line") == "2" and case.get("name") == "line 2: weather"
assert case.find("failure").get("type") == "wrong-type" and "an integer in quotes" in case.find("failure").get("message")
PY
    validate --report junit /dev/null
    run -0 python3 "$parts/check_junit.py" "$parts/junit.xsd" out
    [ "$output" = '0 0 0' ]
    cp calls.jsonl 'a&b<"'
    validate --report junit calls.jsonl 'a&b<"'
    run -0 python3 "$parts/check_junit.py" "$parts/junit.xsd" out
    [ "$output" = '8 4 2' ]
}

@test "--report github: workflow commands, as GitHub's runner takes them apart" {
    cp calls.jsonl 'a,b:c%.jsonl'
    validate --report github 'a,b:c%.jsonl'
    [ "$status" -eq 2 ]
    python3 - <<'PY'
import re
# actions/runner, src/Runner.Common/ActionCommand.cs: TryParseV2
lines = open("out", encoding="utf-8", errors="surrogateescape").read().splitlines()
assert len(lines) == 3
for line in lines:
    command, properties, data = re.fullmatch(r"::(\w+) (.*?)::(.*)", line).groups()
    properties = dict(p.split("=", 1) for p in properties.split(","))
    unescaped = re.sub("%(25|0D|0A|3A|2C)", lambda m: chr(int(m[1], 16)), properties["file"])
    assert command == "error" and unescaped == "a,b:c%.jsonl" and set(properties) == {"file", "line", "title"}
assert lines[0].endswith("title=wrong-type::call 1 weather: /days: \"3\" is a string, not an integer; an integer in quotes [wrong-type]")
PY
}

@test "--report sarif is valid, as qtc-validate itself finds" {
    cp calls.jsonl 'a b%é.jsonl'
    for file in 'a b%é.jsonl' /dev/null; do
        validate --report sarif "$file"
        jq -c '{name: "sarif", arguments: .}' out >call.json
        run -0 qtc-validate -t "$parts/sarif.tool.json" --formats call.json
        [ -z "$output" ]
    done
    validate --report sarif 'a b%é.jsonl'
    [ "$(jq -c '[.runs[0].results[] | .ruleId]' out)" = '["wrong-type","unreadable","unknown-tool"]' ]
    [ "$(jq '.runs[0] | [.results[] as $r | .tool.driver.rules[$r.ruleIndex].id == $r.ruleId] | all' out)" = true ]
    [ "$(jq -r '.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri' out)" = 'a%20b%25%C3%A9.jsonl' ]
    # and what is wrong with one is found
    jq -c '{name: "sarif", arguments: (.runs[0].results[0].level = "fatal")}' out >call.json
    run -1 qtc-validate -t "$parts/sarif.tool.json" call.json
    [[ $output == *'/runs/0/results/0/level: "fatal" is not one of'* ]]
}

@test "a report is the same whatever the number of threads, and in how many pieces it comes" {
    for i in {1..3000}; do printf '%s\n' "$good" "$bad"; done >many
    printf '{oops\n%s\n' "$nasty" >>many
    for report in text json tap junit github sarif; do
        qtc-validate -t tools.json --report $report many >one || [ $? -eq 2 ]
        qtc-validate -t tools.json --report $report -j 4 many >four || [ $? -eq 2 ]
        cmp one four
        dd if=many bs=977 status=none | qtc-validate -t tools.json --report $report | sed 's/<stdin>\|%3Cstdin%3E\|&lt;stdin&gt;/many/g' >piped
        cmp one piped
    done
}

# ---- records out --------------------------------------------------------------------------

@test "--pass is a filter; --reject keeps the others" {
    validate --pass --reject rest calls.jsonl
    [ "$status" -eq 2 ]
    [ "$out" = "$good" ]
    [ "$(wc -l <err)" -eq 3 ]
    cat out rest | sort >both
    sort calls.jsonl | cmp - both
    validate --reject rest calls.jsonl
    [ "$(wc -l <out)" -eq 3 ]
    [ "$(wc -l <rest)" -eq 3 ]
}

@test "--fix: repaired records out, each repair named, what is left found" {
    validate --fix calls.jsonl
    [ "$status" -eq 2 ]
    [ "$(sed -n 2p out)" = "${bad//\\\"3\\\"/3}" ]
    [ "$(wc -l <out)" -eq 4 ]
    [ "$(grep -c '^qtc-validate: calls.jsonl:2: call 1 weather: /days: "3" became 3 (in quotes)$' err)" -eq 1 ]
    [ "$(grep -c '^calls.jsonl:[34]: ' err)" -eq 2 ]
    validate --fix --reject rest calls.jsonl
    [ "$(wc -l <out)" -eq 2 ]
    [ "$(wc -l <rest)" -eq 2 ]
    validate --fix --pass --report json calls.jsonl
    [ "$(grep '^{' err | jq -r .code | xargs)" = 'unreadable unknown-tool' ]
}

@test "what is written is valid" {
    validate --fix --pass calls.jsonl
    validate out
    [ "$status" -eq 0 ]
    [ -z "$out$err" ]
}

# ---- options ---------------------------------------------------------------------------------

@test "--help is one screen, with examples" {
    run -0 qtc-validate --help
    [ "${#lines[@]}" -le 50 ]
    [[ $output == *'qtc-validate -t tools.json calls.jsonl'* ]]
}

@test "--list-findings has each code once, with its level and what it means" {
    run -0 qtc-validate --list-findings
    [ "$(cut -f 1 <<<"$output" | sort | uniq -d)" = '' ]
    [ "$(awk -F '\t' 'NF != 3 || $2 !~ /^(warning|error|undecided)$/' <<<"$output")" = '' ]
    [ "${#lines[@]}" -gt 30 ]
}

@test "--draft: of schemas that do not say" {
    echo '{"name":"f","parameters":{"properties":{"a":{"items":[{"type":"integer"}]}}}}' >t
    echo '{"name":"f","arguments":{"a":["x"]}}' >c
    run -1 qtc-validate --draft 7 -t t c
    [[ $output == *'/a/0: "x" is a string, not an integer'* ]]
}

@test "--check-tools: operands, --tools, standard input; lines inside the file" {
    printf '[\n {"name": "f", "parameters": {"type": "object",\n   "properties": {"a": {"type": "strng"}}}}\n]\n' >t
    run -2 qtc-validate --check-tools t
    [ "${lines[0]}" = 't:3: f: /properties/a/type: "strng" is not one of "array", "boolean", "integer", "null", "number", "object", "string"; did you mean "string"? [schema-error]' ]
    expected=$output
    run -2 qtc-validate --check-tools -t t </dev/null
    [ "$output" = "$expected" ]
    run -2 qtc-validate --check-tools <t
    [ "$output" = "${expected//t:3/<stdin>:3}" ]
    run -0 qtc-validate --check-tools tools.json
    [ -z "$output" ]
    run -2 qtc-validate --check-tools --report junit -t t tools.json
    python3 "$parts/check_junit.py" "$parts/junit.xsd" <(printf '%s\n' "$output")
}

@test "--assert that does not compile is told once, before anything is read" {
    run -2 qtc-validate -t tools.json -j 4 --assert '.a |' calls.jsonl
    [[ ${lines[0]} == 'qtc-validate: --assert: '* ]]
    run ! grep -q 'calls.jsonl' <<<"$output"
}

@test "options that do not go together, unknown values" {
    run -2 qtc-validate --tools-key x calls.jsonl
    run -2 qtc-validate --check-tools --fix calls.jsonl
    run -2 qtc-validate --report sariff calls.jsonl
    [[ $output == *'did you mean "sarif"?'* ]]
    run -2 qtc-validate -j 0 calls.jsonl
    run -2 qtc-validate --draft 5 calls.jsonl
}

@test "tools that cannot be read" {
    run -2 qtc-validate -t nowhere calls.jsonl
    [ "$output" = 'qtc-validate: nowhere: No such file or directory' ]
    printf '[{"name": "f"},\n {"name": ' >cut
    run -2 qtc-validate -t cut calls.jsonl
    [[ $output == 'qtc-validate: cut:2:11: unexpected end of JSON' ]]
    printf '{"id": "a"}' >cut
    run -2 qtc-validate -t cut --tools-key x calls.jsonl
}

@test "100 MB in an enum end in a message at once" {
    python3 - <<'PY'
many = "1," * 50_000_000 + "1"
tools = '[{"name": "f", "parameters": {"properties": {"a": {"enum": [%s]}}}}]' % many
open("large", "w").write(tools)
open("named", "w").write('{"id": "a", "tools": [{"name": "f"}]}\n{"id": "b", "tools": %s}\n' % tools)
PY
    start=$(date +%s%N)
    run -2 qtc-validate -t large calls.jsonl
    [ "$output" = 'qtc-validate: large:1:1: more than 16 MiB of tools' ]
    run -2 qtc-validate -t named --tools-key x calls.jsonl
    [ "$output" = 'qtc-validate: named:2:1: more than 16 MiB of tools' ]
    if sanitized; then return; fi
    [ $(((($(date +%s%N) - start)) / 1000000)) -lt 2000 ]
}

@test "a tools set of each record is compiled once" {
    if sanitized; then skip "timing"; fi
    python3 - "$good" <<'PY' >records
import json, sys
call = json.loads(sys.argv[1])
for i in range(20000):
    properties = {"p%d" % k: {"type": "string", "pattern": "^[a-z]{%d,}$" % k} for k in range(40)}
    properties.update(city={"type": "string"})
    print(json.dumps({"id": i, "tools": [{"name": "weather", "parameters": {"properties": properties}}], "tool_calls": [call]}))
PY
    start=$(date +%s%N)
    run -0 qtc-validate records
    [ $(((($(date +%s%N) - start)) / 1000000)) -lt 3000 ]
}

# ---- what must not go wrong -----------------------------------------------------------------------

@test "exit status: 0, 1, 2" {
    run -0 qtc-validate -t tools.json - <<<"$good"
    [ -z "$output" ]
    run -1 qtc-validate -t tools.json <<<"$bad"
    run -2 qtc-validate <<<"$good"
    run -2 qtc-validate -t tools.json nowhere calls.jsonl
    [ "${lines[0]}" = 'qtc-validate: nowhere: No such file or directory' ]
    [ "${#lines[@]}" -eq 4 ]
}

@test "no input: nothing is wrong" {
    validate /dev/null
    [ "$status" -eq 0 ]
    [ -z "$out$err" ]
    printf '\n\n \n' >blank
    validate blank
    [ "$status" -eq 0 ]
}

@test "a full disk is an error" {
    [ -e /dev/full ] || skip "no /dev/full"
    run -2 sh -c 'qtc-validate -t tools.json calls.jsonl >/dev/full'
    [[ $output == *'standard output: No space left on device'* ]]
    run -2 sh -c 'qtc-validate -t tools.json --reject /dev/full calls.jsonl'
    [[ $output == *'/dev/full: No space left on device'* ]]
    run -2 sh -c 'qtc-validate --list-findings >/dev/full'
    run -2 qtc-validate -t tools.json --reject /nowhere/x calls.jsonl
}

@test "a closed pipe ends it quietly" {
    for i in {1..20000}; do printf '%s\n' "$bad"; done >many
    for jobs in 1 4; do
        run bash -c 'qtc-validate -j '$jobs' -t tools.json many | head -n 1; exit "${PIPESTATUS[0]}"'
        [ "$status" -eq 141 ]
        [ "${#lines[@]}" -eq 1 ]
    done
}

@test "what is found goes out while the input waits" {
    mkfifo pipe
    qtc-validate -t tools.json -j 2 pipe >out &
    exec 4>pipe
    printf '%s\n' "$bad" >&4
    for _ in {1..100}; do [ -s out ] && break; sleep 0.05; done
    [ "$(wc -l <out)" -eq 1 ]
    exec 4>&-
    wait $! || true
}

@test "lines of 1 MiB, a line of more than 64 MiB" {
    python3 - <<'PY' >long
import json
for i in range(5):
    args = {"city": "x" * (1 << 20), "days": "3"}
    print(json.dumps({"name": "weather", "arguments": json.dumps(args)}))
PY
    validate long
    [ "$status" -eq 1 ]
    [ "$(wc -l <out)" -eq 5 ]
    [ "$(wc -c <out)" -lt 1000 ]
    { head -c 68000000 /dev/zero | tr '\0' ' '; printf '\n%s\n' "$bad"; } >longer
    validate longer
    [ "$status" -eq 2 ]
    [ "${out%%$'\n'*}" = 'longer:1: a record of more than 64 MiB [unreadable]' ]
    [ "$(wc -l <out)" -eq 2 ]
}

@test "binary and deeply nested input" {
    head -c 300000 /dev/urandom >binary
    validate binary
    [ "$status" -eq 2 ]
    { printf '%s\n' "$good"; head -c 100000 /dev/zero; printf '\n%s\n' "$bad"; } >mixed
    validate mixed
    [ "$status" -eq 2 ]
    [ "$(sed -n 2p out | cut -d ' ' -f 1)" = mixed:3: ]
    python3 -c 'print("[" * 100000)' >deep
    validate deep
    [ "$status" -eq 2 ]
    python3 -c 'import json; print(json.dumps({"name": "weather", "arguments": "[" * 100000}))' >deep
    validate deep
    [[ $out == *'nested too deeply'* ]]
}

@test "memory stays constant" {
    if sanitized; then skip "the sanitizer's own memory"; fi
    command -v /usr/bin/time >/dev/null || skip "no time"
    for i in {1..1000}; do printf '%s\n' "$good" "$bad"; done >some
    for i in {1..100}; do cat some; done >many
    /usr/bin/time -f %M -o peak qtc-validate -t tools.json -j 2 --report sarif many >out || [ $? -eq 1 ]
    [ "$(tail -n 1 peak)" -lt 16384 ]
}

@test "many arguments, many calls, hostile names: linear" {
    if sanitized; then skip "timing"; fi
    python3 - <<'PY'
import json
names = {"name%d" % i: i for i in range(100000)}
open("wide", "w").write(json.dumps({"name": "weather", "arguments": names}))
calls = [{"function": {"name": "weather", "arguments": {"city": "x"}}} for i in range(100000)]
answers = [{"role": "tool", "content": "", "name": "other"} for i in range(100000)]
messages = [{"role": "assistant", "tool_calls": calls}, *answers]
open("calls", "w").write(json.dumps({"messages": messages}))
same = [{"id": "x", "function": {"name": "weather", "arguments": {"city": "x"}}} for i in range(100000)]
open("same", "w").write(json.dumps(same))
PY
    for file in wide calls same; do
        run -1 timeout 20 qtc-validate -t tools.json "$file"
        [ "${#lines[@]}" -gt 90000 ]
    done
}

@test "schemas refer to local files beside the tools, and nothing is fetched" {
    mkdir -p schemas
    echo '{"$defs": {"city": {"$ref": "more.json"}}}' >"schemas/some types.json"
    echo '{"type": "string", "minLength": 2}' >schemas/more.json
    reference() {
        printf '[{"type":"function","function":{"name":"weather","parameters":{"properties":{"city":{"$ref":"%s"}}}}}]' \
            "$1" >tools.json
    }
    echo '{"id":"a","function":{"name":"weather","arguments":"{\"city\":\"O\"}"}}' >one.jsonl
    reference 'schemas/some%20types.json#/$defs/city'
    (cd / && qtc-validate -t "$OLDPWD/tools.json" "$OLDPWD/one.jsonl" >"$OLDPWD/out") || [ $? -eq 1 ]
    [[ $(<out) == *'at least 2 are wanted [bad-length]' ]]
    reference 'https://example.org/city.json'
    validate one.jsonl
    [ "$status" -eq 2 ]
    [[ $out == *'no known document: "https://example.org/city.json"'* ]]
    mkfifo schemas/pipe
    reference 'schemas/pipe'
    validate one.jsonl
    [ "$status" -eq 2 ]
}
