# oncall-tools: entry points only. `make help` lists them.

VERSION  := 0.1.0
PROFILE  ?= release
B        := build/$(PROFILE)
PREFIX   ?= /usr/local
DESTDIR  ?=
PKG      ?= pkg-config
STORE    ?= sqlite
TESTS    ?=
FUZZ_SECONDS ?= 60
Q        := $(if $(V),,@)

include scripts/flags.mk

MIGRATIONS := $(sort $(wildcard libcommon/store/migrations/*.sql))
LIB_SRC  := $(wildcard libcommon/*/*.c)
LIB_OBJ  := $(LIB_SRC:%.c=$(B)/%.o) $(B)/libcommon/store/migrations.o
LIB      := $(B)/liboncall.a
CMD_SRC  := $(wildcard cmd/*/*.c)
TOOLS    := $(sort $(notdir $(patsubst %/,%,$(dir $(CMD_SRC)))))
BINS     := $(TOOLS:%=$(B)/bin/%)
UNIT_SRC := $(wildcard tests/unit/test-*.c)
UNITS    := $(UNIT_SRC:tests/unit/%.c=$(B)/unit/%)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz-*.c)
FUZZERS  := $(FUZZ_SRC:tests/fuzz/%.c=$(B)/fuzz/%)
REPLAYS  := $(FUZZERS:$(B)/fuzz/fuzz-%=$(B)/fuzz/replay-%)
FAILALLOC := $(B)/faults/failalloc.so
MAKE_DETECTIONS := $(B)/bench/make-detections
SCAN_LOG := $(B)/bench/scan-log
SEARCH_DOCS := $(B)/bench/search-docs
RUN_ACTIONS := $(B)/bench/run-actions

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
# A make inside a recipe uses every processor unless -j was given.
AGAIN = $(MAKE) --no-print-directory \
	$(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc) -Otarget)

### For everybody

.PHONY: all
all: $(B)/flags $(BINS) ## build; installs nothing

.PHONY: demo
demo: ## install what is missing, build, show what the programs do
	@scripts/deps build
	@$(AGAIN) all
	@B=$(B) scripts/demo

.PHONY: check
check: ## install what is missing, build, run all tests (STORE=postgresql)
	@scripts/deps build test
	@$(AGAIN) tests
	@B=$(B) STORE=$(STORE) tests/run $(TESTS)

.PHONY: install uninstall
install: all ## install under PREFIX (/usr/local), DESTDIR before it
	@B=$(B) PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) scripts/install
uninstall: ## remove what install has put there
	@B=$(B) PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) scripts/install --remove

.PHONY: dist
dist: ## write build/oncall-tools-VERSION.tar.gz from the last commit
	@mkdir -p build
	git archive --prefix=oncall-tools-$(VERSION)/ \
	    -o build/oncall-tools-$(VERSION).tar.gz HEAD

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build

.PHONY: help
help: ## print this
	@sed -n -e 's/^### \(.*\)/\n\1:/p' \
	    -e 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | \
	    expand -t 21
	@printf '%s\n' '' \
	    'Variables: PROFILE=release|debug|asan|cov  CC=clang  WERROR=1  V=1' \
	    '           PREFIX=DIR  DESTDIR=DIR  STORE=sqlite|postgresql  TESTS=NAMES'

### For work on it

.PHONY: unit
unit: $(UNITS) ## build and run the unit tests alone
	@for t in $(UNITS); do $$t || exit 1; done

.PHONY: tests
tests: $(BINS) $(UNITS) $(REPLAYS) $(FAILALLOC) ## build what the tests run
tests: $(MAKE_DETECTIONS) $(SCAN_LOG) $(SEARCH_DOCS) $(RUN_ACTIONS)

.PHONY: lint
lint: ## install what is missing, run every linter
	@scripts/deps build test lint
	@scripts/lint

.PHONY: format
format: ## lay out the C sources
	@scripts/lint --fix format

.PHONY: sanitize
sanitize: ## all tests with AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory check PROFILE=asan

.PHONY: fuzz fuzzers
fuzz: ## run each fuzz target for FUZZ_SECONDS (60)
	@scripts/deps build fuzz
	@$(AGAIN) fuzzers CC=clang PROFILE=fuzz
	@B=build/fuzz FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run
fuzzers: $(FUZZERS)

.PHONY: bench
bench: ## measure, as ratios to what everybody knows
	@scripts/deps build bench
	@$(AGAIN) all $(MAKE_DETECTIONS) $(SCAN_LOG) $(SEARCH_DOCS) \
	    $(RUN_ACTIONS)
	@B=$(B) tests/bench/run

.PHONY: coverage
coverage: ## which lines the tests reach
	@scripts/deps build test coverage
	@find build/cov -name '*.gcda' -delete 2>/dev/null || :
	@$(MAKE) --no-print-directory check PROFILE=cov; status=$$?; \
	gcovr --root . --filter libcommon --filter cmd --sort-percentage \
	    build/cov >build/cov/lines.txt; cut -c 1-70 build/cov/lines.txt; \
	echo 'which lines were not reached: build/cov/lines.txt'; exit $$status

.PHONY: docs
docs: $(BINS) ## write the generated parts of manual and completions
	@B=$(B) scripts/docs

.PHONY: docs-check
docs-check: $(BINS) ## are the generated parts as the programs say
	@B=$(B) scripts/docs --check

# What a tool needs to read a source as the compiler does.
.PHONY: compile-flags
compile-flags:
	@echo "$(subst ",\",$(ALL_CPPFLAGS)) -std=c17 -Ilibcommon/store"

# How things are built. The file `flags` changes when compiler, flags or
# version do, `sources` when a file came or went; so both rebuild what they must.

define keep
@mkdir -p $(@D)
@printf '%s\n' '$(subst ','\'',$(1))' >$@.$$$$.tmp; \
    if cmp -s $@.$$$$.tmp $@; then rm $@.$$$$.tmp; else mv $@.$$$$.tmp $@; fi
endef

.PHONY: FORCE
FORCE:
$(B)/flags: FORCE
	$(if $(MISSING),@echo 'oncall-tools: $(MISSING) is missing; get it with: scripts/deps build' >&2; exit 1)
	$(call keep,$(CC) $(CC_IS) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(ALL_LIBS))
$(B)/sources: FORCE
	$(call keep,$(sort $(LIB_SRC) $(CMD_SRC) $(MIGRATIONS)))
	@rm -f $(filter-out $(BINS),$(wildcard $(B)/bin/*))

COMPILE = $(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
LINK    = $(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^)
says    = @mkdir -p $(@D)$(if $(V),,; echo '  $(1)	$(2)')

$(B)/%.o: %.c $(B)/flags
	$(call says,CC,$<)
	$(COMPILE)

# The migrations are SQL files; the program carries them as strings.
$(B)/libcommon/store/migrations.c: $(MIGRATIONS) scripts/embed-migrations \
    $(B)/sources
	$(call says,EMBED,libcommon/store/migrations)
	$(Q)scripts/embed-migrations $(MIGRATIONS) >$@
$(B)/libcommon/store/migrations.o: $(B)/libcommon/store/migrations.c $(B)/flags
	$(COMPILE) -Ilibcommon/store -Wno-overlength-strings

$(LIB): $(LIB_OBJ) $(B)/sources
	$(call says,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(LIB_OBJ)

# A program is all C files of its folder and the library.
define tool_rule
$(B)/bin/$(1): $$(patsubst %.c,$(B)/%.o,$$(wildcard cmd/$(1)/*.c)) $(LIB) $(B)/sources
	$$(call says,LINK,$$@)
	$$(LINK) $$(ALL_LIBS)
endef
$(foreach t,$(TOOLS),$(eval $(call tool_rule,$(t))))

$(B)/unit/%: $(B)/tests/unit/%.o $(LIB)
	$(call says,LINK,$@)
	$(LINK) -lcmocka $(ALL_LIBS)

$(B)/fuzz/replay-%: $(B)/tests/fuzz/fuzz-%.o $(B)/tests/fuzz/replay.o $(LIB)
	$(call says,LINK,$@)
	$(LINK) $(ALL_LIBS)
$(B)/fuzz/fuzz-%: $(B)/tests/fuzz/fuzz-%.o $(LIB)
	$(call says,LINK,$@)
	$(LINK) -fsanitize=fuzzer $(ALL_LIBS)

# Loaded into programs of any profile, so it is built without one.
$(FAILALLOC): tests/faults/failalloc.c $(B)/flags
	$(call says,CC,$<)
	$(Q)$(CC) -D_GNU_SOURCE -std=c17 $(WARN) -O2 -fPIC -shared -o $@ $<

# Makes the input of tests and measurements, so it is quick in any profile.
$(MAKE_DETECTIONS): tests/bench/make-detections.c $(B)/flags
	$(call says,CC,$<)
	$(Q)$(CC) -D_GNU_SOURCE -std=c17 $(WARN) -O2 -o $@ $<

$(SCAN_LOG) $(SEARCH_DOCS) $(RUN_ACTIONS): $(B)/bench/%: $(B)/tests/bench/%.o $(LIB)
	$(call says,LINK,$@)
	$(LINK) $(ALL_LIBS)

-include $(patsubst %.c,$(B)/%.d,$(LIB_SRC) $(CMD_SRC) $(UNIT_SRC) $(FUZZ_SRC) \
    tests/fuzz/replay.c tests/bench/scan-log.c tests/bench/search-docs.c \
    tests/bench/run-actions.c) $(B)/libcommon/store/migrations.d
