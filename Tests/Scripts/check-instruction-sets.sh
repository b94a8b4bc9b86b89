#!/usr/bin/env bash
# Fails when code compiled for a newer instruction set could be run by a processor without it.
#
#   check-instruction-sets.sh [BUILD_FOLDER]        (default: .build/release)
#
# The compiler emits specializations of other modules' generic code as shared symbols, of which the linker keeps
# any one. If the copy that it keeps comes from a kernel module for AVX2 or AVX-512, the whole program calls it. So:
# 1. no object outside those modules holds a vector-extension instruction at all;
# 2. no shared symbol in them that is not the module's own does;
# 3. the AVX2 module holds nothing of AVX-512.
# Names that carry the module's own vector type count as its own. In a build for testing (`swift test`), internal types
# keep their metadata and with it shared functions that copy them; those are passed over, because a build without
# testing does not have them.
# Before it looks at the build, the script compiles a leak and makes sure that it is found.
set -euo pipefail
shopt -s nullglob

build=${1:-.build/release}
case $(uname -m) in
  x86_64 | amd64) ;;
  *)
    echo "instruction sets: nothing to check on $(uname -m)"
    exit 0
    ;;
esac

# The toolchain's own tools, or the system's.
toolchain=$(dirname "$(readlink -f "$(command -v swiftc)")")
tool() {
  for candidate in "$toolchain/llvm-$1" "$(command -v "llvm-$1" || true)" "$(command -v "$1" || true)"; do
    if [ -n "$candidate" ] && [ -x "$candidate" ]; then
      echo "$candidate"
      return
    fi
  done
  echo "instruction sets: no $1 found; install binutils" >&2
  exit 1
}
objdump=$(tool objdump)
nm=$(tool nm)

# Prints the symbols of an object that hold an instruction matching a pattern.
symbols_with() {
  "$objdump" -d --no-show-raw-insn "$2" | awk -v pattern="$1" '
    /^[0-9a-f]+ <.*>:$/ { symbol = $2; sub(/^</, "", symbol); sub(/>:$/, "", symbol); next }
    $0 ~ pattern && !(symbol in found) { found[symbol] = 1; print symbol }'
}

# An operation with the prefix v, but for those that only check or copy protection (verr, verw) or belong to
# virtual machines.
vector_extension='^ *[0-9a-f]+:[ \t]+v[a-z]+[0-9a-z]*[ \t].*%[xyzk]'
avx512='%(zmm|k[0-7]|[xy]mm(1[6-9]|2[0-9]|3[01]))'

# Prints one line for every leak in a build folder.
leaks() {
  local folder=$1 object module symbol lanes testable=
  if "$nm" --defined-only "$folder"/ApusCPUAVX512.build/*.o | grep -q ' [TD] .*8BroadRowV'; then testable=yes; fi
  for object in "$folder"/*.build/*.o "$folder"/*.build/*/*.o; do
    module=$(basename "$(dirname "$object")" .build)
    case $module in
      ApusCPUAVX2 | ApusCPUAVX512)
        [ "$module" = ApusCPUAVX2 ] && lanes=6Lanes8V || lanes=7Lanes16V
        "$nm" --defined-only "$object" | awk '$2 ~ /^[TWVu]$/ { print $3 }' | sort >"$work/shared"
        symbols_with "$vector_extension" "$object" | sort >"$work/vector"
        while read -r symbol; do
          # The module's own names: length and name after the mangling prefix.
          case $symbol in
            "\$s${#module}$module"* | *"$lanes"*) ;;
            __swift_memcpy*) [ -n "$testable" ] || echo "$module: the shared symbol $symbol in $(basename "$object")" ;;
            *) echo "$module: the shared symbol $symbol in $(basename "$object")" ;;
          esac
        done < <(comm -12 "$work/shared" "$work/vector")
        if [ "$module" = ApusCPUAVX2 ]; then
          while read -r symbol; do
            echo "$module: AVX-512 in $symbol in $(basename "$object")"
          done < <(symbols_with "$avx512" "$object")
        fi
        ;;
      Apus* | C[A-Z]*)
        case $module in *Tests | *TestSupport) continue ;; esac
        while read -r symbol; do
          echo "$module: a vector extension in $symbol in $(basename "$object")"
        done < <(symbols_with "$vector_extension" "$object")
        ;;
    esac
  done
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A leak: a generic function of the standard library that the optimizer specializes rather than inlines.
mkdir -p "$work/build/ApusCPUAVX512.build" "$work/build/ApusOther.build"
cat >"$work/leak.swift" <<'SWIFT'
public func total(_ values: [Float]) -> [Float] { values.map { $0 * 2 + 1 }.sorted() }
SWIFT
swiftc -O -parse-as-library -module-name ApusCPUAVX512 -Xcc -march=x86-64-v4 -c "$work/leak.swift" \
  -o "$work/build/ApusCPUAVX512.build/leak.o"
cp "$work/build/ApusCPUAVX512.build/leak.o" "$work/build/ApusOther.build/leak.o"
found=$(leaks "$work/build")
for module in ApusCPUAVX512 ApusOther; do
  if ! grep -q "^$module: " <<<"$found"; then
    echo "instruction sets: the check does not find a leak that was made for it in $module" >&2
    exit 1
  fi
done

kernels=("$build"/ApusCPUAVX512.build/*.o)
if [ ${#kernels[@]} -eq 0 ]; then
  echo "instruction sets: no objects of the kernel modules in $build; build first" >&2
  exit 1
fi
found=$(leaks "$build")
if [ -n "$found" ]; then
  echo "$found" >&2
  echo "instruction sets: the code above could run on a processor without them" >&2
  exit 1
fi
echo "instruction sets: nothing leaks out of the kernel modules"
