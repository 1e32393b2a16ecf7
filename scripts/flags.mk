# Compiler flags by profile, and the libraries that pkg-config finds.
# CFLAGS, CPPFLAGS, LDFLAGS and LIBS belong to the user; ours stand apart.

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
	-Wdouble-promotion -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wwrite-strings -Wcast-qual -Wpointer-arith \
	-Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough -Wnull-dereference \
	-Wunused-macros -Wredundant-decls -Wdate-time
WARN_GCC := -Wjump-misses-init -Wlogical-op -Wduplicated-cond \
	-Wduplicated-branches -Wcast-align=strict -Wformat-signedness \
	-Wformat-overflow=2 -Wformat-truncation=1 -Wstringop-overflow=4 \
	-Wuse-after-free=3 -Walloca -Wtrampolines -Wunused-const-variable=1
HARDEN := -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection -ftrivial-auto-var-init=zero
FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3

# An older compiler, or another processor, does without the flags it does not
# know. One run finds out when it knows all of them.
ACCEPTS = $(CC) -Werror $(1) -fsyntax-only -xc /dev/null 2>/dev/null
KNOWN = $(shell $(call ACCEPTS,$(1)) && echo '$(1)' || \
	for flag in $(1); do $(call ACCEPTS,$$flag) && echo $$flag; done)
CC_FOUND := $(shell command -v $(firstword $(CC)))
CC_IS := $(if $(CC_FOUND),$(shell $(CC) --version | head -n 1))
WARN += $(if $(findstring clang,$(CC_IS)),,$(call KNOWN,$(WARN_GCC)))
WARN += $(if $(WERROR),-Werror)

SAN := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer

ifeq ($(PROFILE),release)
OPT_release := -O2 -g $(FORTIFY) $(call KNOWN,$(HARDEN))
endif
OPT_debug := -O0 -g3
OPT_asan  := -O1 -g $(SAN)
OPT_cov   := -O0 -g --coverage
OPT_fuzz  := -O1 -g $(SAN) -fsanitize=fuzzer-no-link
LINK_release := -pie -Wl,-z,relro,-z,now,-z,noexecstack
LINK_asan    := $(SAN)
LINK_cov     := --coverage
LINK_fuzz    := $(SAN)

ifeq ($(filter $(PROFILE),release debug asan cov fuzz),)
$(error PROFILE is one of release, debug, asan, cov, fuzz)
endif

REQUIRED := jansson libpcre2-8 sqlite3 yaml-0.1
HAVE = $(shell $(PKG) --exists $(1) 2>/dev/null && echo yes)

# These libraries are loaded when they are needed, so only their headers are
# needed here. Nothing in a program names them: a package of the programs must.
# libcurl, when something is to be sent by HTTP or mail:
ifeq ($(call HAVE,libcurl),yes)
FEATURES += -DHAVE_CURL $(shell $(PKG) --cflags libcurl)
endif
# libpq, when a store asks for it:
ifeq ($(call HAVE,libpq),yes)
FEATURES += -DHAVE_PQ $(shell $(PKG) --cflags libpq)
endif
# libz and libzstd, when a compressed file is met:
ifeq ($(call HAVE,zlib),yes)
FEATURES += -DHAVE_ZLIB $(shell $(PKG) --cflags zlib)
endif
ifeq ($(call HAVE,libzstd),yes)
FEATURES += -DHAVE_ZSTD $(shell $(PKG) --cflags libzstd)
endif
# libhs, when an engine asks for it:
ifeq ($(call HAVE,libhs),yes)
FEATURES += -DHAVE_HS $(shell $(PKG) --cflags libhs)
# It is C++, whose exceptions the sanitizer must have seen from the start.
LINK_asan += -Wl,--no-as-needed -l:libstdc++.so.6
endif

PKG_CFLAGS := $(shell $(PKG) --cflags $(REQUIRED) 2>/dev/null)
PKG_LIBS   := $(shell $(PKG) --libs $(REQUIRED) 2>/dev/null)

ALL_CPPFLAGS = -Iinclude -D_GNU_SOURCE -DONCALL_VERSION='"$(VERSION)"' \
	$(FEATURES) $(PKG_CFLAGS) $(CPPFLAGS)
ALL_CFLAGS   = -std=c17 $(WARN) $(OPT_$(PROFILE)) -fPIE $(CFLAGS)
ALL_LDFLAGS  = $(LINK_$(PROFILE)) -Wl,--as-needed $(LDFLAGS)
ALL_LIBS     = $(PKG_LIBS) -lpthread -ldl -lm $(LIBS)

# What a build cannot do without and this machine has not; asked only when
# pkg-config found no answer above.
ifeq ($(CC_FOUND),)
MISSING := the compiler $(firstword $(CC))
else ifeq ($(shell command -v $(PKG)),)
MISSING := the program $(PKG)
else ifeq ($(PKG_LIBS),)
MISSING := the library $(shell for p in $(REQUIRED); do \
	$(PKG) --exists $$p || echo $$p; done)
endif
