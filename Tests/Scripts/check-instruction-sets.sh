#!/usr/bin/env bash
# Fails when code for a newer instruction set has leaked out of the targets that are chosen at start-up.
#
# A generic function of the standard library that is specialized in one of them becomes a symbol which the linker may share
# with every other user of the same specialization, and an older processor would then run it. So no instruction of
# AVX or later may stand in a function that is not one of those targets'.
#
#   check-instruction-sets.sh BUILD_FOLDER       checks BUILD_FOLDER/apus
#   check-instruction-sets.sh --list BUILD_FOLDER  also prints how many such instructions each allowed function has
set -euo pipefail

list=0
if [ "${1:-}" = --list ]; then list=1; shift; fi
binary=${1:?usage: check-instruction-sets.sh BUILD_FOLDER}/apus
[ -x "$binary" ] || { echo "$binary is not there; build it first"; exit 1; }
if [ "$(uname -m)" != x86_64 ]; then echo "instruction sets: nothing to check on $(uname -m)"; exit 0; fi

objdump --disassemble --no-show-raw-insn "$binary" | awk -v list="$list" '
  /^[0-9a-f]+ <.*>:$/ { name = substr($2, 2, length($2) - 3); next }
  # An AVX, AVX2 or AVX-512 instruction begins with v; every other x86 instruction that does (verr, verw, vm…) is for systems.
  $2 ~ /^v/ && $2 !~ /^(verr|verw|vm)/ {
    # Lanes16 and Lanes8 are used by one target each, so what is specialized for them belongs to it.
    if (name ~ /ApusCPUAVX512|Lanes16V/) wide512[name]++
    else if (name ~ /ApusCPUAVX2|Lanes8V/) wide2[name]++
    else leaked[name]++
  }
  END {
    for (n in wide512) count512++
    for (n in wide2) count2++
    if (list) { for (n in wide512) print wide512[n], n; for (n in wide2) print wide2[n], n }
    for (n in leaked) { print "leaked:", leaked[n], "AVX instructions in", n; failures++ }
    if (!count512 || !count2) { print "no AVX2 or AVX-512 kernels found: is this a full build?"; exit 1 }
    if (failures) exit 1
    printf "instruction sets: %d AVX-512 and %d AVX2 functions, none leaked\n", count512, count2
  }'
