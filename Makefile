# Two commands for a newcomer: `make demo` trains a network and says where the results are, `make test` runs every test.
# Both install what is missing (Debian and Ubuntu packages), given a Swift 6 toolchain.

SHELL := /bin/bash
CONFIGURATION := release
APUS := .build/$(CONFIGURATION)/apus
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

BUILD_PACKAGES := ocl-icd-opencl-dev opencl-c-headers pocl-opencl-icd zlib1g-dev libpng-dev libturbojpeg0-dev
TEST_PACKAGES := $(BUILD_PACKAGES) oclgrind

# $(call install,PACKAGES): only what dpkg does not have yet.
define install
	@missing=$$(for p in $(1); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  command -v apt-get >/dev/null || { echo "install these with your package manager, then go on: $$missing"; exit 1; }; \
	  echo "installing" $$missing; \
	  $(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq $$missing >/dev/null; \
	fi
endef

# `make bench` compares Apus with what people would use instead: some 20 minutes on two cores with nothing else to do.

.PHONY: all build demo bench test dist lint format clean toolchain install-build install-test

all: build

toolchain:
	@command -v swift >/dev/null || { echo "Apus needs a Swift 6 toolchain: get one at https://www.swift.org/install/linux/"; exit 1; }

install-build: toolchain
	$(call install,$(BUILD_PACKAGES))

install-test: toolchain
	$(call install,$(TEST_PACKAGES))

build: install-build
	swift build -c $(CONFIGURATION) --product apus

demo: build
	$(APUS) train --dataset digits --model mlp --hidden 200,200 --optimizer amsbound --epochs 5 --output runs/demo --overwrite

bench: build
	python=$$(Benchmarks/peers/install.sh | tail -n 1) && $$python Benchmarks/peers/run.py $(APUS)

test: install-test
	swift build -c $(CONFIGURATION) --build-tests
	Tests/Scripts/check-instruction-sets.sh .build/$(CONFIGURATION)
	APUS_CONFIGURATION=$(CONFIGURATION) Tests/Scripts/test.sh

# One binary for bare x86-64 and arm64 Linux machines: Swift's libraries and the C ones inside, OpenCL opened at run time.
dist: install-build
	.ci/dist

lint: toolchain
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks

format: toolchain
	swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks

clean:
	rm -rf .build .build-dist dist
