#!/bin/sh
# Runs every test of a finished build, and the kernels under oclgrind, in two processes at a time: a compiler of OpenCL C keeps
# to one core of a process, and most of the time is its.
#
# Usage: Tests/Scripts/test.sh      after `swift build --build-tests`; APUS_CONFIGURATION is release unless set
set -eu
cd "$(dirname "$0")/../.."
tests=$(swift build -c "${APUS_CONFIGURATION:-release}" --show-bin-path)/ApusPackageTests.xctest
compiled=OpenCLConformanceTests

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
run() {  # NAME ARGUMENT...
  name=$1
  shift
  "$tests" --testing-library swift-testing "$@" >"$folder/$name" 2>&1
}

status=0
run conformance --filter "$compiled" &
conformance=$!
run others --skip "$compiled" || status=$?
APUS_SKIP_BUILD=1 Tests/Scripts/oclgrind.sh || status=$?
wait "$conformance" || status=$?

for name in others conformance; do
  # Failures with their context; of the rest only the last line.
  grep -v "^◇" "$folder/$name" | grep -E "✘|↳|error:|rror: |Fatal|crash" || true
  grep "Test run with" "$folder/$name" || {
    tail -n 40 "$folder/$name"
    status=1
  }
done
exit "$status"
