#!/bin/sh
# Runs the OpenCL kernels on tiny shapes under oclgrind and fails on a data race, an uninitialized read, an
# access out of bounds or a wrong result.
#
# Usage: Tests/Scripts/oclgrind.sh [FILTER]      a regular expression for `swift test --filter`
set -eu
cd "$(dirname "$0")/../.."

command -v oclgrind >/dev/null || {
  echo "oclgrind.sh: oclgrind is not installed; try: apt-get install oclgrind" >&2
  exit 1
}
filter=${1:-"PointwiseTests|UpdateTests/|MatrixProductTests/everyVariant|RowKernelTests|RowChainTests|ReductionTests|ConvolutionTests|SequenceTests"}
configuration=${APUS_CONFIGURATION:-release}
if [ "${APUS_SKIP_BUILD:-0}" != 1 ]; then swift test list -c "$configuration" >/dev/null; fi
tests=$(swift build -c "$configuration" --show-bin-path)/ApusPackageTests.xctest

log=$(mktemp)
output=$(mktemp)
trap 'rm -f "$log" "$output"' EXIT

# Unoptimized, because oclgrind does not know some of the optimizer's instructions; one test after the other, because
# it does not know threads; without fetches, whose instruction it does not know; with much local memory, because it counts
# that of all kernels of a program together.
status=0
APUS_TINY_SHAPES=1 oclgrind --build-options "-O0 -DJOINS_THROUGH_MEMORY -DFETCHES_NOTHING" --data-races --uninitialized --local-mem-size 1048576 --log "$log" \
  "$tests" --testing-library swift-testing --no-parallel --filter "$filter" >"$output" 2>&1 || status=$?

if [ -s "$log" ]; then
  head -n 40 "$log" >&2
  echo "oclgrind.sh: oclgrind has something to say (above)" >&2
  exit 1
fi
if [ "$status" -ne 0 ] || ! grep -q "Test run with [1-9].* passed" "$output"; then
  grep -E "✘|rror" "$output" | head -n 40 >&2
  echo "oclgrind.sh: the tests fail under oclgrind" >&2
  exit 1
fi
grep "Test run with" "$output"
