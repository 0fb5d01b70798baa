# qtc - GNU make 4.3 or later.
#
#   make                 libqtc and the commands, in build/
#   make check           all tests; check-asan: the same under ASan and UBSan
#   make demo bench fuzz lint format clean
#   make install uninstall   PREFIX=/usr/local DESTDIR=
#
# What is built follows from where a file lies:
#   lib/*.c lib/*/*.c    build/libqtc.a
#   cmd/qtc-*.c          a command each; the other cmd/*.c are shared by them
#   tests/unit/test_*.c  a cmocka program each
#   tests/*.c            programs over the library (the conformance runner)
#   tests/bench/*.c      likewise
#   tests/fuzz/fuzz_*.c  a libFuzzer target each
# SANITIZE=LIST builds with -fsanitize=LIST; give it a BUILD directory of its own.

.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

PREFIX       ?= /usr/local
BINDIR       ?= $(PREFIX)/bin
LIBDIR       ?= $(PREFIX)/lib
INCLUDEDIR   ?= $(PREFIX)/include/qtc
DATADIR      ?= $(PREFIX)/share/qtc
MANDIR       ?= $(PREFIX)/share/man
COMPDIR      ?= $(PREFIX)/share/bash-completion/completions
PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
DESTDIR      ?=

ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin AR),default)
AR := ar
endif
INSTALL ?= install
BUILD   ?= build

FUZZ_SECONDS ?= 20

VERSION := $(shell sed -n 's/^.define QTC_VERSION "\(.*\)"/\1/p' lib/qtc.h)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
CFLAGS   ?= -O3 -g
QTC_CPPFLAGS := -Ilib -I$(BUILD)/include -D_GNU_SOURCE
QTC_CFLAGS   := -std=c17 -pthread $(WARNINGS)
# as-needed: a command loads only the libraries that it uses, which is half of its start-up.
QTC_LDFLAGS  := -pthread -Wl,--as-needed
ifdef SANITIZE
QTC_CFLAGS  += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
QTC_LDFLAGS += -fsanitize=$(SANITIZE)
endif
COMPILE = $(CC) $(QTC_CPPFLAGS) $(CPPFLAGS) $(QTC_CFLAGS) $(CFLAGS)
LINK    = $(CC) $(QTC_CFLAGS) $(CFLAGS) $(QTC_LDFLAGS) $(LDFLAGS)

# Only lib/jq.c calls libjq. It is a member of libqtc.a that is linked in where
# it is used: by the commands, and by the unit tests that share their code.
JQ_LIBS     ?= -ljq
# Only lib/parse/yaml.c calls libyaml; the parser calls that, so whoever parses links it.
YAML_LIBS   ?= -lyaml
# Only lib/schema/pattern.c and lib/capture/secrets.c call PCRE2, only lib/schema/idn.c libidn2: whoever
# validates or redacts links them.
PCRE_LIBS   ?= -lpcre2-8
IDN_LIBS    ?= -lidn2
SCHEMA_LIBS  = $(PCRE_LIBS) $(IDN_LIBS)
# Only --serve calls libmicrohttpd: cmd/serving.c, routes.c and request_log.c.
HTTP_LIBS   ?= -lmicrohttpd
CMOCKA_LIBS ?= -lcmocka

# ---- what there is -----------------------------------------------------------

LIB_SRC     := $(sort $(wildcard lib/*.c lib/*/*.c))
COMMAND_SRC := $(sort $(wildcard cmd/qtc-*.c))
GEN_SRC     := $(wildcard cmd/completions.c cmd/format_docs.c)
SHARED_SRC  := $(filter-out $(COMMAND_SRC) $(GEN_SRC),$(sort $(wildcard cmd/*.c)))
UNIT_SRC    := $(sort $(wildcard tests/unit/test_*.c))
TOOL_SRC    := $(sort $(wildcard tests/*.c tests/bench/*.c))
FUZZ_SRC    := $(sort $(wildcard tests/fuzz/fuzz_*.c))
ALL_SRC     := $(LIB_SRC) $(COMMAND_SRC) $(GEN_SRC) $(SHARED_SRC) $(UNIT_SRC) $(TOOL_SRC) $(FUZZ_SRC)
SCRIPTS     := $(wildcard .ci/deps .ci/run tests/run tests/demo tests/clients/run tests/bench/run tests/*.bash)

object = $(1:%.c=$(BUILD)/%.o)

LIBQTC   := $(BUILD)/libqtc.a
LIBCMD   := $(BUILD)/libcmd.a
COMMANDS := $(COMMAND_SRC:cmd/%.c=$(BUILD)/%)
GEN      := $(BUILD)/gen-completion $(BUILD)/gen-format-docs
UNITS    := $(UNIT_SRC:%.c=$(BUILD)/%)
TOOLS    := $(TOOL_SRC:%.c=$(BUILD)/%)
FUZZERS  := $(FUZZ_SRC:%.c=$(BUILD)/%)
FORMAT_SCHEMA := lib/formats/format.schema.json
COMPLETIONS := $(COMMAND_SRC:cmd/%.c=completions/%.bash)

.PHONY: all programs check check-asan check-programs fuzz fuzz-programs bench demo completions
.PHONY: format-docs install uninstall clean format lint FORCE

all: $(LIBQTC) $(COMMANDS)
programs: all $(GEN) $(TOOLS)
check-programs: programs $(UNITS)
fuzz-programs: $(FUZZERS)

# ---- building ----------------------------------------------------------------

# Another compiler or other flags: everything is built again.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(COMPILE) $(QTC_LDFLAGS) $(LDFLAGS)' | cmp -s - $@ || echo '$(COMPILE) $(QTC_LDFLAGS) $(LDFLAGS)' >$@

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

# The rows of the formats, by rank and name: see lib/formats/registry.c.
FORMATS := $(BUILD)/include/formats.inc
$(FORMATS): $(wildcard lib/formats/*.c)
	@mkdir -p $(@D)
	awk '/^const struct qtc_format qtc_format_[a-z0-9_]* = {$$/ { row = $$4; rank = 50 } \
	     /^    [.]rank = / { rank = $$3 + 0 } \
	     /^};/ && row { printf "%02d FORMAT(%s)\n", rank, row; row = "" }' $^ | LC_ALL=C sort | cut -d' ' -f2- >$@
$(BUILD)/lib/formats/registry.o: $(FORMATS)

# q, not r: files of the same name in different rooms (stream/calls.o, wire/calls.o) are different members.
$(LIBQTC): $(call object,$(LIB_SRC))
$(LIBCMD): $(call object,$(SHARED_SRC))
$(LIBQTC) $(LIBCMD):
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) qcs $@ $^

$(COMMANDS): $(BUILD)/%: $(BUILD)/cmd/%.o $(LIBCMD) $(LIBQTC)
	$(LINK) -o $@ $^ $(JQ_LIBS) $(YAML_LIBS) $(SCHEMA_LIBS) $(HTTP_LIBS) $(LDLIBS)

$(BUILD)/gen-completion: $(BUILD)/cmd/completions.o $(LIBCMD) $(LIBQTC)
	$(LINK) -o $@ $^ $(YAML_LIBS) $(LDLIBS)

$(BUILD)/gen-format-docs: $(BUILD)/cmd/format_docs.o $(LIBQTC)
	$(LINK) -o $@ $^ $(YAML_LIBS) $(LDLIBS)

$(TOOLS): $(BUILD)/%: $(BUILD)/%.o $(LIBQTC)
	$(LINK) -o $@ $^ $(YAML_LIBS) $(SCHEMA_LIBS) $(LDLIBS)

$(UNITS): $(BUILD)/%: $(BUILD)/%.o $(LIBCMD) $(LIBQTC)
	$(LINK) -o $@ $^ $(CMOCKA_LIBS) $(JQ_LIBS) $(YAML_LIBS) $(SCHEMA_LIBS) $(HTTP_LIBS) $(LDLIBS)

$(FUZZERS): $(BUILD)/%: $(BUILD)/%.o $(LIBQTC)
	$(LINK) -fsanitize=fuzzer -o $@ $^ $(YAML_LIBS) $(SCHEMA_LIBS) $(LDLIBS)

-include $(patsubst %.c,$(BUILD)/%.d,$(ALL_SRC))

# ---- testing -----------------------------------------------------------------

check:
	@.ci/deps check
	@$(MAKE) --no-print-directory check-programs
	@tests/run $(BUILD)

# Slower by a factor of five or so
check-asan: export TEST_TIMEOUT ?= 1200
check-asan:
	@$(MAKE) --no-print-directory BUILD=build/asan SANITIZE=address,undefined CFLAGS='-O1 -g' check

fuzz:
	@.ci/deps fuzz
	@$(MAKE) --no-print-directory BUILD=build/fuzz CC=clang CFLAGS='-O1 -g' \
	    SANITIZE=fuzzer-no-link,address,undefined fuzz-programs
	@for f in $(FUZZ_SRC:%.c=build/fuzz/%); do \
	    corpus=build/fuzz/corpus/$${f##*/}; mkdir -p "$$corpus"; echo "== $$f"; \
	    "$$f" -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
	        -artifact_prefix="$$corpus/../$${f##*/}-" "$$corpus" || exit 1; \
	done

bench: programs
	@tests/bench/run $(BUILD)

demo:
	@.ci/deps demo
	@$(MAKE) --no-print-directory all
	@tests/demo $(BUILD)

# ---- upkeep ------------------------------------------------------------------

completions: $(BUILD)/gen-completion
	@mkdir -p completions
	@for c in $(notdir $(COMMANDS)); do $< "$$c" >"completions/$$c.bash" || exit 1; done

# What a format file may hold follows from the table in lib/formats/fields.c, which formats there are from
# the rows beside it.
format-docs: $(BUILD)/gen-format-docs
	@$< schema >$(FORMAT_SCHEMA)
	@for f in man/qtc-formats.7 README.md; do \
	    $< fill <"$$f" >$(BUILD)/filled && cat $(BUILD)/filled >"$$f" || exit 1; \
	done

format:
	clang-format -i $(ALL_SRC)

lint: $(FORMATS)
	@.ci/deps lint
	clang-tidy --quiet $(LIB_SRC) $(COMMAND_SRC) $(GEN_SRC) $(SHARED_SRC) -- $(QTC_CPPFLAGS) $(QTC_CFLAGS)
	shellcheck $(SCRIPTS) $(wildcard completions/*.bash)
	mandoc -Tlint -Wwarning $(wildcard man/*)

clean:
	rm -rf build

# ---- installing --------------------------------------------------------------

# qtc.h and what it includes
HEADERS := lib/qtc.h lib/defects.h $(addprefix lib/,base/base.h base/event.h json/json.h sse/sse.h schema/tools.h \
    schema/schema.h schema/keywords.h formats/format.h capture/capture.h parse/parse.h stream/stream.h wire/wire.h)
MAN     := $(wildcard man/*.[1-8])

define PC_TEXT
prefix=$(PREFIX)
libdir=$(LIBDIR)
includedir=$(INCLUDEDIR)

Name: qtc
Description: What LLM servers really send, turned into correct tool calls
Version: $(VERSION)
Libs: -L$${libdir} -lqtc $(YAML_LIBS) $(SCHEMA_LIBS)
Cflags: -I$${includedir}
endef

INSTALLED = $(COMMANDS:$(BUILD)/%=$(BINDIR)/%) $(LIBDIR)/libqtc.a $(PKGCONFIGDIR)/qtc.pc \
    $(FORMAT_SCHEMA:lib/formats/%=$(DATADIR)/%) \
    $(HEADERS:lib/%=$(INCLUDEDIR)/%) $(COMPLETIONS:completions/%.bash=$(COMPDIR)/%) \
    $(foreach m,$(MAN),$(MANDIR)/man$(subst .,,$(suffix $m))/$(notdir $m))

install: export PC_TEXT := $(PC_TEXT)
install: all
	$(INSTALL) -d $(sort $(addprefix $(DESTDIR),$(dir $(INSTALLED))))
	$(INSTALL) -m 755 $(COMMANDS) $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 644 $(LIBQTC) $(DESTDIR)$(LIBDIR)
	$(INSTALL) -m 644 $(FORMAT_SCHEMA) $(DESTDIR)$(DATADIR)
	$(foreach h,$(HEADERS),$(INSTALL) -m 644 $h $(DESTDIR)$(h:lib/%=$(INCLUDEDIR)/%) &&) true
	$(foreach m,$(MAN),$(INSTALL) -m 644 $m $(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $m)) &&) true
	$(foreach c,$(COMPLETIONS),$(INSTALL) -m 644 $c $(DESTDIR)$(COMPDIR)/$(basename $(notdir $c)) &&) true
	printf '%s\n' "$$PC_TEXT" >$(BUILD)/qtc.pc
	$(INSTALL) -m 644 $(BUILD)/qtc.pc $(DESTDIR)$(PKGCONFIGDIR)

uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	-rmdir $(sort $(dir $(addprefix $(DESTDIR),$(HEADERS:lib/%=$(INCLUDEDIR)/%)))) 2>/dev/null
	-rmdir $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(DATADIR) 2>/dev/null || true
