#!/usr/bin/env bash
# Runs every test of a finished build, and the kernels under oclgrind, in two processes at a time: a compiler of OpenCL C keeps
# to one core of a process, and most of the time is its. Says every 15 seconds how far each is, and in the end which tests
# failed, with everything that they said.
#
# Usage: Tests/Scripts/test.sh      after `swift build --build-tests`; APUS_CONFIGURATION is release unless set
set -euo pipefail
cd "$(dirname "$0")/../.."
tests=$(swift build -c "${APUS_CONFIGURATION:-release}" --show-bin-path)/ApusPackageTests.xctest
compiled=OpenCLConformanceTests

folder=$(mktemp -d)
follower=
trap '[ -z "$follower" ] || kill "$follower" 2>/dev/null || true; rm -rf "$folder"' EXIT

run() {  # NAME ARGUMENT...
  "$tests" --testing-library swift-testing "${@:2}" >"$folder/$1" 2>&1
}

# How far a process is: how many tests have ended, how many cases of those with arguments have begun, and what began last.
progress() {  # NAME
  [ -s "$folder/$1" ] || return 0
  awk -v name="$1" '
    /^(✔|✘|━) Test run / {over = 1}
    /^(✔|━) Test .* after / {ended += 1}
    /^✘ Test .* failed after / {failed += 1}
    /^◇ Test case / {cases += 1}
    /^◇ Test .* started\.$/ {last = $0; sub(/ started\.$/, "", last); sub(/^◇ Test (case .* to )?/, "", last)}
    END {
      if (over) exit
      printf "%s: %d tests and %d cases%s, last %s\n", name, ended + failed, cases, failed ? ", " failed " FAILED" : "", last
    }' "$folder/$1"
}

follow() {
  # What is asleep when this ends must not keep a reader of the output waiting.
  while sleep 15 >/dev/null 2>&1; do
    for name in others conformance; do
      line=$(progress "$name")
      [ -z "$line" ] || printf '%d:%02d %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$line"
    done
  done
}

# What failed, with the lines that belong to it, what looks like a crash, and the last line.
report() {  # NAME
  awk '
    /^(◇|✔|➜|━)/ {shown = 0}
    /^✘/ {shown = 1}
    /^(✔|✘) Test run with / {print; shown = 0; next}
    shown || /error:|rror: |Fatal|crash/' "$folder/$1"
  grep -q "Test run with" "$folder/$1" || {
    echo "$1: the tests ended early; their last lines:"
    tail -n 40 "$folder/$1"
    return 1
  }
}

status=0
echo "running $compiled (conformance), and beside it everything else (others)"
follow &
follower=$!
disown "$follower"
run conformance --filter "$compiled" &
conformance=$!
run others --skip "$compiled" || status=$?
echo "running the kernels under oclgrind"
APUS_SKIP_BUILD=1 Tests/Scripts/oclgrind.sh || status=$?
wait "$conformance" || status=$?
kill "$follower"
follower=

for name in others conformance; do report "$name" || status=1; done
exit "$status"
