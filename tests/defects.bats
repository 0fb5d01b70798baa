#!/usr/bin/env bats
# Every defect that --list-defects knows has an input in tests/defects/cases that makes it be reported.

setup_file() {
    export CASES=$BATS_FILE_TMPDIR/cases
    mkdir "$CASES"
    split_cases <"$QTC_ROOT/tests/defects/cases"
}

# {0D} to that byte; all else stays.
bytes() { # TEXT
    local text=${1//\\/\\\\}
    while [[ $text =~ \{([0-9A-F][0-9A-F])\} ]]; do
        text=${text//"${BASH_REMATCH[0]}"/"\\x${BASH_REMATCH[1]}"}
    done
    printf '%b\n' "$text"
}

chunk() { # DATA
    bytes "data: $1"$'\n'
}

choices() { # N
    local i list=
    for ((i = 0; i < $1; i++)); do
        list+=",{\"index\":$i,\"delta\":{\"role\":\"assistant\",\"content\":\"a\"}}"
    done
    chunk "{\"id\":\"r\",\"choices\":[${list:1}]}"
}

sse_line() { # LINE of a case
    local rest=${1#* }
    case $1 in
    'delta '*) chunk "{\"id\":\"r\",\"choices\":[{\"index\":0,\"delta\":$rest,\"finish_reason\":null}]}" ;;
    'finish '*)
        chunk "{\"id\":\"r\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"$rest\"}]}"
        chunk '[DONE]'
        ;;
    'chunk '*) chunk "$rest" ;;
    'choices '*) choices "$rest" ;;
    '>') echo ;;
    '> '*) bytes "$rest" ;;
    *) return 1 ;;
    esac
}

# SLUG.input, SLUG.kind, SLUG.others and SLUG.options of each case; their order in `order`.
split_cases() {
    local line slug='' kind head options
    while IFS= read -r line; do
        case $line in
        '' | '#'*) ;;
        '  '*)
            if [ "$kind" = sse ]; then
                sse_line "${line#  }" || {
                    echo "$slug: what is this? $line"
                    return 1
                }
            else
                bytes "${line#  }"
            fi >>"$CASES/$slug.input"
            ;;
        *)
            head=${line%% -- *} options=
            [ "$head" = "$line" ] || options=${line#* -- }
            read -r slug kind _ <<<"${head%% + *}"
            kind=${kind:-sse}
            [ ! -e "$CASES/$slug.kind" ] || {
                echo "$slug stands there twice"
                return 1
            }
            echo "$slug" >>"$CASES/order"
            echo "$kind" >"$CASES/$slug.kind"
            echo "$options" >"$CASES/$slug.options"
            [ "${head#* + }" = "$head" ] || tr ' ' '\n' <<<"${head#* + }" >"$CASES/$slug.others"
            ;;
        esac
    done
}

# run_cases KIND COMMAND: all cases of the kind; says which report something else.
run_cases() {
    local slug options expected found bad=0
    while read -r slug; do
        [ "$(<"$CASES/$slug.kind")" = "$1" ] || continue
        read -r -a options <"$CASES/$slug.options" || true
        expected=$({ echo "$slug"; cat "$CASES/$slug.others" 2>/dev/null; } | sort)
        "$2" -t "$QTC_ROOT/tests/captures/tools.json" -o events "${options[@]}" \
            <"$CASES/$slug.input" >"$CASES/events" 2>"$CASES/messages" || [ $? -lt 3 ]
        found=$(sed -n 's/^{"event":"defect".*"code":"\([^"]*\)".*/\1/p' "$CASES/events" | sort -u)
        if [ "$found" != "$expected" ]; then
            printf '%s: expected %s, found %s\n' "$slug" "${expected//$'\n'/ }" "${found//$'\n'/ }"
            cat "$CASES/messages"
            bad=$((bad + 1))
        fi
    done <"$CASES/order"
    [ "$bad" -eq 0 ]
}

@test "every defect has a case, in the order of --list-defects" {
    qtc-sse --list-defects | cut -f1 | diff "$CASES/order" -
}

@test "each defect of a stream is reported, and nothing else" {
    run_cases sse qtc-sse
}

@test "each defect of a model's text is reported, and nothing else" {
    run_cases text qtc-parse
}

@test "warnings and errors fail under --strict, what is harmless does not" {
    while IFS=$'\t' read -r slug severity _; do
        [ "$(<"$CASES/$slug.kind")" = sse ] || continue
        [ "$slug" != limit-passed ] || continue # that ends the run, with exit status 2
        read -r -a options <"$CASES/$slug.options" || true
        expected=1
        if [ "$severity" = info ]; then
            expected=0
        fi
        run qtc-sse --strict "${options[@]}" "$CASES/$slug.input"
        echo "$slug ($severity): exit status $status"
        [ "$status" -eq "$expected" ]
    done < <(qtc-sse --list-defects)
}

@test "--list-defects prints the rows of lib/defects.h" {
    sed -n 's/^DEFECT([A-Z0-9_]*, "\([^"]*\)", \([A-Z]*\), "\(.*\)")$/\1\t\L\2\E\t\3/p' "$QTC_ROOT/lib/defects.h" |
        sed 's/\\"/"/g' >"$BATS_TEST_TMPDIR/rows"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/rows")" -eq "$(grep -c '^DEFECT(' "$QTC_ROOT/lib/defects.h")" ]
    qtc-sse --list-defects | diff "$BATS_TEST_TMPDIR/rows" -
}

@test "slugs are lower case and differ" {
    run bash -c "qtc-sse --list-defects | cut -f1 | grep -v -E '^[a-z0-9]+(-[a-z0-9]+)*\$'"
    [ -z "$output" ]
    run bash -c "qtc-sse --list-defects | cut -f1 | sort | uniq -d"
    [ -z "$output" ]
}
