#!/bin/sh
# Checks and measures every GPU of a machine that has nothing but its driver, and writes one file of results. Ends within 8 minutes.
#
# Usage: Benchmarks/gpu.sh [APUS] [RESULTS]      the binary of `make dist` (default: dist/apus) and the file (default: gpu-results.md)
#
# Where python3 has PyTorch with CUDA, its training steps are measured on the same GPU. APUS_ALL_DEVICES=1 takes other OpenCL
# devices too, such as PoCL's, to try the script itself.
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
# One object per device in the list: the ones that OpenCL has and whose kind is wanted.
selections=$("$apus" devices --json | tr '{' '\n' | grep -E "\"kind\": \"($kinds)\"" | sed -n 's/.*"selection": "\(opencl:[0-9]*\)".*/\1/p')
[ -n "$selections" ] || {
  echo "gpu.sh: OpenCL has no GPU here; $results says what there is" >&2
  exit 1
}

for device in $selections; do
  {
    section "$device: conformance" 150 "$apus" check --device "$device" || status=1
    section "$device: tuning" 60 "$apus" tune --device "$device" --seconds 45
    section "$device: kernels" 120 "$apus" bench --device "$device" --rounds 3
    section "$device: training on generated digits" 60 \
      "$apus" train --dataset digits --model mlp --optimizer amsbound --epochs 5 --device "$device" --quiet --output "$folder/run"
  } >>"$results"
done

if python3 -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
  section "PyTorch on CUDA" 90 python3 "$here/peers/pytorch_cuda.py" >>"$results"
else
  printf '\nPyTorch with CUDA was not found: the other side of the comparison is missing.\n' >>"$results"
fi
echo "$results"
exit "$status"
