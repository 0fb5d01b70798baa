#!/usr/bin/env bats
# make install and uninstall, into a directory of the test.

setup() {
    cd "$QTC_ROOT"
    dest=$BATS_TEST_TMPDIR/root
    make --no-print-directory install DESTDIR="$dest" PREFIX=/opt/qtc >/dev/null
}

@test "install puts everything in its place" {
    cd "$dest/opt/qtc"
    [ -x bin/qtc-parse ]
    [ -x bin/qtc-replay ]
    [ -x bin/qtc-sse ]
    [ -x bin/qtc-validate ]
    [ -f lib/libqtc.a ]
    [ -f include/qtc/qtc.h ]
    [ -f share/man/man1/qtc-parse.1 ]
    [ -f share/man/man1/qtc-replay.1 ]
    [ -f share/man/man1/qtc-sse.1 ]
    [ -f share/man/man1/qtc-validate.1 ]
    [ -f share/man/man7/qtc-formats.7 ]
    diff share/qtc/format.schema.json "$QTC_ROOT/lib/formats/format.schema.json"
    [ -f share/bash-completion/completions/qtc-parse ]
    [ -f share/bash-completion/completions/qtc-replay ]
    [ -f share/bash-completion/completions/qtc-sse ]
    [ -f share/bash-completion/completions/qtc-validate ]
    run bin/qtc-parse --version
    [ "$output" = "qtc-parse $(sed -n 's/^.define QTC_VERSION "\(.*\)"/\1/p' "$QTC_ROOT/lib/qtc.h")" ]
}

@test "a program builds against what is installed" {
    export PKG_CONFIG_PATH=$dest/opt/qtc/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dest
    cat >"$BATS_TEST_TMPDIR/p.c" <<'END'
#include <stdio.h>
#include <qtc.h>
int main(void)
{
    struct qtc_parser *parser = qtc_parser_new(&(struct qtc_parse_options){0}, NULL, NULL);
    bool ok = parser != NULL && qtc_parser_finish(parser) == QTC_OK;
    qtc_parser_free(parser);
    return !ok || puts(qtc_defect_info(QTC_D_MISSING_DONE)->slug) == EOF;
}
END
    cd "$BATS_TEST_TMPDIR"
    # shellcheck disable=SC2046 # the words are flags
    ${CC:-gcc} ${SANITIZE:+-fsanitize=$SANITIZE} p.c $(pkg-config --cflags --libs qtc) -o p
    run ./p
    [ "$output" = missing-done ]
}

@test "no two functions of the library have one name" {
    # an archive hides it: the linker takes whichever it needs first
    [ -z "$(nm "$QTC_BUILD/libqtc.a" 2>/dev/null | awk '$2 == "T" { print $3 }' | sort | uniq -d)" ]
}

@test "uninstall leaves nothing behind but directories" {
    [ -n "$(find "$dest" -type f)" ]
    touch "$dest/opt/qtc/bin/other"
    make --no-print-directory uninstall DESTDIR="$dest" PREFIX=/opt/qtc >/dev/null
    [ "$(find "$dest" -type f)" = "$dest/opt/qtc/bin/other" ]
    [ ! -e "$dest/opt/qtc/include/qtc" ]
}
