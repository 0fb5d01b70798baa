#!/usr/bin/env bats
# qtc-parse: every option, every input and output, and what must not go wrong.

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    printf '%s\n' 'I will look.' '<tool_call>' '<function=weather>' '<parameter=city>' 'Oslo' '</parameter>' \
        '<parameter=days>' '3' '</parameter>' '</function>' '</tool_call>' >answer.txt
    printf '%s\n' '[{"name": "weather", "parameters": {"properties": {' \
        '  "city": {"type": "string"}, "days": {"type": "integer"}}}}]' >tools.json
    now='<tool_call>{"name": "now", "arguments": {}}</tool_call>'
    weather_args='{"city":"Oslo","days":3}'
}

# parse ARGUMENT...: output in $out, messages in $err, status in $status.
parse() {
    status=0
    qtc-parse "$@" >out 2>err || status=$?
    out=$(cat out)
    err=$(cat err)
}

# of TEXT ARGUMENT...: the same with this text on standard input; printf reads its escapes.
of() {
    local text=$1
    shift
    # shellcheck disable=SC2059 # it is a format: escapes make the bytes
    printf "$text" >in
    parse "$@" <in
}

# deltas N FILE: the file as JSON strings of N characters a line.
deltas() {
    python3 -c 'import json, sys
t = open(sys.argv[2], newline="").read(); n = int(sys.argv[1])
print(*(json.dumps(t[i:i + n]) for i in range(0, len(t), n)), sep="\n")' "$@"
}

sanitized() {
    [[ $QTC_BUILD == *san* ]]
}

# ---- outputs ------------------------------------------------------------------

@test "-o calls, the default: one call a line" {
    parse -t tools.json answer.txt
    [ "$status" -eq 0 ]
    [ -z "$err" ]
    [ "$(jq -c 'keys_unsorted, .type, .function.name, (.function.arguments | fromjson)' out)" = \
        $'["id","type","function"]\n"function"\n"weather"\n{"city":"Oslo","days":3}' ]
}

@test "-o sse: frames, ended by [DONE]" {
    parse -t tools.json -o sse answer.txt
    [ "$(tail -n 2 out)" = 'data: [DONE]' ]
    sed -n 's/^data: \({.*\)/\1/p' out >chunks
    [ "$(jq -s -r '[.[].choices[0].delta.tool_calls[]?.function.arguments] | add' chunks)" = "$weather_args" ]
    [ "$(jq -s -r '.[-1].choices[0].finish_reason' chunks)" = tool_calls ]
}

@test "-o chunks: the same chunks, a line each" {
    parse -o sse answer.txt
    sed -n 's/^data: \({.*\)/\1/p' out >from_sse
    parse -o chunks answer.txt
    diff from_sse out
}

@test "-o deltas: a line a piece, and one with the finish_reason" {
    deltas 7 answer.txt >pieces
    parse -t tools.json -i deltas -o deltas pieces
    [ "$(wc -l <out)" -eq "$(($(wc -l <pieces) + 1))" ]
    [ "$(jq -s -r '[.[] | .content // empty] | add' out)" = 'I will look.' ]
    [ "$(jq -s -r '[.[].tool_calls[]?.function.arguments] | add' out)" = "$weather_args" ]
    [ "$(tail -n 1 out)" = '{"finish_reason":"tool_calls"}' ]
}

@test "-o message: one assistant message" {
    parse -t tools.json -o message answer.txt
    [ "$(jq -c '[.role, .content, (.tool_calls | length)]' out)" = '["assistant","I will look.\n",1]' ]
}

@test "-o response: one chat.completion" {
    parse -o response answer.txt
    [ "$(jq -c '[.object, .choices[0].finish_reason]' out)" = '["chat.completion","tool_calls"]' ]
}

@test "-o events: their places cover the text" {
    parse -o events answer.txt
    [ "$(jq -s '[.[] | select(.at != null) | .end - .at] | add' out)" -eq "$(wc -c <answer.txt)" ]
}

@test "-o text: the content alone" {
    parse -o text answer.txt
    [ "$out" = 'I will look.' ]
}

@test "an unknown output says what was meant" {
    parse -o mesage answer.txt
    [ "$status" -eq 2 ]
    [ "$err" = 'qtc-parse: --output: unknown value "mesage" (did you mean "message"?)' ]
}

# ---- formats and tools -----------------------------------------------------------

@test "-f: by name and by another name; auto is the default" {
    for format in auto hermes qwen25; do
        of "$now" -f "$format" --filter .function.name
        [ "$out" = '"now"' ]
    done
    of "$now" -f none -o text
    [ "$out" = "$now" ]
}

@test "-f: an unknown name says what was meant" {
    parse -f hermse answer.txt
    [ "$status" -eq 2 ]
    [ "$err" = 'qtc-parse: --format: unknown value "hermse" (did you mean "hermes"?)' ]
}

@test "-f FILE: a format of one's own, by its markers" {
    echo '{"extends": "hermes", "name": "mine", "open": ["<<call>>"], "close": ["<</call>>"]}' >mine.json
    cp mine.json mine
    of 'Well. <<call>>{"name": "now", "arguments": {}}<</call>>' -f mine.json -o message
    [ "$status:$err" = 0: ]
    [ "$(jq -c '[.content, .tool_calls[].function.name]' out)" = '["Well. ","now"]' ]
    for file in "$PWD/mine.json" ./mine mine; do
        parse -f "$file" --detect in
        [ "$status:$out" = 0:mine ]
    done
    of "$now" -f mine.json -o text
    [ "$out" = "$now" ]
    jq -n -c '{text: "<<call>>{\"name\": \"now\", \"arguments\": {}}<</call>>"}, {text: "", format: "hermes"}' >log.jsonl
    parse -f mine.json --batch --filter '[.format, .tool_calls[].function.name]' log.jsonl
    [ "$out" = $'["mine","now"]\n["hermes"]' ]
}

@test "-f FILE: the name of a format is no file, and the last -f counts" {
    echo '{' >hermes
    of "$now" -f hermes --detect
    [ "$status:$out" = 0:hermes ]
    of "$now" -f ./hermes -f auto --detect
    [ "$status:$out" = 0:hermes ]
    of "$now" -f none -f ./hermes --detect
    [ "$status:$err" = "2:qtc-parse: ./hermes:2:1: unexpected end of JSON" ]
}

@test "-f FILE: a file that is wrong is named, with the place and what was meant" {
    while IFS='|' read -r expected text; do
        # shellcheck disable=SC2059 # escapes make the lines
        printf "$text" >bad.json
        for option in -f --show-format; do
            of "$now" "$option" bad.json
            [ "$status:$out:$err" = "2::qtc-parse: bad.json:$expected" ] || {
                echo "$text: $status:$out:$err"
                false
            }
        done
    done <<'END'
2:2: unknown key "opne": did you mean "open"?|{"extends": "hermes",\n "opne": ["<x>"]}
3:10: body: unknown value "jsn": did you mean "json"?|{\n  "open": ["<x>"],\n "body": "jsn"}
1:13: extends: unknown format "hermse": did you mean "hermes"?|{"extends": "hermse"}
1:1: not an object|["hermes"]
1:1: a tokenizer's configuration without a response_template|{"tokenizer_class": "X"}
END
    parse -f missing.json answer.txt
    [ "$status:$out:$err" = '2::qtc-parse: missing.json: No such file or directory' ]
    parse -f ./hermes answer.txt
    [ "$status:$err" = '2:qtc-parse: ./hermes: No such file or directory' ]
}

@test "-f FILE: a response_template, alone or in a tokenizer_config.json; what is not supported is named" {
    local calls='{"open": "<tc>", "close": "</tc>", "repeats": true, "content": "json"}'
    echo "{\"response_template\": {\"fields\": {\"tool_calls\": $calls}}, \"tokenizer_class\": \"X\"}" >config.json
    echo "{\"fields\": {\"tool_calls\": $calls}}" >template.json
    for file in config.json template.json; do
        of 'A <tc>{"name": "now", "arguments": {}}</tc>' -f "$file" --filter .function.name
        [ "$status:$out" = '0:"now"' ]
        parse --show-format "$file"
        [ "$(jq -c '[.body, .open, .close]' out)" = '["json",["<tc>"],["</tc>"]]' ]
    done
    printf '{"fields": {"tool_calls": {"open": "<tc>",\n "transform": "{a: b}"}}}' >bad.json
    of "$now" -f bad.json
    [ "$status:$out" = 2: ]
    [[ "$err" == 'qtc-parse: bad.json:2:'*transform* ]]
}

@test "--show-format NAME >FILE; -f FILE is -f NAME" {
    for name in hermes qwen3_coder nemotron none qwen25 deepseek_v3 glm47 kimi_k2 lfm2 gemma4 openai minimax_m3; do
        qtc-parse --show-format "$name" >row.json
        qtc-parse --show-format row.json | diff row.json -
        jq -j .example row.json >example
        qtc-parse -f "$name" -o events example >by_name
        qtc-parse -f row.json -o events example | diff by_name -
    done
}

@test "--model: a hint for auto, whose format is tried first" {
    local markup='<tool_call><function=f><parameter=a>\n v \n</parameter></function></tool_call>'
    while IFS='|' read -r model expected; do
        of "$markup" --model "$model" --detect
        [ "$status:$out" = "0:${expected%% *}" ]
        of "$markup" --model "$model" --filter .function.arguments
        [ "$status:$out" = "0:${expected#* }" ]
    done <<'END'
XiaomiMiMo/MiMo-V2-Flash|mimo "{\"a\":\"\\n v \\n\"}"
Qwen/Qwen3-Coder-30B|qwen3_coder "{\"a\":\" v \"}"
nobody/knows-it|qwen3_coder "{\"a\":\" v \"}"
END
    of "$now" --model MiMo-V2 --detect
    [ "$out" = hermes ]
    of "$markup" --model MiMo-V2 -f qwen3_coder --detect
    [ "$out" = qwen3_coder ]
}

@test "--model: bare JSON of a model that writes it is a call" {
    of '{"name": "now", "parameters": {}}' --model meta-llama/Llama-3.1-8B-Instruct --detect
    [ "$status:$out" = 0:llama3_json ]
}

@test "a model that an answer or a record names is the same hint" {
    local markup='<tool_call><function=f><parameter=a>\n v \n</parameter></function></tool_call>'
    printf "$markup" | jq -R -s -c '{model: "MiMo-V2", choices: [{index: 0, message: {role: "assistant", content: .}}]}' >answer.json
    parse --detect answer.json
    [ "$out" = mimo ]
    parse --model Qwen3-Coder --detect answer.json
    [ "$out" = qwen3_coder ]
    parse --model nobody/knows-it --detect answer.json
    [ "$out" = qwen3_coder ]
    printf "$markup" | jq -R -s -c '{model: ("MiMo-V2", null, "unknown", "Qwen3-Coder", "mimo-v2"), text: .}, {model: 1, text: "", id: 7}' >log.jsonl
    parse --batch --filter '.format // .' log.jsonl
    [ "$status" -eq 1 ]
    [ "$out" = $'"mimo"\n"qwen3_coder"\n"qwen3_coder"\n"qwen3_coder"\n"mimo"\n{"id":7,"error":"model: not a string"}' ]
    parse --batch --model MiMo-V2 --filter '.format // .id' log.jsonl
    [ "$out" = $'"mimo"\n"mimo"\n"qwen3_coder"\n"qwen3_coder"\n"mimo"\n7' ]
}

@test "--batch: a record may describe its format itself" {
    local text='<<call>>{"name": "now", "arguments": {}}<</call>>'
    mine='{"extends": "hermes", "name": "a \"b\"", "open": "<<call>>", "close": "<</call>>"}'
    jq -n -c --arg text "$text" --argjson mine "$mine" \
        '{id: 1, format: $mine, text: $text}, {id: 2, text: $text}, {id: 3, format: $mine, text: "no"},
        {id: 4, format: ($mine | .open = "<<x>>"), text: $text}, {id: 5, format: {opne: ""}, text: ""},
        {id: 6, format: 1, text: ""}, {id: 7, format: $mine, text: $text}' >log.jsonl
    for jobs in 1 3; do
        parse --batch -j "$jobs" --filter '[.id, .format, .tool_calls[]?.function.name, .error // empty]' log.jsonl
        [ "$status" -eq 1 ]
        diff - out <<'END'
[1,"a \"b\"","now"]
[2,null]
[3,"a \"b\""]
[4,"a \"b\""]
[5,null,"format: unknown key \"opne\": did you mean \"open\"?"]
[6,null,"format: neither a name nor a format's description"]
[7,"a \"b\"","now"]
END
        grep -q -x -F 'qtc-parse: log.jsonl:5:19: format: unknown key "opne": did you mean "open"?' err
        [ "$(wc -l <err)" -eq 2 ]
    done
}

@test "-t types parameters; without it they are strings" {
    parse -t tools.json --filter .function.arguments answer.txt
    [ "$out" = '"{\"city\":\"Oslo\",\"days\":3}"' ]
    parse --filter .function.arguments answer.txt
    [ "$out" = '"{\"city\":\"Oslo\",\"days\":\"3\"}"' ]
}

@test "-t: a file that is wrong is named, with the place" {
    printf '[{"name": "f"},\n {"name": }]\n' >bad.json
    parse -t bad.json answer.txt
    [ "$status" -eq 2 ]
    [ -z "$out" ]
    [[ "$err" == 'qtc-parse: bad.json:2:11: '* ]]
    printf '[]]' >bad.json
    parse -t bad.json answer.txt
    [[ "$err" == 'qtc-parse: bad.json:1:3: '* ]]
    parse -t missing.json answer.txt
    [ "$status" -eq 2 ]
    [ "$err" = 'qtc-parse: missing.json: No such file or directory' ]
    parse -t . answer.txt
    [ "$status" -eq 2 ]
    [ "$err" = 'qtc-parse: .: Is a directory' ]
}

@test "--list-formats: a line a format: names, models and an example, between tabs" {
    parse --list-formats
    [ "$status:$err" = 0: ]
    grep -q -x -F $'deepseek_v4 (deepseek-v4, deepseekv4)\tDeepSeek V4\t"'"$(qtc-parse --show-format deepseek_v4 |
        sed -n 's/^  "example": "\(.*\)",$/\1/p')"'"' out
    [ "$(awk -F '\t' 'NF != 3' out)" = '' ]
    [ "$(sed 's/[ \t].*//' out | sort -u | wc -l)" -eq "$(wc -l <out)" ]
}

@test "--list-formats --json: an object a line" {
    qtc-parse --list-formats >list
    parse --list-formats --json
    [ "$status" -eq 0 ]
    [ "$(wc -l <out)" -eq "$(wc -l <list)" ]
    [ "$(jq -c 'keys_unsorted' out | sort -u)" = '["name","aliases","models","model_ids","example","body"]' ]
    [ "$(jq -c 'select(.name == "minimax_m2") | [.aliases[0], .models, .model_ids[0], .body]' out)" = \
        '["minimax-m2","MiniMax-M2","minimax-m2","tags"]' ]
    jq -r '.name + ([.aliases | join(", ") | select(. != "") | " (" + . + ")"] | add // "")' out |
        diff <(cut -f 1 list) -
}

@test "--list-formats on a terminal: columns, cut to its width; all other names below" {
    qtc-parse --list-formats --json | jq -r .name,.aliases[] | sort >names
    for columns in 24 60 80 200; do
        python3 - "$columns" >table <<'END'
import fcntl, os, pty, struct, sys, termios, unicodedata
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
    os.execlp("qtc-parse", "qtc-parse", "--list-formats")
shown = b""
try:
    while piece := os.read(fd, 65536):
        shown += piece
except OSError:
    pass
assert os.waitpid(pid, 0)[1] == 0
for line in shown.decode().splitlines():
    print(sum(2 if unicodedata.east_asian_width(c) in "FW" else 1 for c in line), line, sep="\t")
END
        if [ "$columns" -gt 24 ]; then # names of 23 columns are not cut
            [ "$(cut -f 1 table | sort -n | tail -n 1)" -le "$columns" ]
            cut -f 2 table | grep -q '^hermes  *Hermes 2.*<tool_call>\\n{"'
        fi
        cut -f 2 table | sed '/^ /!s/ .*//' | tr -s ' ,' '\n' | grep . | sort | diff names -
    done
}

# Section 3 of the formats' description: the registry of vLLM 0.33.
vllm_names='dots deepseek_v3 deepseek_v31 deepseek_v32 deepseek_v4 deepseek_v41 cohere_command3 cohere_command4
    ernie45 glm45 glm47 ling3 granite-20b-fc granite granite4 hermes hf beam poolside_v1 hunyuan_a13b hy_v3 hy_v4
    internlm jamba lfm2 kimi_k2 kimi_k3 k2_horizon llama3_json llama4_json llama4_pythonic longcat mimo minimax_m2
    minimax_m3 minicpm5 mistral olmo3 plamo3 muse musespark1x muse_glimmer openai phi4_mini_json pythonic qwen3_coder
    qwen3_xml qwen3_json seed_oss step3 step3p5 step5 inkling xlam gigachat3 functiongemma gemma4 apertus'
# Section 8: what SGLang, its gateway and Dynamo call them, and what vLLM lacks.
other_names='qwen qwen25 qwen_coder qwen_xml nemotron_nano deepseekv3 deepseekv31 deepseekv32 deepseek deepseek31
    deepseek32 deepseek_v3_1 deepseek_v3_2 deepseek-v4 deepseekv4 glm glm45_moe glm47_moe kimik2 kimi-k3 gpt-oss
    harmony llama3 llama minimax-m2 minimax-m3 minimax_m3_nom interns1 phi4 gemma-4 cohere trinity nemotron
    nemotron_deci json sarashina morph_xml yaml_xml xml_generic'

@test "every parser name of vLLM, SGLang and Dynamo is listed, and a format" {
    qtc-parse --list-formats | cut -f 1 | tr -s ' (),' '\n' >listed
    qtc-parse --list-formats --json >json
    for name in $vllm_names $other_names; do
        echo "$name"
        grep -q -x -F -e "$name" listed
        [ "$(grep -c -F "\"$name\"" json)" -ge 1 ]
        parse -f "$name" -o message /dev/null
        [ "$status:$err" = 0: ]
        qtc-parse --show-format "$name" | jq -e --arg name "$name" '[.name, .aliases[]?] | index($name)' >index
    done
}

@test "each format's own example is a call in it; auto finds the call, and with the model the format" {
    echo '[{"name": "get_weather", "parameters": {"properties": {"city": {"type": "string"}}}}]' >weather.json
    city=(-t weather.json --filter '.function.name, (.function.arguments | fromjson.city)')
    qtc-parse --list-formats --json | jq -r 'select(.body != "none") | [.name, .model_ids[0] // ""] | @tsv' >names
    [ "$(wc -l <names)" -gt 50 ]
    while IFS=$'\t' read -r name model; do
        echo "$name"
        qtc-parse --show-format "$name" | jq -j .example >example
        [ "$(qtc-parse -f "$name" "${city[@]}" example)" = $'"get_weather"\n"Tokyo"' ]
        if [[ $name != morph_xml && $name != yaml_xml ]]; then # any tag may be theirs
            [ "$(qtc-parse "${city[@]}" example)" = $'"get_weather"\n"Tokyo"' ]
        fi
        [ -z "$model" ] || [ "$(qtc-parse --model "$model" --detect example)" = "$name" ]
    done <names
}

@test "--show-format: one format; an unknown one says what was meant" {
    parse --show-format qwen25
    [ "$(jq -r .name out)" = hermes ]
    parse --show-format qwen3_code
    [ "$status" -eq 2 ]
    [ "$err" = 'qtc-parse: --show-format: unknown value "qwen3_code" (did you mean "qwen3_coder"?)' ]
    parse --show-format auto
    [ "$status" -eq 2 ]
}

# ---- inputs ------------------------------------------------------------------------

@test "-i auto tells the kinds apart" {
    local message='{"role":"assistant","content":"A"}'
    while IFS='|' read -r expected input; do
        of "$input" -o text
        # shellcheck disable=SC2059 # escapes here, too
        [ "$status:$out" = "0:$(printf "$expected")" ] || {
            echo "input: $input, got: $status:$out"
            false
        }
    done <<END
ab|"a"\n"b"\n
ab| "a"\n\n"b"
"a" is a letter|"a" is a letter
"open|"open
"a\n"b"|"a\n"b"\n
A|$message
A|\n\n $message\n
AA|$message\n$message
AA|[$message,\n$message]
$message and|$message and
{"a":1}|{"a":1}
[1]|[1]
[]|[]
{|{
{"role":"user","content":"A"}|{"role":"user","content":"A"}
{"role":"assistant"|{"role":"assistant"
5|5
A|\xef\xbb\xbf$message
ab|\xef\xbb\xbf"a"\n"b"\n
END
}

@test "-i text takes JSON as text" {
    of '{"role":"assistant","content":"A"}' -i text -o text
    [ "$out" = '{"role":"assistant","content":"A"}' ]
    of '"a"' -i text -o text
    [ "$out" = '"a"' ]
}

@test "-i auto: all of auto's answers are the same in pieces" {
    local message='{"role":"assistant","content":"A"}'
    for input in '"a"\n"b"\n' "$message\n$message" "[$message]" "$message and" '\xef\xbb\xbf"a"\n' '"open'; do
        of "$input" -o text
        python3 -c 'import os, sys
for b in open("in", "rb").read(): os.write(1, bytes([b]))' | qtc-parse -o text >pieces
        diff out pieces
    done
}

@test "-i deltas: any cut gives the same calls" {
    parse -t tools.json answer.txt
    for n in 1 2 3 5 11 1000; do
        deltas "$n" answer.txt | qtc-parse -i deltas -t tools.json >pieces
        diff out pieces
    done
}

@test "-i deltas: a line that is no string is named, what came before is written" {
    of '"Hello <"\n"x\n"y"\n' -i deltas -o text
    [ "$status" -eq 2 ]
    [ "$out" = 'Hello <' ]
    [[ "$err" == 'qtc-parse: <stdin>:2:3: '* ]]
    of '"a"\n\n{"content":"b"}\n' -i deltas -o text
    [ "$status:$out" = 2:a ]
    [[ "$err" == 'qtc-parse: <stdin>:3: not a JSON string'* ]]
}

@test "-i deltas -o deltas: another program drives it in step" {
    coproc PARSE { qtc-parse -i deltas -o deltas; }
    step() { # LINE: the line that comes back
        printf '%s\n' "$1" >&"${PARSE[1]}"
        IFS= read -r -t 20 line <&"${PARSE[0]}"
    }
    step '"Hello "'
    [ "$line" = '{"content":"Hello "}' ]
    step '"<tool_"'
    [ "$line" = null ]
    step '"call><function=f><parameter=k>\nab"'
    [ "$(jq -r '.tool_calls[0].function.name' <<<"$line")" = f ]
    step '"cd"'
    [ "$(jq -r '.tool_calls[0].function.arguments' <<<"$line")" = cd ]
    step '""'
    [ "$line" = null ]
}

@test "text goes out while it comes in" {
    coproc PARSE { qtc-parse -o text; }
    for word in 'Hello' ' and' ' {' ' bye'; do
        printf '%s' "$word" >&"${PARSE[1]}"
        IFS= read -r -t 20 -N ${#word} got <&"${PARSE[0]}"
        [ "$got" = "$word" ]
    done
}

@test "-i json: a completion is converted in place, its id and other members kept" {
    jq -n --arg c "Sure. $now" '{id: "r1", model: "m", created: 5, system_fingerprint: "fp",
        choices: [{index: 0, message: {role: "assistant", content: $c}, finish_reason: "stop"}],
        usage: {total_tokens: 3}}' >completion.json
    parse -i json -o response completion.json
    [ "$status" -eq 0 ]
    [ "$(jq -c '[.id, .model, .created, .system_fingerprint, .usage.total_tokens, (.choices[0] |
        .message.content, .message.tool_calls[0].function.name, .finish_reason)]' out)" = \
        '["r1","m",5,"fp",3,"Sure. ","now","tool_calls"]' ]
}

@test "-i json: native calls are kept" {
    of '{"role":"assistant","content":null,"tool_calls":[{"id":"x","type":"function","function":{"name":"f","arguments":"{\\"a\\": 1.0}"}}]}' \
        -i json
    [ "$out" = '{"id":"x","type":"function","function":{"name":"f","arguments":"{\"a\": 1.0}"}}' ]
    [ "$status" -eq 0 ]
}

@test "-i json: a bare message needs no finish_reason, and is no defect" {
    of '{"role":"assistant","content":"A","refusal":"no"}' -i json -o message --strict
    [ "$status:$out" = '0:{"role":"assistant","content":"A","refusal":"no"}' ]
}

@test "-i json: arrays and JSON Lines, on as many lines as they like" {
    jq -n --arg c "$now" '[{role: "assistant", content: $c}, {role: "assistant", content: "two"}],
        {choices: [{message: {role: "assistant", content: "three"}}]}' >many.json
    parse -i json -o message many.json
    [ "$(jq -c '[.content, .tool_calls[0].function.name]' out)" = $'[null,"now"]\n["two",null]\n["three",null]' ]
}

@test "-i json: calls of several answers get different ids" {
    jq -n -c --arg c "$now" '{role: "assistant", content: $c} | ., .' >two.jsonl
    parse -i json two.jsonl
    [ "$(jq -r .id out | sort -u | wc -l)" -eq 2 ]
    cp out first
    parse -i json two.jsonl
    diff first out
}

@test "-i json: what is no answer is named with its line, and the rest is read" {
    of '[{"role":"assistant","content":"A"},\n{"role":"user","content":"B"}]\n{"x":1}\n{"choices":[{"delta":{}}]}\n{"role":"assistant","content":"C"}\n' \
        -i json -o text
    [ "$status" -eq 2 ]
    [ "$out" = AC ]
    [ "$err" = 'qtc-parse: <stdin>:2: a message whose role is not "assistant"
qtc-parse: <stdin>:3: neither a chat completion nor an assistant message
qtc-parse: <stdin>:4: a chunk of a stream, not a whole answer; qtc-sse reads these' ]
}

@test "-i json: what is not JSON, is cut, or is not there" {
    of '{"role":"assistant","content":"A"}\n  oh' -i json -o text
    [ "$status:$out:$err" = '2:A:qtc-parse: <stdin>:2:3: not JSON' ]
    of '\n{"role":"assistant","content":"A"' -i json -o text
    [ "$status:$err" = '2:qtc-parse: <stdin>:2: the JSON value is cut' ]
    of '\n' -i json
    [ "$status:$err" = '2:qtc-parse: <stdin>: no input' ]
}

@test "several files are several responses, in order; - is standard input" {
    printf 'one' >first
    printf 'three' >third
    parse -o message first - third <<<two
    [ "$(jq -r .content out | tr '\n' ' ')" = 'one two  three ' ]
}

@test "a call does not go on in the next file" {
    printf '<tool_call>{"name": "f", ' >first
    printf '"arguments": {}}</tool_call>' >second
    parse -o text first second
    [[ "$out" == *'"arguments": {}}</tool_call>' ]]
}

@test "a file that cannot be read is named, the others are read" {
    printf 'one' >first
    parse -o text missing first .
    [ "$status" -eq 2 ]
    [ "$out" = one ]
    [ "$err" = 'qtc-parse: missing: No such file or directory
qtc-parse: .: Is a directory' ]
    parse -o message .
    [ -z "$out" ]
}

# ---- reasoning, recovery, ids ---------------------------------------------------------

@test "--reasoning split, drop, inline" {
    of '<think>hm</think>yes' -o message
    [ "$(jq -c '[.content, .reasoning_content]' out)" = '["yes","hm"]' ]
    of '<think>hm</think>yes' -o message --reasoning drop
    [ "$(jq -c '[.content, .reasoning_content]' out)" = '["yes",null]' ]
    of '<think>hm</think>yes' -o message --reasoning inline
    [ "$(jq -c '[.content, .reasoning_content]' out)" = '["<think>hm</think>yes",null]' ]
}

@test "--starts-in-reasoning" {
    of 'hm</think>yes' -o message --starts-in-reasoning
    [ "$(jq -c '[.content, .reasoning_content]' out)" = '["yes","hm"]' ]
}

@test "--recover strict, normal, lenient" {
    of '<tool_call>{"name": "now", "arguments": {"a": 1,}}</tool_call>' --filter .function.arguments
    [ "$out" = '"{\"a\": 1}"' ]
    printf '[{"name": "now"}]' >now.json
    of '<tool_call>{"name": "now", "arguments": {"a": 1,}}</tool_call>' --recover strict -t now.json
    [ "$status:$out" = 0: ]
    of "$now" --recover strict -t now.json --filter .function.name
    [ "$out" = '"now"' ]
    of '<function=f><parameter=k>[1]</parameter></function>' --recover lenient --filter .function.arguments
    [ "$out" = '"{\"k\":[1]}"' ]
    of '<function=f><parameter=k>[1]</parameter></function>' --filter .function.arguments
    [ "$out" = '"{\"k\":\"[1]\"}"' ]
}

@test "a call that was cut is marked, and said" {
    of '<tool_call>{"name": "f", "arguments": {"a"' --filter '[.truncated, .function.arguments]'
    [ "$out" = '[true,"{\"a\""]' ]
    [ "$status" -eq 0 ]
    [[ "$err" == 'qtc-parse: <stdin>: error truncated-call: '* ]]
}

@test "--ids stable, random, seq" {
    of "$now$now" --filter .id
    local first=$out
    [ "$(sort -u out | wc -l)" -eq 2 ]
    of "$now$now" --filter .id --ids stable
    [ "$out" = "$first" ]
    of "$now$now" --filter .id --ids random
    [ "$(sort -u out | wc -l)" -eq 2 ]
    [ "$out" != "$first" ]
    of "$now$now" --filter .id --ids seq
    [ "$out" = $'"call_0"\n"call_1"' ]
}

# ---- answers ------------------------------------------------------------------------------

@test "--strict: exit 1 when something was wrong, and which" {
    parse --strict answer.txt
    [ "$status" -eq 0 ]
    of '<tool_call>{"name": "now", "arguments": {"a": 1,}}</tool_call>' --strict
    [ "$status" -eq 1 ]
    [ -n "$out" ]
    [[ "$err" == 'qtc-parse: <stdin>: warning trailing-comma: '* ]]
}

@test "--contains: an exit status and nothing else" {
    parse --contains answer.txt
    [ "$status:$out:$err" = 0:: ]
    of 'no call' --contains
    [ "$status:$out:$err" = 1:: ]
    parse --contains in answer.txt
    [ "$status" -eq 0 ]
    parse --contains in missing
    [ "$status" -eq 2 ]
    of '{"role":"assistant","tool_calls":[{"id":"x","type":"function","function":{"name":"f","arguments":"{}"}}]}' \
        --contains -i json
    [ "$status" -eq 0 ]
}

@test "--contains ends at the first call" {
    { cat answer.txt && yes; } | timeout 20 qtc-parse --contains
}

@test "--detect: the format's name, or exit 1" {
    parse --detect answer.txt
    [ "$status:$out" = 0:qwen3_coder ]
    of "$now" --detect
    [ "$status:$out" = 0:hermes ]
    of 'no call' --detect
    [ "$status:$out" = 1: ]
    of 'no call' --detect -f hermes
    [ "$status:$out" = 1: ]
    parse --detect answer.txt in
    [ "$status:$out" = 0:answer.txt:qwen3_coder ]
}

# ---- filters ---------------------------------------------------------------------------------

@test "--filter: a jq program over each value" {
    of "$now" -o events --filter 'select(.event == "call") | .name'
    [ "$out" = '"now"' ]
    of "$now$now" --filter '.id, .type' --ids seq
    [ "$out" = $'"call_0"\n"function"\n"call_1"\n"function"' ]
}

@test "--filter: a program that is wrong, or goes wrong" {
    parse --filter '.[' answer.txt
    [ "$status" -eq 2 ]
    [ -z "$out" ]
    [[ "$err" == 'qtc-parse: --filter: '* ]]
    of "$now" --filter '.id | keys'
    [ "$status" -eq 2 ]
    [ -n "$err" ]
}

# ---- --batch ------------------------------------------------------------------------------------

@test "--batch: keys of a record, in their order" {
    of '{"id":"a","text":"hi"}\n' --batch
    [ "$status" -eq 0 ]
    [ "$out" = '{"id":"a","format":null,"content":"hi","reasoning":null,"tool_calls":[],"finish_reason":"stop","defects":[]}' ]
}

@test "--batch: calls, reasoning, defects, a cut call" {
    of '{"id":7,"text":"<think>hm</think>so <tool_call>{\\"name\\":\\"f\\",\\"arguments\\":{\\"a\\":1,}}</tool_call><tool_call>{\\"name\\":\\"g\\",\\"arguments\\":{\\"b\\""}\n' \
        --batch --ids seq
    [ "$out" = '{"id":7,"format":"hermes","content":"so ","reasoning":"hm","tool_calls":[{"id":"call_0","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},{"id":"call_1","type":"function","function":{"name":"g","arguments":"{\"b\""},"truncated":true}],"finish_reason":"length","defects":["trailing-comma","truncated-call"]}' ]
}

@test "--batch: a defect is listed once" {
    of '{"text":"<tool_call>{\\"name\\":\\"f\\",\\"arguments\\":{\\"a\\":1,}}</tool_call><tool_call>{\\"name\\":\\"g\\",\\"arguments\\":{\\"a\\":1,}}</tool_call>"}\n{"text":"x"}\n' \
        --batch --filter .defects
    [ "$out" = $'["trailing-comma"]\n[]' ]
}

@test "--batch: chunks are the text in pieces" {
    jq -R -s -c '{id: 1, text: .}' answer.txt >whole
    deltas 3 answer.txt | jq -s -c '{id: 1, chunks: .}' >pieces
    [ "$(qtc-parse --batch whole)" = "$(qtc-parse --batch pieces)" ]
}

@test "--batch: format, tools, starts_in_reasoning and reasoning of a record" {
    jq -n -c --rawfile text answer.txt --slurpfile tools tools.json --arg now "$now" '
        {id: 1, $text, tools: $tools[0]}, {id: 2, $text, tools: ($tools[0] | tojson)}, {id: 3, $text, tools: null},
        {id: 4, $text, format: "none"}, {id: 5, text: $now, format: "auto"}, {id: 6, text: "x", format: "qwen25"},
        {id: 7, text: "a</think>b", starts_in_reasoning: true}, {id: 8, text: "<think>a</think>b", reasoning: "inline"},
        {id: 9, text: "<think>a</think>b", reasoning: "split", unknown: [1]}' >records
    parse --batch --filter '[.id, .format, .reasoning, (.tool_calls[0].function.arguments // "{}" | fromjson.days)]' records
    [ "$status" -eq 0 ]
    [ "$out" = '[1,"qwen3_coder",null,3]
[2,"qwen3_coder",null,3]
[3,"qwen3_coder",null,"3"]
[4,"none",null,null]
[5,"hermes",null,null]
[6,"hermes",null,null]
[7,null,"a",null]
[8,null,null,null]
[9,null,"a",null]' ]
}

@test "--batch: options are the defaults of records" {
    jq -n -c --rawfile text answer.txt '{$text}, {text: "a</think>b", format: null, starts_in_reasoning: true}' >records
    parse --batch -t tools.json -f qwen3_coder --reasoning inline \
        --filter '[.format, .content, (.tool_calls[0].function.arguments // "{}" | fromjson.days)]' records
    [ "$out" = $'["qwen3_coder","I will look.\\n",3]\n["qwen3_coder","a</think>b",null]' ]
    parse --batch --starts-in-reasoning --filter .reasoning <<<'{"text":"a</think>b"}'
    [ "$out" = '"a"' ]
}

@test "--batch: tools that change from record to record" {
    for i in $(seq 40); do
        printf '{"id":%d,"text":"<function=f><parameter=k>%d</parameter></function>","tools":[{"name":"f","parameters":{"properties":{"k":{"type":"%s"}}}}]}\n' \
            "$i" "$i" "$( ((i % 3)) && echo integer || echo string)"
    done >records
    parse --batch --filter '.tool_calls[0].function.arguments | fromjson.k | type' records
    [ "$(sort out | uniq -c | tr -s ' \n' ' ')" = ' 27 "number" 13 "string" ' ]
}

@test "--batch: a bad record gives an error and the run goes on" {
    printf '%s\n' '{"id":"a","text":"hi"}' '{"id":"b"}' 'no' '{"id":"c","text":5}' '' \
        '{"id":{"x":1},"format":"hermse","text":"x"}' '{"id":"d","reasoning":"sideways","text":"x"}' \
        '{"id":"e","tools":{"x":1},"text":"x"}' '{"id":"f","text":"x","chunks":[]}' '[1]' \
        '{"id":"g","chunks":["a",1]}' '{"id":"h","text":"x","starts_in_reasoning":1}' '{"id":"z","text":"last"}' >records
    for jobs in 1 3; do
        parse --batch -j "$jobs" records
        [ "$status" -eq 1 ]
        [ "$(jq -c '[.id, .error // .content]' out)" = '["a","hi"]
["b","neither text nor chunks"]
[null,"not JSON: unknown word"]
["c","text: not a string"]
[{"x":1},"format: unknown value \"hermse\" (did you mean \"hermes\"?)"]
["d","reasoning: unknown value \"sideways\""]
["e","tools: no tools in it"]
["f","both text and chunks"]
[null,"not a JSON object"]
["g","chunks: not an array of strings"]
["h","starts_in_reasoning: neither true nor false"]
["z","last"]' ]
        [ "$(head -n 2 err)" = 'qtc-parse: records:2: neither text nor chunks
qtc-parse: records:3:2: not JSON: unknown word' ]
        [ "$(wc -l <err)" -eq 10 ]
    done
}

@test "--batch: -j keeps the order, whatever the number of threads" {
    jq -R -s -c '. as $t | range(4000) | {id: ., text: ($t + (. | tostring) + ("x" * (. % 50)))}' answer.txt >records
    qtc-parse --batch records >one
    [ "$(wc -l <one)" -eq 4000 ]
    for jobs in 2 5; do
        qtc-parse --batch -j "$jobs" records | cmp - one
        qtc-parse --batch --jobs="$jobs" <records | cmp - one
        cat records | qtc-parse --batch -j "$jobs" | cmp - one
    done
}

@test "--batch: ids are made from the record's id" {
    local text='"text":"<tool_call>{\"name\": \"now\", \"arguments\": {}}</tool_call>"'
    printf '%s\n' "{\"id\":\"a\",$text}" "{\"id\":\"b\",$text}" "{$text}" "{$text}" >records
    printf '%s\n' "{\"id\":\"b\",$text}" "{\"id\":\"a\",$text}" >turned
    parse --batch --filter '.tool_calls[0].id' records
    [ "$(sort -u out | wc -l)" -eq 4 ]
    [ "$(qtc-parse --batch --filter '.tool_calls[0].id' turned)" = "$(sed -n '2p;1q' out; sed -n 2p out; sed -n 1p out)" ]
}

@test "--batch: records go out while they come in" {
    for jobs in 1 3; do
        coproc PARSE { qtc-parse --batch -j "$jobs"; }
        pid=$PARSE_PID
        for i in 1 2 3; do
            printf '{"id":%d,"text":"hi"}\n' "$i" >&"${PARSE[1]}"
            IFS= read -r -t 20 line <&"${PARSE[0]}"
            [ "$(jq .id <<<"$line")" = "$i" ]
        done
        eval "exec ${PARSE[1]}>&-"
        wait "$pid"
    done
}

@test "--batch --strict: exit 1 when a record has a defect" {
    of '{"text":"x"}\n' --batch --strict
    [ "$status" -eq 0 ]
    of '{"text":"<tool_call>{\\"name\\":\\"f\\",\\"arguments\\":{\\"a\\""}\n' --batch --strict
    [ "$status" -eq 1 ]
}

@test "--batch: a line of more than 64 MiB is refused, the next one read" {
    sanitized && skip 'too slow'
    {
        printf '{"id":1,"text":"hi"}\n{"id":2,"text":"'
        head -c 67200000 /dev/zero | tr '\0' x
        printf '"}\n{"id":3,"text":"hi"}\n'
    } >long
    for jobs in 1 2; do
        parse --batch -j "$jobs" --filter '[.id, .error]' long
        [ "$status" -eq 1 ]
        [ "$out" = $'[1,null]\n[null,"a line of more than 64 MiB"]\n[3,null]' ]
        [ "$err" = 'qtc-parse: long:2: a line of more than 64 MiB' ]
    done
}

@test "--batch: no input, no output; a file that cannot be read" {
    of '' --batch
    [ "$status:$out:$err" = 0:: ]
    of '\n \n\n' --batch -j 2
    [ "$status:$out:$err" = 0:: ]
    parse --batch missing
    [ "$status:$err" = '2:qtc-parse: missing: No such file or directory' ]
}

# ---- the command line -------------------------------------------------------------------------------

@test "options that would have no effect are refused" {
    while IFS='|' read -r options message; do
        # shellcheck disable=SC2086 # words
        parse $options answer.txt
        [ "$status" -eq 2 ]
        [ -z "$out" ]
        [[ "$err" == "qtc-parse: $message"* ]]
    done <<END
--batch --contains|--batch and --contains
--batch --detect|--batch and --detect
--batch -i text|--batch and --input
--batch -o calls|--batch and --output
--contains --detect|--contains and --detect
--contains -o text|--contains and --output
--contains --strict|--contains and --strict
--detect --filter .|--detect and --filter
-j 2|--jobs goes with --batch
--json|--json goes with --list-formats
--batch -j 0|--jobs: "0" is not a number from 1 to 256
--batch -j x|--jobs: "x" is not
--bach|unknown option --bach (did you mean --batch?)
-i jsn|--input: unknown value "jsn" (did you mean "json"?)
--recover=strickt|--recover: unknown value "strickt" (did you mean "strict"?)
-q|unknown option -q
END
}

@test "long options may be shortened, -- ends them" {
    printf 'x' >-o
    parse --out=text -- -o
    [ "$out" = x ]
}

@test "--help and --version" {
    parse --help
    [ "$status" -eq 0 ]
    [ -z "$err" ]
    [[ "$out" == 'qtc-parse - model text to tool calls'* ]]
    parse -V
    [[ "$out" == 'qtc-parse '[0-9]* ]]
}

@test "the manual's examples do what they show" {
    rm -f ./*
    # Of the page's source: what stands between .EX and .EE, its escapes undone.
    sed -n '/^\.EX/,/^\.EE/p' "$QTC_ROOT/man/qtc-parse.1" | sed 's/\\e/\\/g; s/^\\&//' >source
    python3 - <<'END'
import re, subprocess
text = re.sub(r"^\.E[XE]\n", "", open("source").read(), flags=re.M)
examples = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, flags=re.M)
assert len(examples) >= 10, len(examples)
for command, expected in examples:
    if command.startswith("cat "):
        open(command[4:], "w").write(expected)
        continue
    shown = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert shown.stdout == expected, (command, expected, shown.stdout, shown.stderr)
END
}

@test "the manual names every option and output" {
    page=$(tr -d '\\' <"$QTC_ROOT/man/qtc-parse.1")
    for option in $(qtc-parse --help | grep -o -E '^  (-.|  ),? +--[a-z-]+' | grep -o -E -e '--.*'); do
        [[ "$page" == *"$option"* ]] || {
            echo "$option is missing"
            false
        }
    done
    for output in $(qtc-parse -o '' 2>&1 | sed 's/.*one of //; s/,//g'); do
        grep -q "^.B $output\$" <<<"$page" || {
            echo "$output is missing"
            false
        }
    done
}

# ---- what must not go wrong ---------------------------------------------------------------------------

@test "empty input is an empty answer" {
    of '' -o message
    [ "$status:$out" = '0:{"role":"assistant","content":null}' ]
    of '' -o text
    [ "$status:$out" = 0: ]
    of '' -i deltas -o deltas
    [ "$status:$out" = '0:{"finish_reason":"stop"}' ]
    of '' -o response
    [ "$(jq -r '.choices[0].finish_reason' out)" = stop ]
}

@test "NUL bytes and binary pass as they are" {
    printf 'a\0b\377\376\0' >binary
    head -c 300000 /dev/urandom | tr -d '<"{[`~' >>binary
    qtc-parse -o text binary | cmp - binary
    qtc-parse -o message binary | python3 -c 'import json, sys
assert json.load(sys.stdin)["content"].startswith("a\0b\ufffd")'
}

@test "a line of 1 MiB, as text, piece and record" {
    head -c 1048576 /dev/zero | tr '\0' '<' >long
    qtc-parse -o text long | cmp - long
    deltas 2000000 long | qtc-parse -i deltas -o text | cmp - long
    jq -R -c '{text: .}' long | qtc-parse --batch | jq -j .content | cmp - long
}

@test "long text needs little memory" {
    sanitized && skip 'a sanitizer needs its own'
    (
        ulimit -v 65536
        yes 'A line of text, and <b>markup</b> that is none of ours.' | head -c 50000000 | qtc-parse -o text | tail -c 5
        yes '{"text":"hello"}' | head -n 300000 | qtc-parse --batch | tail -n 1
        { printf '<function=f><parameter=k>\n' && yes | head -c 50000000; } | qtc-parse -o chunks 2>/dev/null | wc -c
    ) >sizes
    [ "$(tail -n 1 sizes)" -gt 50000000 ]
}

@test "a reader that goes away ends it quietly" {
    for option in '-o text' '--batch' '--batch -j 3'; do
        # shellcheck disable=SC2086 # words
        { yes '{"text":"hello"}' || true; } | { qtc-parse $option 2>err || echo $? >status; } | head -c 1 >/dev/null
        [ "$(cat status)" -eq 141 ]
        [ ! -s err ]
    done
}

@test "a full disk is an error" {
    for option in '-o text' '-o message' '--batch' '--batch -j 2' '--list-formats'; do
        status=0
        # shellcheck disable=SC2086 # words
        qtc-parse $option >/dev/full 2>err <<<'{"text":"hello"}' || status=$?
        [ "$status" -eq 2 ]
        [ "$(cat err)" = 'qtc-parse: standard output: No space left on device' ]
    done
}

@test "a closed standard input is an error" {
    parse -o text <&-
    [ "$status" -eq 2 ]
    [[ "$err" == 'qtc-parse: <stdin>: '* ]]
}

@test "--unbuffered and --line-buffered change no byte" {
    parse -o events answer.txt
    for option in --unbuffered --line-buffered; do
        qtc-parse "$option" -o events answer.txt | cmp - out
    done
}
