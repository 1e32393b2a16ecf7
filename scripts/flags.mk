# Compiler flags by profile, and the libraries that pkg-config finds.
# CFLAGS, CPPFLAGS, LDFLAGS and LIBS belong to the user; ours stand apart.

Q := $(if $(V),,@)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
	-Wdouble-promotion -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wwrite-strings -Wcast-qual -Wpointer-arith \
	-Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough -Wnull-dereference \
	-Wunused-macros -Wredundant-decls -Wdate-time
WARN_GCC := -Wjump-misses-init -Wlogical-op -Wduplicated-cond \
	-Wduplicated-branches -Wcast-align=strict -Wformat-signedness \
	-Wformat-overflow=2 -Wformat-truncation=1 -Wstringop-overflow=4 \
	-Wuse-after-free=3 -Walloca -Wtrampolines -Wunused-const-variable=1
IS_CLANG := $(shell $(CC) --version 2>/dev/null | grep -c clang)
WARN += $(if $(filter 0,$(IS_CLANG)),$(WARN_GCC),)
WARN += $(if $(WERROR),-Werror,)

HARDEN := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection -ftrivial-auto-var-init=zero
SAN    := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer

OPT_release := -O2 -g $(HARDEN)
OPT_debug   := -O0 -g3
OPT_asan    := -O1 -g $(SAN)
OPT_cov     := -O0 -g --coverage
LINK_release := -pie -Wl,-z,relro,-z,now,-z,noexecstack
LINK_asan    := $(SAN)
LINK_cov     := --coverage

REQUIRED := jansson sqlite3 yaml-0.1
HAVE = $(shell $(PKG) --exists $(1) 2>/dev/null && echo yes)

ifeq ($(call HAVE,libcurl),yes)
FEATURES += -DHAVE_CURL
OPTIONAL += libcurl
endif
# libpq is loaded when a store asks for it, so only its header is needed here.
ifeq ($(call HAVE,libpq),yes)
FEATURES += -DHAVE_PQ $(shell $(PKG) --cflags libpq)
endif

PKG_CFLAGS := $(shell $(PKG) --cflags $(REQUIRED) $(OPTIONAL) 2>/dev/null)
PKG_LIBS   := $(shell $(PKG) --libs $(REQUIRED) $(OPTIONAL) 2>/dev/null)

ALL_CPPFLAGS = -Iinclude -D_GNU_SOURCE -DONCALL_VERSION='"$(VERSION)"' \
	$(FEATURES) $(PKG_CFLAGS) $(CPPFLAGS)
ALL_CFLAGS   = -std=c17 $(WARN) $(OPT_$(PROFILE)) -fPIE $(CFLAGS)
ALL_LDFLAGS  = $(LINK_$(PROFILE)) -Wl,--as-needed $(LDFLAGS)
ALL_LIBS     = $(PKG_LIBS) -ldl -lm $(LIBS)

# One line that names what is missing; nothing is installed by `make` itself.
.PHONY: deps-check
deps-check:
	@command -v $(PKG) >/dev/null || { \
	    echo "oncall-tools: pkg-config is missing; get it with: scripts/deps build" >&2; exit 1; }
	@for p in $(REQUIRED); do $(PKG) --exists $$p || { \
	    echo "oncall-tools: the library $$p is missing; get it with: scripts/deps build" >&2; exit 1; }; done
