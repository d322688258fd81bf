# spillway: `make help` lists what can be made.
BUILD ?= build
CC    ?= cc
SAN   ?=
V     ?=
SECONDS ?= 60
SEED  ?= 1
JOBS  ?= $(shell nproc)
TEST_JOBS ?= $(JOBS)
# Faults are waited out: timeouts of 10 and 30 s. Side by side that costs no processor.
FAULT_JOBS ?= 24
Q     := $(if $(V),,@)
FOLDERS := model policy sched watch bench

PKGS   := libuv libcurl jansson openssl yaml-0.1 libnghttp2
WARN   := -Wall -Wextra -Werror -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes \
          -Wmissing-prototypes -Wvla -Wwrite-strings -Wcast-qual -Wundef -Wpointer-arith -Wformat=2 \
          -Wpedantic -Wdouble-promotion -Wswitch-enum -Wnull-dereference -Wcast-align \
          -Wimplicit-fallthrough -Werror=format-security
# What this compiler knows of a list of flags: they differ by version and by processor.
known   = $(foreach f,$(1),$(shell $(CC) -Werror $(f) -E -x c /dev/null >/dev/null 2>&1 && echo '$(f)'))
# clang 14 has -ftrivial-auto-var-init=zero only behind a second flag
INIT   := -ftrivial-auto-var-init=zero \
          $(if $(findstring clang,$(CC)),-enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang)
HARDEN := -fstack-protector-strong -fstack-clash-protection -fPIE -fexceptions \
          -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing $(INIT) \
          $(call known,-fcf-protection=full -mbranch-protection=standard -fstrict-flex-arrays=3 \
            -Wtrampolines -Wbidi-chars=any) $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
LINK   := -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed,--no-copy-dt-needed-entries
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
VERSION  := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
CFLAGS   ?= -O2 -g
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -I. $(WARN) $(HARDEN) $(SANFLAGS) $(CFLAGS) -MMD -MP \
             $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LIBS     = $(shell pkg-config --libs $(PKGS)) -lm -lpthread

sources  = $(filter-out $(1)/main.c,$(sort $(wildcard $(1)/*.c $(1)/*/*.c)))
objects  = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
# A folder's tests link only what the folder may include: a layer broken is a link that fails.
needs_model := model
needs_policy := policy model
needs_sched := sched policy model
needs_watch := watch model
needs_bench := bench sched policy watch model
needs_sim   := $(needs_bench)
needs_faults := $(needs_bench)
needs_real  := $(needs_bench)
archives = $(foreach f,$(needs_$(1)),$(BUILD)/lib$(f).a)
UNIT     := model policy sched watch bench
TESTS    := $(UNIT) sim faults real

.PHONY: all built help deps deps-build demo demo-up demo-down test test-unit test-sim test-real test-differential asan tidy fuzz bench counts counts-update clean
all: $(BUILD)/spillway $(BUILD)/spillway-bench ## build both binaries

built: all $(TESTS:%=$(BUILD)/test-%)

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 16

deps: ## install what is missing (Debian packages)
	$(Q)tests/deps.sh all

deps-build:
	$(Q)tests/deps.sh build

demo: deps-build ## watch units filled and emptied: simulated apiserver, real scheduler, table and SVG
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all
	$(Q)$(BUILD)/spillway-bench demo --spillway $(BUILD)/spillway --out $(BUILD)

demo-up: deps-build ## start the same and leave it running; prints a kubeconfig for kubectl
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all
	$(Q)$(BUILD)/spillway-bench demo --up --spillway $(BUILD)/spillway --out $(BUILD)

demo-down: ## end what demo-up left running
	$(Q)$(BUILD)/spillway-bench demo --down --out $(BUILD)

test: deps ## everything: unit, simulated apiserver, real control plane
	$(Q)tests/real/go.sh >/dev/null
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) built
	$(Q)$(MAKE) --no-print-directory test-unit test-sim test-real

test-unit: $(UNIT:%=$(BUILD)/test-%) ## the quick part
	$(Q)for t in $(UNIT); do $(BUILD)/test-$$t -j$(TEST_JOBS) || exit 1; done

test-sim: all $(BUILD)/test-sim $(BUILD)/test-faults ## the binary against the simulated apiserver
	$(Q)BUILD=$(BUILD) $(BUILD)/test-sim -j1
	$(Q)BUILD=$(BUILD) $(BUILD)/test-faults -j$(FAULT_JOBS)

test-real: all $(BUILD)/test-real ## the binary against a real control plane (builds it once)
	$(Q)BUILD=$(BUILD) tests/real/run.sh $(BUILD)/test-real
	$(Q)SPILLWAY_TEST_BARE=1 BUILD=$(BUILD) tests/real/run.sh $(BUILD)/test-real --filter 'preemption/*'

test-differential: all $(BUILD)/test-real ## 20,000 random pods beside the real kube-scheduler; SEED=n
	$(Q)SPILLWAY_DIFFERENTIAL_PODS=20000 SPILLWAY_DIFFERENTIAL_SEED=$(SEED) BUILD=$(BUILD) \
		tests/real/run.sh $(BUILD)/test-real --filter 'differential/*'

asan: deps ## unit tests and simulated apiserver under ASan, UBSan and LSan; a leak fails
	$(Q)tests/asan.sh $(MAKE)

tidy: deps ## layers, headers, banned functions, sizes, cppcheck, clang
	$(Q)tests/tidy/run.sh $(MAKE)

fuzz: deps ## SECONDS=n for each parser
	$(Q)tests/fuzz/run.sh $(SECONDS)

counts: all ## instructions a decision under callgrind; fails when one grew by more than 5 %
	$(Q)bench/counts.sh $(BUILD)

counts-update: all ## writes them into bench/counts.txt
	$(Q)bench/counts.sh $(BUILD) --update

bench: all ## all benchmarks: tables, and build/bench.json
	$(Q)bench/run.sh $(BUILD)

clean: ## remove build/
	$(Q)rm -rf $(BUILD)

$(BUILD)/spillway: $(BUILD)/obj/sched/main.o $(foreach f,sched policy watch model,$(BUILD)/lib$(f).a)
$(BUILD)/spillway-bench: $(BUILD)/obj/bench/main.o $(call archives,bench)
$(BUILD)/spillway $(BUILD)/spillway-bench:
	@echo "  LD    $@"
	$(Q)$(CC) $(SANFLAGS) $(LINK) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS)

define folder_rules
$(BUILD)/lib$(1).a: $(call objects,$(call sources,$(1)))
	@mkdir -p $$(@D)
	$(Q)rm -f $$@ && $(AR) rcs $$@ $$^
endef
$(foreach f,$(FOLDERS),$(eval $(call folder_rules,$(f))))

# What tests of whole programs share.
support_sim  := $(wildcard tests/support/*.c)
support_real := $(support_sim)
support_policy := tests/model/seed.c
support_sched  := tests/model/seed.c
support_faults := $(support_sim) tests/sim/stage.c

define test_rules
$(BUILD)/test-$(1): $(call objects,$(sort $(wildcard tests/$(1)/*.c)) $(support_$(1))) $(call archives,$(1))
	@echo "  LD    $$@"
	$(Q)$(CC) $(SANFLAGS) $(LINK) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(LIBS) -lcriterion
endef
$(foreach t,$(TESTS),$(eval $(call test_rules,$(t))))

# What tests/tidy/replay_hash.sh builds by several compilers.
hash_sources := tests/tidy/replay_hash.c bench/agenda.c bench/report.c bench/workload.c \
                $(wildcard bench/generate*.c bench/play*.c)
$(BUILD)/replay-hash: $(call objects,$(hash_sources)) $(foreach f,sched policy model,$(BUILD)/lib$(f).a)
	@echo "  LD    $@"
	$(Q)$(CC) $(SANFLAGS) $(LINK) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lm

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/obj/sched/options.o $(BUILD)/obj/sched/main.o: ALL_CFLAGS += -DSPILLWAY_VERSION='"$(VERSION)"'
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
