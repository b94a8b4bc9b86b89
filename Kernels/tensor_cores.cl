// What the kernels of the tensor cores have in common: words and fragments, the instruction and its restatement, and the
// way of words into local memory.
//
// A word is what the instruction takes in one register: one tf32, or two bfloat16 of adjacent p, the smaller p in the lower
// half. Counted in words mma.m16n8k8 (tf32) and mma.m16n8k16 (bfloat16) have the same fragments: 16 and 8 lines of 8 words.
//
// A work-group of 2 * TILE work-items, a warp for every 32, multiplies two tiles of TILE lines, WORDS words of each line in a
// step. A warp owns TILE / 2 rows and 32 columns of the result, as ROWS x 4 results of the instruction.
//
// TILE          the lines of a tile
// BF16          1 for bfloat16, 0 for tf32
// EMULATE_MMA   1 where the device has no such instruction: the warp's fragments meet in local memory
// A_ALONG_K, B_ALONG_K   1 where an operand is contiguous along K, 0 where it is along lines
//
// Sources: NVIDIA, Parallel Thread Execution ISA, mma (9.7.14.5.14), its fragments (9.7.14.5.7 and 9.7.14.5.8) and cvt.

#include "arithmetic.cl"

#ifndef TILE
#define TILE 64
#endif
#ifndef BF16
#define BF16 0
#endif
#ifndef EMULATE_MMA
#define EMULATE_MMA 1
#endif
#ifndef A_ALONG_K
#define A_ALONG_K 1
#endif
#ifndef B_ALONG_K
#define B_ALONG_K 1
#endif

// Words of a line in a step, and elements of K in a word and in a step.
#define WORDS 16
#define ELEMENTS (BF16 ? 2 : 1)
#define STEP (WORDS * ELEMENTS)
#define ROWS (TILE / 32)

// A tile in local memory keeps its operand's order, so that four words are stored at once: words of a line beside each
// other, or lines of a word. The pitches are such that the 32 words of a fragment's register lie in 32 banks:
// 20 * line + word for 8 lines of 4 words, (TILE + 8) * word + line for 4 words of 8 lines.
#define ALONG_K(line, word) ((line) * (WORDS + 4) + (word))
#define ALONG_LINES(line, word) ((word) * (TILE + 8) + (line))
#define TILE_WORDS (TILE * (WORDS + 4))
#if A_ALONG_K
#define A_PLACE(line, word) ALONG_K(line, word)
#define STORE_A(turn) store_along_k(a_next, a_fours[turn], item)
#else
#define A_PLACE(line, word) ALONG_LINES(line, word)
#define STORE_A(turn) store_along_lines(a_next, a_fours[turn], item)
#endif
#if B_ALONG_K
#define B_PLACE(line, word) ALONG_K(line, word)
#define STORE_B(turn) store_along_k(b_next, b_fours[turn], item)
#else
#define B_PLACE(line, word) ALONG_LINES(line, word)
#define STORE_B(turn) store_along_lines(b_next, b_fours[turn], item)
#endif
// Which element of its operand a lane has in a register of a fragment.
#define A_LINE(lane, number) ((lane) / 4 + 8 * ((number) & 1))
#define A_WORD(lane, number) ((lane) % 4 + 4 * ((number) >> 1))
#define B_LINE(lane, number) ((lane) / 4)
#define B_WORD(lane, number) ((lane) % 4 + 4 * (number))
#define C_ROW(lane, number) ((lane) / 4 + 8 * ((number) >> 1))
#define C_COLUMN(lane, number) ((lane) % 4 * 2 + ((number) & 1))

#if EMULATE_MMA

// To the nearest tf32, ties away from zero, as cvt.rna.tf32.f32 does.
static uint tf32_word(const float x) {
  const uint bits = as_uint(x);
  return isnan(x) ? 0x7fffffff : (bits + 0x1000) & 0xffffe000;
}

// To the nearest bfloat16, ties to even, as cvt.rn.bf16x2.f32 does.
static uint bf16_half(const float x) {
  const uint bits = as_uint(x);
  return isnan(x) ? 0x7fff : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

static uint bf16_word(const float low, const float high) { return bf16_half(high) << 16 | bf16_half(low); }

// What the instruction does, after the tables of the PTX ISA: the warp's work-items lay their elements out as matrices of
// 16 x 16 and 16 x 8 floats (half of each for tf32), and each then computes its four elements of the result.
//
// Unlike the instruction it needs the whole work-group, for its barriers.
static float4 mma(
    const uint4 a, const uint2 b, float4 c, const uint lane, __local float *a_matrix, __local float *b_matrix) {
  const uint group = lane >> 2;
  const uint thread_in_group = lane % 4;
  const uint a_registers[4] = {a.x, a.y, a.z, a.w};
  const uint b_registers[2] = {b.x, b.y};
#if BF16
  for (uint i = 0; i < 8; i += 1) {
    const uint row = i < 2 || (i >= 4 && i < 6) ? group : group + 8;
    const uint column = thread_in_group * 2 + (i & 1) + (i < 4 ? 0 : 8);
    const uint half_of = a_registers[i / 2];
    a_matrix[row * 16 + column] = as_float(i & 1 ? half_of & 0xffff0000 : half_of << 16);
  }
  for (uint i = 0; i < 4; i += 1) {
    const uint row = thread_in_group * 2 + (i & 1) + (i < 2 ? 0 : 8);
    const uint half_of = b_registers[i / 2];
    b_matrix[row * 8 + group] = as_float(i & 1 ? half_of & 0xffff0000 : half_of << 16);
  }
#else
  for (uint i = 0; i < 4; i += 1) {
    const uint row = i == 0 || i == 2 ? group : group + 8;
    const uint column = i < 2 ? thread_in_group : thread_in_group + 4;
    a_matrix[row * 16 + column] = as_float(a_registers[i]);
  }
  b_matrix[thread_in_group * 8 + group] = as_float(b_registers[0]);
  b_matrix[(thread_in_group + 4) * 8 + group] = as_float(b_registers[1]);
#endif
  barrier(CLK_LOCAL_MEM_FENCE);
  float sums[4] = {c.x, c.y, c.z, c.w};
  for (uint i = 0; i < 4; i += 1) {
    const uint row = i < 2 ? group : group + 8;
    const uint column = thread_in_group * 2 + (i & 1);
    for (uint p = 0; p < 8 * ELEMENTS; p += 1)
      sums[i] = MAD(a_matrix[row * 16 + p], b_matrix[p * 8 + column], sums[i]);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  return (float4)(sums[0], sums[1], sums[2], sums[3]);
}

#define MMA(a, b, c) mma(a, b, c, lane, a_matrices + warp * 256, b_matrices + warp * 128)

#else

static uint tf32_word(const float x) {
  uint word;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(word) : "f"(x));
  return word;
}

static uint bf16_word(const float low, const float high) {
  uint word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
}

// One instruction of a whole warp, which therefore must not diverge here.
static float4 mma(const uint4 a, const uint2 b, const float4 c) {
  float d0, d1, d2, d3;
  asm volatile(
#if BF16
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"
#else
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32"
#endif
      " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %11, %12, %13};"
      : "=f"(d0), "=f"(d1), "=f"(d2), "=f"(d3)
      : "r"(a.x), "r"(a.y), "r"(a.z), "r"(a.w), "r"(b.x), "r"(b.y), "f"(c.x), "f"(c.y), "f"(c.z), "f"(c.w));
  return (float4)(d0, d1, d2, d3);
}

#define MMA(a, b, c) mma(a, b, c)

#endif

// In each half of a step a work-item fetches four words, adjacent in memory and in the local tile: of one line where the
// operand is contiguous along K, of four lines where it is along lines. For bfloat16 that is two loads.
#define LINE_ALONG_K(half_step) (item / 4 + (half_step) * (TILE / 2))
#define WORD_ALONG_K (item % 4 * 4)
#define LINE_ALONG_LINES (item % (TILE / 4) * 4)
#define WORD_ALONG_LINES(half_step) (item / (TILE / 4) + (half_step) * 8)

// Rounds what was fetched and leaves it in a local tile.
static void store_along_k(const float4 *fours, __local uint4 *tile, const uint item) {
#pragma unroll
  for (uint half_step = 0; half_step < 2; half_step += 1) {
    const float4 first = fours[half_step * ELEMENTS];
#if BF16
    const float4 second = fours[half_step * ELEMENTS + 1];
    const uint4 words = (uint4)(
        bf16_word(first.x, first.y), bf16_word(first.z, first.w), bf16_word(second.x, second.y),
        bf16_word(second.z, second.w));
#else
    const uint4 words = (uint4)(tf32_word(first.x), tf32_word(first.y), tf32_word(first.z), tf32_word(first.w));
#endif
    tile[ALONG_K(LINE_ALONG_K(half_step), WORD_ALONG_K) / 4] = words;
  }
}

static void store_along_lines(const float4 *fours, __local uint4 *tile, const uint item) {
#pragma unroll
  for (uint half_step = 0; half_step < 2; half_step += 1) {
    const float4 first = fours[half_step * ELEMENTS];
#if BF16
    const float4 second = fours[half_step * ELEMENTS + 1];
    const uint4 words = (uint4)(
        bf16_word(first.x, second.x), bf16_word(first.y, second.y), bf16_word(first.z, second.z),
        bf16_word(first.w, second.w));
#else
    const uint4 words = (uint4)(tf32_word(first.x), tf32_word(first.y), tf32_word(first.z), tf32_word(first.w));
#endif
    tile[ALONG_LINES(LINE_ALONG_LINES, WORD_ALONG_LINES(half_step)) / 4] = words;
  }
}

// Adds the products of a step's two tiles to a warp's part of the result: eight words of each line at a time, each fragment
// fetched once. The matrices are those of EMULATE_MMA, and unused otherwise.
static void multiply_tiles(
    float4 (*sum)[4], __local const uint *a_tile, __local const uint *b_tile, const uint lane, const uint warp,
    const uint warp_row, const uint warp_column, __local float *a_matrices, __local float *b_matrices) {
#if !EMULATE_MMA
#pragma unroll
#endif
  for (uint word0 = 0; word0 < WORDS; word0 += 8) {
    uint4 a_fragments[ROWS];
    uint2 b_fragments[4];
#define A_REGISTER(number) a_tile[A_PLACE(warp_row + 16 * i + A_LINE(lane, number), word0 + A_WORD(lane, number))]
#define B_REGISTER(number) b_tile[B_PLACE(warp_column + 8 * j + B_LINE(lane, number), word0 + B_WORD(lane, number))]
#pragma unroll
    for (uint i = 0; i < ROWS; i += 1)
      a_fragments[i] = (uint4)(A_REGISTER(0), A_REGISTER(1), A_REGISTER(2), A_REGISTER(3));
#pragma unroll
    for (uint j = 0; j < 4; j += 1) b_fragments[j] = (uint2)(B_REGISTER(0), B_REGISTER(1));
#if !EMULATE_MMA
#pragma unroll
#endif
    for (uint i = 0; i < ROWS; i += 1) {
#if !EMULATE_MMA
#pragma unroll
#endif
      for (uint j = 0; j < 4; j += 1) sum[i][j] = MMA(a_fragments[i], b_fragments[j], sum[i][j]);
    }
  }
}
