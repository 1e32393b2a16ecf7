# oncall-tools: entry points only. `make help` lists them.

VERSION  := 0.1.0
PROFILE  ?= release
B        := build/$(PROFILE)
PREFIX   ?= /usr/local
DESTDIR  ?=
CC       ?= gcc
AR       ?= ar
PKG      ?= pkg-config

include scripts/flags.mk

LIB_SRC  := $(wildcard libcommon/*/*.c)
LIB_OBJ  := $(LIB_SRC:%.c=$(B)/%.o) $(B)/libcommon/store/migrations.o
LIB      := $(B)/liboncall.a
TOOLS    := $(notdir $(wildcard cmd/*))
BINS     := $(TOOLS:%=$(B)/bin/%)
UNIT_SRC := $(wildcard tests/unit/test-*.c)
UNITS    := $(UNIT_SRC:tests/unit/%.c=$(B)/unit/%)

.DEFAULT_GOAL := all
.PHONY: all
all: $(BINS)

$(B)/%.o: %.c | deps-check
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The migrations are SQL files; the program carries them as strings.
MIGRATIONS := $(sort $(wildcard libcommon/store/migrations/*.sql))
$(B)/libcommon/store/migrations.c: $(MIGRATIONS) scripts/embed-migrations
	@mkdir -p $(@D)
	$(Q)scripts/embed-migrations $(MIGRATIONS) >$@.tmp && mv $@.tmp $@

$(B)/libcommon/store/migrations.o: $(B)/libcommon/store/migrations.c
	$(Q)$(CC) $(ALL_CPPFLAGS) -Ilibcommon/store $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(LIB_OBJ)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(LIB_OBJ)

# A program is all C files of its folder and the library.
define tool_rule
$(B)/bin/$(1): $$(patsubst %.c,$(B)/%.o,$$(wildcard cmd/$(1)/*.c)) $(LIB)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(ALL_LDFLAGS) -o $$@ $$^ $$(ALL_LIBS)
endef
$(foreach t,$(TOOLS),$(eval $(call tool_rule,$(t))))

$(B)/unit/%: $(B)/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(ALL_LIBS)

.PHONY: unit
unit: $(UNITS)
	@for t in $(UNITS); do $$t || exit 1; done

.PHONY: clean
clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
