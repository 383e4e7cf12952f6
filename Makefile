# Builds build/archsweep, its tests, and runs them; `make help` lists the targets. New sources, tests and sweeps need no
# edit here.
#
#   CC=clang                        another compiler
#   BUILD=build/other               another folder for everything that is built
#   SANITIZE=address,undefined      under the sanitizers
#   WERROR=1                        warnings are errors (not with SANITIZE)
#   V=1                             whole commands instead of one line a file; `make test` names the slowest tests
#   JUNIT=FILE                      `make test` writes what became of the tests to FILE, as JUnit's XML

BUILD ?= build
SWEEP ?= sweeps/fashion.yaml
SWEEPS ?= $(wildcard sweeps/*.yaml)
PREFIX ?= /usr/local
PYTHON ?= python3
OBJCOPY ?= objcopy
# Under sanitizers kernels at -O3 take four times as long to compile, which is more than their tests gain.
CFLAGS ?= $(if $(SANITIZE),-O1,-O3) -g
ifeq ($(origin CC),default)
CC := gcc
endif

.DEFAULT_GOAL := $(BUILD)/archsweep
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: sweep test fuzz inject race memcheck coverage params plots bench parity clean install uninstall help FORCE
ONLY_SHOWS := $(findstring n,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
MAKEFLAGS += --no-builtin-rules
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
ifneq ($(filter clean,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif
Q := $(if $(V),,@)

# --- Packages: before anything asks where they are, so that a bare machine is ready within the same run --------------

ifneq ($(filter sweep test,$(MAKECMDGOALS)),)
ifeq ($(ONLY_SHOWS),)
$(shell sh ci/deps.sh >&2)
ifneq ($(.SHELLSTATUS),0)
$(error packages are missing, see above)
endif
endif
endif

# --- Libraries -------------------------------------------------------------------------------------------------------

# What bench/system/blas.c loads. OpenBLAS has several builds under one name, and ours is the OpenMP build: Debian has
# it in a folder of its own, Fedora under a name of its own.
BLAS_LIBRARY := $(firstword $(wildcard /usr/lib/*/openblas-openmp/libopenblas.so.0) \
	$(notdir $(wildcard /usr/lib64/libopenblaso.so.0)) libopenblas.so.0)

NEEDS_LIBRARIES := $(if $(MAKECMDGOALS),$(filter-out help clean uninstall fuzz,$(MAKECMDGOALS)),program)
ifneq ($(NEEDS_LIBRARIES),)
LIB_CFLAGS := $(shell pkg-config --cflags yaml-0.1 zlib libzip libpng)
LIBS := $(shell pkg-config --libs yaml-0.1 zlib libzip libpng) -lm -ldl
ifneq ($(.SHELLSTATUS),0)
$(error libraries are missing: `sh ci/deps.sh` installs or names them)
endif
MACHINE := $(shell $(CC) -dumpmachine)
endif

# --- Flags -----------------------------------------------------------------------------------------------------------

# None under sanitizers: there gcc warns of paths through its own additions.
ifeq ($(SANITIZE),)
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual \
	$(if $(WERROR),-Werror)
endif
CHECKS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer,-D_FORTIFY_SOURCE=2)
# -ffp-contract=off: a multiply and an add are rounded once where a kernel says so, not where a compiler likes.
COMPILE := $(CC) -std=gnu11 -D_GNU_SOURCE -I. $(LIB_CFLAGS) $(WARNINGS) $(CFLAGS) $(CHECKS) \
	-fno-math-errno -fopenmp -ffp-contract=off
LINK := $(CC) $(CFLAGS) -fopenmp $(CHECKS) -Wl,-z,relro,-z,now $(LDFLAGS)

# Each kernel source is compiled once per instruction set, and the program chooses at its start. `make sweep` alone
# takes the best set of this processor and what was built before: the others are more than half of all compiling.
ifneq ($(filter x86_64%,$(MACHINE)),)
ALL_SETS := avx512bf16 avx512 avx2 portable
else
ALL_SETS := portable
endif
ifeq ($(MAKECMDGOALS),sweep)
SETS := $(filter $(shell sh ci/sets.sh $(ALL_SETS)) $(shell cat $(BUILD)/sets.list 2>/dev/null),$(ALL_SETS))
else
SETS := $(ALL_SETS)
endif
FLAGS_avx512 := -mavx512f -mavx512vl -mavx512dq -mavx512bw -mfma -mavx2 -mprfchw -mprefer-vector-width=512
FLAGS_avx512bf16 := $(FLAGS_avx512) -mavx512bf16
FLAGS_avx2 := -mavx2 -mfma -mprfchw
FLAGS_portable :=
# No reader calls a kernel, and under a fuzzer's instrumentation they take minutes to compile.
UNCHECKED := $(if $(findstring fuzzer,$(SANITIZE)),-fno-sanitize=all)

# --- What there is to build ------------------------------------------------------------------------------------------

FLOAT := $(BUILD)/float
# The engine once more in double precision, in which a finite difference is sharp enough to check every gradient.
DOUBLE := $(BUILD)/double

NN := $(patsubst %.c,%.o,$(wildcard nn/*/*.c))
ISA := $(notdir $(patsubst %.c,%.o,$(wildcard nn/kernel/isa/*.c)))
# What the sets avx512 and avx512bf16 do not share: the table, and what multiplies pairs of bfloat16. (An object of
# -flto can't be copied.)
OWN_BF16 := $(if $(findstring -flto,$(CFLAGS)),$(ISA),$(notdir $(patsubst %.c,%.o,$(shell \
	grep -l -e nn/kernel/isa/pairs.h -e AVX512BF16 nn/kernel/isa/*.c))))
BENCH_OBJECTS := $(patsubst %.c,%.o,$(wildcard bench/*/*.c)) version.o
TEST := $(patsubst %.c,%.o,$(wildcard tests/helpers/*.c tests/nn/*.c tests/bench/*.c) \
	tests/fuzz/targets.c tests/fuzz/checkpoint_target.c)
# Readers under a fuzzer, which has a main of its own: `make fuzz`.
FUZZ := $(patsubst %.c,%.o,$(wildcard tests/fuzz/*.c))
GRADIENT := $(patsubst %.c,%.o,$(wildcard tests/gradients/*.c))

# Kernels come first: what takes longest to compile must not be what is left at the end.
PROGRAM_OBJECTS := $(addprefix $(FLOAT)/,$(foreach set,$(SETS),$(addprefix isa/$(set)/,$(ISA))) $(NN) $(BENCH_OBJECTS))
TEST_OBJECTS := $(filter-out $(FLOAT)/bench/command/main.o,$(PROGRAM_OBJECTS)) $(addprefix $(FLOAT)/,$(TEST))
HARNESS := $(addprefix tests/helpers/,main.o check.o runner.o report.o)
GRADIENT_OBJECTS := $(addprefix $(DOUBLE)/,$(addprefix isa/portable/,$(ISA)) $(NN) bench/system/blas.o \
	$(if $(GRADIENT),$(GRADIENT) $(HARNESS)))
FUZZ_OBJECTS := $(filter-out $(FLOAT)/bench/command/main.o,$(PROGRAM_OBJECTS)) $(addprefix $(FLOAT)/,$(FUZZ))
OBJECTS := $(sort $(PROGRAM_OBJECTS) $(TEST_OBJECTS) $(GRADIENT_OBJECTS) $(FUZZ_OBJECTS))
TEST_PROGRAMS := $(BUILD)/tests $(if $(GRADIENT),$(BUILD)/test-gradients)

$(BUILD)/archsweep: $(PROGRAM_OBJECTS)
$(BUILD)/tests: $(TEST_OBJECTS)
$(BUILD)/test-gradients: $(GRADIENT_OBJECTS)
$(BUILD)/fuzzer: $(FUZZ_OBJECTS)
$(BUILD)/archsweep $(TEST_PROGRAMS) $(BUILD)/fuzzer: $(BUILD)/objects.list
	@echo "  LINK $@"
	$(Q)$(LINK) $(filter %.o,$^) -o $@ $(LIBS)

# What goes before libc in the tests that let it fail.
$(BUILD)/inject.so: tests/inject/inject.c $(BUILD)/flags.list
	@echo "  LINK $@"
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -O1 -fno-builtin -fPIC -shared $< -o $@ -ldl

# $(call compile,FLAGS): one source, one object, and the headers that it read.
define compile
	@mkdir -p $(@D)
	@echo "  CC $@"
	$(Q)$(COMPILE) $(1) -MMD -MP -c $< -o $@
endef

$(OBJECTS): $(BUILD)/flags.list

# What reads files from outside is hardened; the engine sees numbers only, and would pay for it.
HARDENED := -fstack-protector-strong $(if $(filter x86_64%,$(MACHINE)),-fstack-clash-protection)
$(FLOAT)/bench/%.o: bench/%.c
	$(call compile,$(HARDENED))

$(FLOAT)/%.o: %.c
	$(call compile)

# Only tests see the engine in double precision: what -O3 would gain them is less than what it takes to compile.
$(DOUBLE)/%.o: %.c
	$(call compile,-O1 -DREAL_IS_DOUBLE)

$(DOUBLE)/isa/portable/%.o: nn/kernel/isa/%.c
	$(call compile,-O1 -DREAL_IS_DOUBLE -DKERNEL_SET=portable -ffp-contract=fast)

LOADS_BLAS := -D'BLAS_LIBRARY="$(BLAS_LIBRARY)"'
$(FLOAT)/bench/system/blas.o: bench/system/blas.c
	$(call compile,$(HARDENED) $(LOADS_BLAS))

$(DOUBLE)/bench/system/blas.o: bench/system/blas.c
	$(call compile,-O1 -DREAL_IS_DOUBLE $(LOADS_BLAS))

# The sets that are linked, best first; finite differences need but one.
$(FLOAT)/nn/kernel/kernels.o: nn/kernel/kernels.c $(BUILD)/sets.list
	$(call compile,-D'KERNEL_SETS=$(foreach set,$(SETS),SET($(set)))')

$(DOUBLE)/nn/kernel/kernels.o: nn/kernel/kernels.c
	$(call compile,-O1 -DREAL_IS_DOUBLE -D'KERNEL_SETS=SET(portable)')

define kernel_rule
$(FLOAT)/isa/$(1)/%.o: nn/kernel/isa/%.c
	$$(call compile,-DKERNEL_SET=$(1) $$(FLAGS_$(1)) -ffp-contract=fast $$(UNCHECKED))
endef
$(foreach set,$(ALL_SETS),$(eval $(call kernel_rule,$(set))))

# The rest of avx512bf16 is avx512's code under other names, so it is copied: a quarter of all that is to compile.
COPIES := $(if $(filter avx512bf16,$(SETS)),$(addprefix $(FLOAT)/isa/avx512bf16/,$(filter-out $(OWN_BF16),$(ISA))))
$(COPIES): $(FLOAT)/isa/avx512bf16/%.o: $(FLOAT)/isa/avx512/%.o
	@mkdir -p $(@D)
	@echo "  COPY $@"
	$(Q)nm --format=posix $< | awk '$$1 ~ /_avx512$$/ { print $$1, $$1 "bf16" }' > $(@:.o=.names)
	$(Q)$(OBJCOPY) --redefine-syms=$(@:.o=.names) $< $@

# Rewritten only when it would say something new: other flags compile everything again, another source links again.
$(BUILD)/flags.list: SAYS = $(COMPILE) $(LINK) $(LIBS) $(HARDENED) $(BLAS_LIBRARY) \
	$(foreach set,$(ALL_SETS),$(FLAGS_$(set)))
$(BUILD)/objects.list: SAYS = $(OBJECTS)
$(BUILD)/sets.list: SAYS = $(SETS)
# Which commit this is, in a source of its own: another commit compiles this line alone, and links.
COMMIT = $(shell git ls-files --error-unmatch Makefile >/dev/null 2>&1 && \
	git describe --always --abbrev=12 --exclude '*' --dirty=+changes 2>/dev/null || echo 'no git: commit unknown')
$(BUILD)/version.c: SAYS = const char program_commit[] = "$(COMMIT)";
$(FLOAT)/version.o: $(BUILD)/version.c
	$(call compile)

$(BUILD)/flags.list $(BUILD)/objects.list $(BUILD)/sets.list $(BUILD)/version.c: FORCE
	@mkdir -p $(@D)
	@echo '$(SAYS)' | cmp -s - $@ || echo '$(SAYS)' > $@

-include $(OBJECTS:.o=.d)

# --- What people type ------------------------------------------------------------------------------------------------

sweep: $(BUILD)/archsweep ## install what is missing, train SWEEP=sweeps/NAME.yaml, compare, draw; ARGS= as for `run`
	@ARCHSWEEP_PLOTS=$${ARCHSWEEP_PLOTS:-plots} sh ci/sweep.sh $(BUILD)/archsweep $(SWEEP) $(ARGS)

# $$JUNIT is the program's own part of the file, from ci/sum.sh.
TEST_OPTIONS := $(if $(V), --slowest 20)$(if $(JUNIT), --junit "$$JUNIT")

test: $(BUILD)/inject.so
test: $(BUILD)/archsweep $(TEST_PROGRAMS) ## install what is missing, run every test; ends with "N passed, N failed"
	@CC='$(CC)' JUNIT='$(JUNIT)' BUILD='$(BUILD)' sh ci/sum.sh $(TEST_PROGRAMS:%='%$(TEST_OPTIONS)') \
		'sh ci/floors.sh' 'sh ci/circles.sh $(BUILD)' 'sh ci/style.sh' 'sh ci/selftest.sh'

fuzz: ## feed every reader with made-up inputs, each for FUZZ_SECONDS=60, two at once; needs clang's libFuzzer
	@BUILD='$(BUILD)/fuzz' sh ci/fuzz.sh $(TARGETS)

inject: $(BUILD)/archsweep $(BUILD)/tests $(BUILD)/inject.so ## let each allocation, write and read fail in turn
	@INJECT_ALL=1 TEST_SECONDS=3600 $(BUILD)/tests inject

# What threads do together: teams, crews, the scheduler, and whole runs on several of them.
RACE_TESTS := team_ crew_ schedule_leads schedule_gives schedule_sends schedule_runs schedule_starts npz_files_are \
	training_is_the_same_with_any training_averages_alike progress_draws eval_is_the_same step_is_the_same \
	run_gives_the_same_bytes_on teachers_give_the_same_bytes

race: ## run the tests of threads under the thread sanitizer
	@$(MAKE) SANITIZE=thread SETS=portable BUILD=$(BUILD)/race CFLAGS='-O1 -g1' $(BUILD)/race/archsweep \
		$(BUILD)/race/tests
	@TSAN_OPTIONS=suppressions=$(CURDIR)/ci/race.supp $(BUILD)/race/tests $(RACE_TESTS)

memcheck: $(BUILD)/archsweep $(BUILD)/tests ## run small sweeps under valgrind
	@sh ci/memcheck.sh $(BUILD)

coverage: ## list the lines of error handling that no test reaches; ARGS= words of tests' names
	@$(MAKE) SETS=portable BUILD=$(BUILD)/coverage CFLAGS='-O1 -g1 --coverage' $(BUILD)/coverage/archsweep \
		$(BUILD)/coverage/tests
	@find $(BUILD)/coverage -name '*.gcda' -delete
	-@$(BUILD)/coverage/tests $(ARGS)
	@sh ci/coverage.sh $(BUILD)/coverage

params: $(BUILD)/archsweep ## check the parameter counts that sweeps/*.yaml expect
	@$(BUILD)/archsweep params --check $(SWEEPS)

plots: $(BUILD)/archsweep ## draw the pictures of SWEEP again from its records, without training
	@ARCHSWEEP_PLOTS=$${ARCHSWEEP_PLOTS:-plots} $(BUILD)/archsweep plot $(SWEEP) $(ARGS)

bench: $(BUILD)/archsweep ## measure this machine and the reference networks; PYTHON=, QUICK=1; see bench/bench.sh
	@PROGRAM=$(BUILD)/archsweep SWEEP='$(SWEEP)' ARGS='$(ARGS)' BENCH='$(BENCH)' PYTHON='$(PYTHON)' \
		FER2013='$(FER2013)' QUICK='$(QUICK)' SWEEP_TIME='$(SWEEP_TIME)' sh bench/bench.sh

parity: $(BUILD)/archsweep ## compare gradients with PyTorch's, of PYTHON=; ARGS= goes to bench/peers/parity.py
	@$(PYTHON) bench/peers/parity.py --archsweep $(BUILD)/archsweep $(ARGS)

soak: $(BUILD)/archsweep ## kill and stop runs, some hundred times, and compare what is left; KILLS=
	@PROGRAM=$(BUILD)/archsweep FOLDER=$(BUILD)/soak KILLS=$(KILLS) sh tests/soak/soak.sh

.PHONY: reference soak
reference: $(BUILD)/archsweep ## write sweeps/README.md, the reference of the YAML, from the tables that read it
	@$(BUILD)/archsweep help --markdown > $(BUILD)/reference.md
	@mv $(BUILD)/reference.md sweeps/README.md

clean: ## remove what was built; records and pictures stay
	rm -rf $(BUILD)

SHARE = $(DESTDIR)$(PREFIX)/share/archsweep
install: $(BUILD)/archsweep ## copy the program, stripped, plots and sweeps to PREFIX=/usr/local (below DESTDIR=)
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/plots $(SHARE)/sweeps/families
	install -s -m 755 $(BUILD)/archsweep $(DESTDIR)$(PREFIX)/bin/archsweep
	install -m 644 $(wildcard plots/*) $(SHARE)/plots
	install -m 644 $(wildcard sweeps/*.yaml) $(SHARE)/sweeps
	install -m 644 $(wildcard sweeps/families/*.yaml) $(SHARE)/sweeps/families

uninstall: ## remove what install copied
	rm -f $(DESTDIR)$(PREFIX)/bin/archsweep
	rm -rf $(SHARE)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
