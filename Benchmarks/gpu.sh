#!/bin/sh
# Checks and measures every GPU of a machine that has nothing but its driver, and writes one file of results. Ends within 8 minutes.
#
# Usage: Benchmarks/gpu.sh [APUS] [RESULTS]      the binary of `make dist` (default: dist/apus) and the file (default: gpu-results.md)
#
# Where python3 has PyTorch with CUDA, its training steps are measured on the same GPU. Of several GPUs of one name the first is
# measured, the others are checked. APUS_ALL_DEVICES=1 takes other OpenCL devices too, such as PoCL's, to try the script itself.
set -u
here=$(cd "$(dirname "$0")" && pwd)
apus=${1:-$here/../dist/apus}
results=${2:-gpu-results.md}
end=$(($(date +%s) + 470))
[ -x "$apus" ] || {
  echo "gpu.sh: there is no binary at $apus; build it with 'make dist'" >&2
  exit 1
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# within SECONDS COMMAND...: no longer than that, and not beyond the end of all.
within() {
  seconds=$1
  left=$((end - $(date +%s)))
  shift
  [ "$left" -gt 5 ] || {
    echo "(no time was left for: $*)"
    return 1
  }
  timeout "$((seconds < left ? seconds : left))" "$@" 2>&1
  code=$?
  [ "$code" -ne 124 ] || echo "(ended after $((seconds < left ? seconds : left)) seconds)"
  return "$code"
}

section() {
  printf '\n## %s\n\n```\n' "$1"
  shift
  within "$@"
  outcome=$?
  printf '```\n'
  return "$outcome"
}

status=0
{
  printf '# %s\n\n' "GPUs of $(uname -n), $(date -u +%Y-%m-%d)"
  printf '```\n'
  command -v nvidia-smi >/dev/null && nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,memory.total --format=csv
  within 60 "$apus" devices
  printf '```\n'
} >"$results"

kinds=gpu
[ "${APUS_ALL_DEVICES:-0}" = 0 ] || kinds='gpu|accelerator|cpu'
# One object per device in the list: the ones that OpenCL has and whose kind is wanted, as SELECTION NAME.
devices=$("$apus" devices --json | tr '{' '\n' | grep -E "\"kind\": \"($kinds)\"" |
  sed -n 's/.*"selection": "\(opencl:[0-9]*\)", "name": "\([^"]*\)".*/\1 \2/p')
[ -n "$devices" ] || {
  echo "gpu.sh: OpenCL has no GPU here; $results says what there is" >&2
  exit 1
}
names=$(printf '%s\n' "$devices" | cut -d ' ' -f 2- | sort -u | grep -c .)

pytorch=0
! python3 -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null || pytorch=100

# part PERCENT: of the time that each kind of device has.
begin=$(date +%s)
part() { echo $(((end - pytorch - begin) * $1 / 100 / names)); }

# in_precision DEVICE PRECISION: products and training steps, or one line that says why the device cannot.
in_precision() {
  offer=$(within "$(part 5)" "$apus" check "batched product" --device "$1" --precision "$2")
  case $offer in
  *"cannot compute in"*)
    printf '\n%s\n' "$offer" | sed -n 's/.*Error: \(.*cannot compute in.*\)/\1/p'
    return 0
    ;;
  esac
  section "$1: conformance of products and convolutions in $2" "$(part 6)" \
    "$apus" check product perceptron convolution --device "$1" --precision "$2" || status=1
  section "$1: kernels in $2" "$(part 10)" "$apus" bench product convolution "step mlp" "step cnn" "step resnet20" \
    "step gpt" --device "$1" --precision "$2" --rounds 3 --limit "$(part 8)"
  section "$1: training on generated digits in $2" "$(part 4)" \
    "$apus" train --dataset digits --model mlp --optimizer amsbound --epochs 5 --device "$1" --precision "$2" --quiet \
    --output "$folder/run-$1-$2"
}

seen=
while read -r device name; do
  {
    case $seen in
    *"|$name|"*)
      section "$device: $name once more: conformance of products" 20 "$apus" check product --device "$device" || status=1
      continue
      ;;
    esac
    seen="$seen|$name|"
    section "$device: $name: conformance" "$(part 30)" "$apus" check --device "$device" || status=1
    section "$device: tuning" "$(part 14)" "$apus" tune --device "$device" --seconds "$(part 10)"
    section "$device: kernels" "$(part 22)" "$apus" bench --device "$device" --rounds 3 --limit "$(part 20)"
    section "$device: training on generated digits" "$(part 8)" \
      "$apus" train --dataset digits --model mlp --optimizer amsbound --epochs 5 --device "$device" --quiet \
      --output "$folder/run-$device"
    in_precision "$device" tf32
    in_precision "$device" bf16
  } >>"$results"
done <<END
$devices
END

if [ "$pytorch" -gt 0 ]; then
  section "PyTorch on CUDA" "$pytorch" python3 "$here/peers/pytorch_cuda.py" >>"$results"
else
  printf '\nPyTorch with CUDA was not found: the other side of the comparison is missing.\n' >>"$results"
fi
echo "$results"
exit "$status"
