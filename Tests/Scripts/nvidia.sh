#!/bin/sh
# Compiles the kernels for NVIDIA's GPUs without having one: OpenCL C to PTX by clang, PTX to machine code by NVIDIA's
# assembler, which also says what registers and local memory they take. Skips where either is missing; not part of the gate.
# With NVIDIA's disassembler it also says how many of a loop's instructions are multiply-adds, which is where the constants of
# PatchPlan.instructions, PatchWeightPlan.instructions and ConvolutionProduct.tiledInstructions come from.
#
# Usage: Tests/Scripts/nvidia.sh [ARCHITECTURE...]      default: sm_80 sm_90
#
# CLANG, PTXAS and NVDISASM name other programs than those in the path. clang: apt-get install clang. ptxas comes with the CUDA toolkit
# or alone: pip download --no-deps nvidia-cuda-nvcc-cu12, and in that archive nvidia/cuda_nvcc/bin/ptxas; nvdisasm likewise, in
# nvidia-cuda-nvdisasm.
set -eu
cd "$(dirname "$0")/../.."

clang=${CLANG:-}
if [ -z "$clang" ]; then
  for name in clang clang-21 clang-20 clang-19 clang-18 clang-17 clang-16 clang-15 clang-14; do
    if command -v "$name" >/dev/null && "$name" --print-targets 2>/dev/null | grep -q nvptx64; then
      clang=$name
      break
    fi
  done
fi
[ -n "$clang" ] || {
  echo "nvidia.sh: skipped: there is no clang that knows nvptx64 (apt-get install clang, or set CLANG)"
  exit 0
}
ptxas=${PTXAS:-ptxas}
command -v "$ptxas" >/dev/null || {
  echo "nvidia.sh: skipped: there is no ptxas (it is in the PyPI archive nvidia-cuda-nvcc-cu12; set PTXAS)"
  exit 0
}
nvdisasm=${NVDISASM:-nvdisasm}
command -v "$nvdisasm" >/dev/null || nvdisasm=
[ $# -gt 0 ] || set -- sm_80 sm_90
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# What an OpenCL driver's library would bring along, as far as these kernels use it.
cat >"$folder/library.h" <<'END'
#define FUNCTION __attribute__((overloadable, always_inline))
#define BY_AXIS(axis, name)                          \
  ((axis) == 0   ? __nvvm_read_ptx_sreg_##name##_x() \
   : (axis) == 1 ? __nvvm_read_ptx_sreg_##name##_y() \
                 : __nvvm_read_ptx_sreg_##name##_z())
size_t FUNCTION get_local_id(uint axis) { return BY_AXIS(axis, tid); }
size_t FUNCTION get_group_id(uint axis) { return BY_AXIS(axis, ctaid); }
size_t FUNCTION get_num_groups(uint axis) { return BY_AXIS(axis, nctaid); }
uint FUNCTION min(uint a, uint b) { return a < b ? a : b; }
float FUNCTION fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
void FUNCTION barrier(cl_mem_fence_flags flags) { __nvvm_bar_sync(0); }
float2 FUNCTION vload2(size_t i, const float *p) { return (float2)(p[2 * i], p[2 * i + 1]); }
float4 FUNCTION vload4(size_t i, const float *p) { return (float4)(vload2(2 * i, p), vload2(2 * i + 1, p)); }
float4 FUNCTION vload4(size_t i, __global const float *p) {
  return (float4)(p[4 * i], p[4 * i + 1], p[4 * i + 2], p[4 * i + 3]);
}
void FUNCTION vstore2(float2 v, size_t i, __global float *p) {
  p[2 * i] = v.x;
  p[2 * i + 1] = v.y;
}
void FUNCTION vstore4(float4 v, size_t i, __global float *p) {
  vstore2(v.lo, 2 * i, p);
  vstore2(v.hi, 2 * i + 1, p);
}
END

# loops: what there is in each loop with multiply-adds of the machine code, a loop being what lies between a branch and the
# label before it that it goes to.
loops() {
  "$nvdisasm" -c "$folder/kernel.cubin" 2>/dev/null | awk '
    match($0, /^\.L_x_[0-9]+:/) { place[substr($0, 2, RLENGTH - 2)] = count; next }
    /^ *\/\*[0-9a-f]+\*\/ / {
      count += 1
      if ($0 ~ / FFMA/) adds += 1
      before[count] = adds
      if ($0 ~ / BRA / && match($0, /L_x_[0-9]+/)) {
        label = substr($0, RSTART, RLENGTH)
        if (label in place && adds - before[place[label]] > 0)
          printf "  a loop of %d instructions, %d of them multiply-adds\n", count - place[label], adds - before[place[label]]
      }
    }'
}
# compile NAME KERNEL MACRO...: one line for each architecture. The drivers know `asm`, strict clang only `__asm__`.
compile() {
  name=$1 kernel=$2
  shift 2
  "$clang" -x cl -cl-std=CL1.2 --target=nvptx64-nvidia-cuda -Xclang -target-cpu -Xclang sm_80 -Xclang -target-feature \
    -Xclang +ptx70 -Xclang -finclude-default-header -include "$folder/library.h" -Dasm=__asm__ -DFP_FAST_FMAF -O3 -w "$@" \
    -S -o "$folder/kernel.ptx" "Kernels/$kernel.cl"
  for architecture in $architectures; do
    "$ptxas" -v -arch="$architecture" "$folder/kernel.ptx" -o "$folder/kernel.cubin" >"$folder/log" 2>&1 || {
      head -n 20 "$folder/log" >&2
      echo "nvidia.sh: $name does not assemble for $architecture" >&2
      exit 1
    }
    if grep -q '[1-9][0-9]* bytes spill' "$folder/log"; then
      echo "nvidia.sh: $name has too few registers on $architecture" >&2
      exit 1
    fi
    registers=$(sed -n 's/.*Used \([0-9]*\) registers.*/\1/p' "$folder/log")
    local=$(sed -n 's/.* \([0-9]*\) bytes smem.*/\1/p' "$folder/log")
    echo "$architecture: $name: $registers registers, $local bytes of local memory"
    if [ -n "$nvdisasm" ]; then loops; fi
  done
}
# expect COUNT TEXT: how often an instruction is in what was compiled last.
expect() {
  found=$(grep -c "$2" "$folder/kernel.ptx" || true)
  [ "$found" -eq "$1" ] || {
    echo "nvidia.sh: $name has $found of $2, not $1" >&2
    exit 1
  }
}

architectures=$*
for tile in 32 64 128; do
  for transposition in "0 0" "0 1" "1 0" "1 1"; do
    a=${transposition% *} b=${transposition#* }
    for bf16 in 0 1; do
      for aligned in 0 1; do
        compile "matmul_tensor tile $tile, transposed $a $b, bf16 $bf16, aligned $aligned" matmul_tensor -DEMULATE_MMA=0 \
          -DTILE="$tile" -DA_TRANSPOSED="$a" -DB_TRANSPOSED="$b" -DBF16="$bf16" -DALIGNED="$aligned"
        # Two steps of eight words, four results of 8 columns for every 16 of a warp's rows.
        if [ "$bf16" = 1 ]; then
          expect $((tile / 4)) 'mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32'
        else
          expect $((tile / 4)) 'mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32'
        fi
      done
    done
    for exact in 0 1; do
      compile "matmul_tiled tile $tile, transposed $a $b, exact $exact" matmul_tiled -DTILE="$tile" -DA_TRANSPOSED="$a" \
        -DB_TRANSPOSED="$b" -DALIGNED=1 -DEXACT="$exact"
      if [ "$tile" != 32 ]; then expect 32 'ld.shared.v4.f32'; fi
      expect 0 'ld.shared.f32'
    done
  done
  for pass in 0 1 2; do
    compile "convolution_tiled tile $tile, pass $pass" convolution_tiled -DTILE="$tile" -DPASS="$pass"
    for bf16 in 0 1; do
      compile "convolution_tensor tile $tile, pass $pass, bf16 $bf16" convolution_tensor -DEMULATE_MMA=0 -DTILE="$tile" \
        -DPASS="$pass" -DBF16="$bf16"
      expect $((tile / 4)) 'mma.sync.aligned'
    done
  done
done

# A window of 3x3, one of 5x5 and one that moves by two, forward and, with 4 features, to the input; tiles of one image and of several.
for tile in "1 16 8 8 4" "1 16 4 4 8" "2 8 2 8 2"; do
  set -- $tile
  steps="-DSTRIDE_H=2 -DSTRIDE_W=2"
  for macros in "-DTRANSPOSED=0" "-DTRANSPOSED=1" "-DKERNEL_H=5 -DKERNEL_W=5" "$steps" "-DTRANSPOSED=1 $steps"; do
    if [ "$macros $4" = "-DTRANSPOSED=1 $steps 8" ]; then continue; fi
    case $macros in *KERNEL* | *STRIDE*) channels=1 ;; *) channels=$5 ;; esac
    compile "convolution_patch $1x$2x$((4 * $3)), item $4, channels $channels, $macros" convolution_patch -DIMAGES="$1" \
      -DROWS="$2" -DQUADS="$3" -DITEM="$4" -DCHANNELS="$channels" $macros
    # The fifth of the pixels that a row of such a window sees at four places is the only one of its vector, in two rows.
    case $macros in *"=1 $steps") expect 2 'ld.shared.f32' ;; *) expect 0 'ld.shared.f32' ;; esac
  done
done
for tile in "16 16 4 8" "32 32 4 4" "32 32 8 2"; do
  set -- $tile
  for macros in "-DITEM_C=2" "-DITEM_C=1 -DKERNEL_H=5 -DKERNEL_W=5"; do
    case $macros in *KERNEL*) channels=$(($2 / 2)) ;; *) channels=$2 ;; esac
    compile "convolution_patch_weights $1 by $channels, $3x$((4 * $4)), $macros" convolution_patch_weights -DFEATURES="$1" \
      -DCHANNELS="$channels" -DROWS="$3" -DQUADS="$4" $macros
  done
done
