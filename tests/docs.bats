#!/usr/bin/env bats
# What the manuals and the README say is so.

bats_require_minimum_version 1.5.0

commands=(qtc-parse qtc-replay qtc-sse qtc-validate)

# The long options of a command, as its --help lists them, one a line.
options_of() {
    "$1" --help | grep -o -E '^  (-.,|   ) --[a-z-]+' | grep -o -E -e '--[a-z-]+'
}

# transcripts FILE: runs each line `$ COMMAND` of the text on standard input and compares what it prints, on both
# outputs, with the lines up to the next one. `$ cat FILE` of a file that there is not makes it.
transcripts() {
    python3 - <(cat) <<'PY'
import os, re, subprocess, sys
text = open(sys.argv[1]).read()
examples = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, flags=re.M)
assert examples, "no examples"
for command, expected in examples:
    if command.startswith("cat ") and not os.path.exists(command[4:]):
        open(command[4:], "w").write(expected)
        continue
    shown = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    assert sorted(shown.split("\n")) == sorted(expected.split("\n")), f"$ {command}\n{shown}--- instead of\n{expected}"
PY
}

@test "--help, the man page and the completion have the same options" {
    for command in "${commands[@]}"; do
        options_of "$command" >"$BATS_TEST_TMPDIR/help"
        [ -s "$BATS_TEST_TMPDIR/help" ]
        sed -n '/^\.SH OPTIONS/,/^\.SH [^O]/p' "$QTC_ROOT/man/$command.1" | tr -d '\\' | grep -A1 '^\.TP' |
            grep -o -E -e '--[a-z-]+' | grep -v -x -e --line-buffered >"$BATS_TEST_TMPDIR/man"
        echo "$command: --help and the man page's OPTIONS"
        diff "$BATS_TEST_TMPDIR/help" "$BATS_TEST_TMPDIR/man"
        echo "$command: --help and the completion"
        sed -n 's/^ *names="\(--.*\)"$/\1/p' "$QTC_ROOT/completions/$command.bash" | tr ' ' '\n' |
            diff "$BATS_TEST_TMPDIR/help" -
    done
}

@test "the man page has each option's short letter, and --line-buffered" {
    for command in "${commands[@]}"; do
        page=$(tr -d '\\' <"$QTC_ROOT/man/$command.1")
        for option in $("$command" --help | grep -o -E '^  -., --[a-z-]+' | tr -d ' '); do
            [[ $page == *".BR ${option%%,*} \", \" ${option#*,}"* ]]
        done
        [[ $page == *--line-buffered* ]]
    done
}

@test "the man page has each value that an option takes" {
    for command in "${commands[@]}"; do
        page=$("$command" --help | tr '\n' ' ' | tr -s ' ')
        lists=('what goes out' 'how much (markup )?to mend' 'where reasoning goes' 'how (missing )?call ids are made')
        [ "$command" != qtc-validate ] || lists=('how findings are written')
        [ "$command" != qtc-replay ] || lists=('which answers' 'write the captures as' 'with --check: where')
        for list in "${lists[@]}"; do
            values=$(grep -o -E "$list: [a-z, ]+" <<<"$page" | sed 's/.*: //; s/ [a-z-]*$//; s/,//g')
            [ -n "$values" ]
            for value in $values; do
                echo "$command: $list: $value"
                grep -q -E "^\.BR? $value( |\$)" "$QTC_ROOT/man/$command.1"
            done
        done
    done
}

@test "the man page of qtc-sse explains each defect as --list-defects does" {
    sed -n '/^\.SH DEFECTS/,/^\.SH EXIT/p' "$QTC_ROOT/man/qtc-sse.1" | sed -n '/^\.TP/,$p' | sed '$d' >"$BATS_TEST_TMPDIR/man"
    # This is also how that part of the page is made.
    qtc-sse --list-defects | sed 's/\\/\\e/g' |
        awk -F '\t' '{ printf ".TP\n.BR %s \" (\\fI%s\\fR)\"\n%s\n", $1, $2, $3 }' |
        diff "$BATS_TEST_TMPDIR/man" -
}

@test "the man page of qtc-validate explains each finding as --list-findings does" {
    sed -n '/^\.SH FINDINGS/,/^\.SH EXIT/p' "$QTC_ROOT/man/qtc-validate.1" | sed -n '/^\.TP/,$p' | sed '$d' >"$BATS_TEST_TMPDIR/man"
    qtc-validate --list-findings | sed 's/\\/\\e/g' |
        awk -F '\t' '{ printf ".TP\n.BR %s \" (\\fI%s\\fR)\"\n%s\n", $1, $2, $3 }' |
        diff "$BATS_TEST_TMPDIR/man" -
}

@test "the manuals' examples do what they show" {
    for page in "$QTC_ROOT"/man/*.[17]; do
        mkdir "$BATS_TEST_TMPDIR/${page##*/}"
        cd "$BATS_TEST_TMPDIR/${page##*/}"
        sed -n '/^\.EX/,/^\.EE/p' "$page" | sed '/^\.E[XE]$/d; s/\\e/\\/g; s/^\\&//' | transcripts
    done
}

@test "examples stand first, exit statuses under their own heading" {
    for command in "${commands[@]}"; do
        [ "$(sed -n 's/^\.SH //p' "$QTC_ROOT/man/$command.1" | sed -n 3p)" = EXAMPLES ]
        for status in 0 1 2; do
            sed -n '/^\.SH EXIT STATUS/,/^\.SH SEE/p' "$QTC_ROOT/man/$command.1" | grep -q -x "\.B $status"
        done
    done
}

@test "the man pages have no errors" {
    command -v mandoc >/dev/null || skip "no mandoc"
    run mandoc -Tlint -Wwarning "$QTC_ROOT"/man/*.[17]
    [ -z "$output" ]
}

@test "the README's console examples do what they show" {
    cd "$QTC_ROOT"
    sed -n '/^```console$/,/^```$/p' README.md | sed '/^```/d' | transcripts
}

@test "the README's picture is what --timeline draws" {
    cd "$QTC_ROOT"
    grep -q -F '](tests/captures/qwen3-coder-stop.svg)' README.md
    qtc-replay -t tests/captures/tools.json --timeline - tests/captures/qwen3-coder-stop.recording |
        diff tests/captures/qwen3-coder-stop.svg -
}

@test "the README shows what make demo prints" {
    cd "$QTC_ROOT"
    sed -n '/^```text$/,/^```$/p' README.md | sed '/^```/d' >"$BATS_TEST_TMPDIR/readme"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/readme")" -gt 20 ]
    tests/demo "$QTC_BUILD" | sed -n '/^BEFORE/,/^$/p' | sed '$d' | diff "$BATS_TEST_TMPDIR/readme" -
}

@test "the README's options and outputs are those that there are" {
    { options_of qtc-sse; options_of qtc-parse; options_of qtc-validate; options_of qtc-replay; printf -- '--%s\n' "-o" "-t" "-f" "-i" "-j"; } |
        sed 's/^---/-/' | sort -u >"$BATS_TEST_TMPDIR/all"
    sed -n '/^## The commands/,/^## The library/p' "$QTC_ROOT/README.md" | grep -o -E '`--?[a-z-]+' | tr -d '`' | sort -u |
        comm -23 - "$BATS_TEST_TMPDIR/all" >"$BATS_TEST_TMPDIR/unknown"
    [ ! -s "$BATS_TEST_TMPDIR/unknown" ]
    for output in $(qtc-sse -o '' 2>&1 | sed 's/.*one of //; s/,//g'); do
        grep -q "\`$output\`" "$QTC_ROOT/README.md"
    done
}

@test "what follows from the formats is up to date (make format-docs)" {
    "$QTC_BUILD/gen-format-docs" schema | diff "$QTC_ROOT/lib/formats/format.schema.json" -
    for file in man/qtc-formats.7 README.md; do
        "$QTC_BUILD/gen-format-docs" fill <"$QTC_ROOT/$file" | diff "$QTC_ROOT/$file" -
    done
    [ "$(grep -c 'from here by make format-docs' "$QTC_ROOT/man/qtc-formats.7" "$QTC_ROOT/README.md" | cut -d : -f 2 | xargs)" = '2 1' ]
    run -2 "$QTC_BUILD/gen-format-docs"
    run -2 "$QTC_BUILD/gen-format-docs" fill <<<'from here by make format-docs: keys'
    [ "$output" = 'gen-format-docs: a section does not end' ]
}

@test "the README and qtc-formats have each format" {
    qtc-parse --list-formats --json | jq -r .name | while read -r name; do
        grep -q -F "\`$name\`" "$QTC_ROOT/README.md"
        grep -q -x -F ".B ${name//-/\\-}" "$QTC_ROOT/man/qtc-formats.7"
    done
}

@test "qtc-formats shows each alias, example and key as they are" {
    if command -v mandoc >/dev/null; then
        mandoc -Tutf8 -O width=1000 "$QTC_ROOT/man/qtc-formats.7" >"$BATS_TEST_TMPDIR/page"
    elif command -v man >/dev/null; then
        LC_ALL=C.UTF-8 MANWIDTH=1000 man -l "$QTC_ROOT/man/qtc-formats.7" >"$BATS_TEST_TMPDIR/page"
    else
        skip "neither mandoc nor man"
    fi
    sed -i 's/.\x08//g' "$BATS_TEST_TMPDIR/page"
    qtc-parse --list-formats --json | jq -r '.aliases[], .models, (.example | rtrimstr("\n") | split("\n")[])' |
        sort -u >"$BATS_TEST_TMPDIR/words"
    jq -r '.properties | keys[]' "$QTC_ROOT/lib/formats/format.schema.json" >>"$BATS_TEST_TMPDIR/words"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/words")" -gt 150 ]
    while IFS= read -r words; do
        grep -q -F -e "$words" "$BATS_TEST_TMPDIR/page" || {
            echo "not there: $words"
            false
        }
    done <"$BATS_TEST_TMPDIR/words"
}

@test "the README's program compiles and runs" {
    cd "$BATS_TEST_TMPDIR"
    sed -n '/^```c$/,/^```$/p' "$QTC_ROOT/README.md" | sed '/^```/d' >example.c
    ${CC:-gcc} ${SANITIZE:+-fsanitize=$SANITIZE} -std=c17 -Wall -Wextra -Werror -I"$QTC_ROOT/lib" example.c \
        "$QTC_BUILD/libqtc.a" -lyaml -o example
    run -0 ./example <<<'<tool_call>{"name": "now", "arguments": {"zone": "UTC"}}</tool_call>'
    [ "$output" = 'now {"zone": "UTC"}' ]
    run -0 ./example <<<'<tool_call>{"name": "now", "arguments": {"zone": "U'
    [[ $output == 'now {"zone": "U'*'(cut)' ]]
}

@test "the README names no file or target that there is not" {
    cd "$QTC_ROOT"
    for file in $(grep -o -E '\b(tests|lib|cmd|man)/[a-zA-Z0-9_./-]+' README.md | sed 's/[.]$//' | sort -u); do
        [ -e "$file" ]
    done
    for target in $(grep -o -E '(^    |`)make [a-z -]+' README.md | sed 's/.*make//' | tr -s ' ' '\n' | grep -v '^$' | sort -u); do
        grep -q -E "^[a-z -]*\b$target\b[a-z -]*:" Makefile
    done
}
