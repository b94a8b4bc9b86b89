// Matrix product on tensor cores: C[M, N] = A[M, K] B[K, N], operands rounded to tf32 or bfloat16 on their way into local
// memory, products and sums in float32; then a pointwise chain on each element of C.
//
// A work-group of 2 * TILE work-items, a warp for every 32, owns a TILE x TILE tile of C in slice get_group_id(2) % splits
// of the K dimension of matrix get_group_id(2) / splits of the batch. It walks K in steps of STEP elements, for which it
// shares the lines of both operands in local memory; two pairs of tiles take turns, so that one barrier per step is enough.
// A warp owns TILE / 2 rows and 32 columns of the tile, as ROWS x 4 results of the instruction mma.m16n8k8 (tf32) or
// mma.m16n8k16 (bfloat16); a work-item has four floats of each result and fetches eight lines of four words in each step.
//
// A word is what the instruction takes in one register: one tf32, or two bfloat16 of adjacent p, the smaller p in the lower
// half. Counted in words both instructions have the same fragments: 16 or 8 lines of 8 words.
//
// m, n, k           the shape
// splits, k_slice   the K dimension is cut into `splits` slices of k_slice, the last one shorter
// a                 element (row, p): row * a_stride + p, or p * a_stride + row where A_TRANSPOSED
// b                 element (p, column): p * b_stride + column, or column * b_stride + p where B_TRANSPOSED
// c                 element (row, column): row * c_row_stride + column; slices follow each other at c_slice_stride
// *_batch_stride    from one matrix of the batch to the next; all strides and offsets are in elements
//
// BF16              1 for bfloat16, 0 for tf32
// ALIGNED           every fourth float of every line of A and of B lies at a multiple of 16 bytes
// EMULATE_MMA       1 where the device has no such instruction: the warp's fragments meet in local memory
//
// Sources: NVIDIA, Parallel Thread Execution ISA, mma (9.7.14.5.14), its fragments (9.7.14.5.7 and 9.7.14.5.8) and cvt.

#pragma OPENCL FP_CONTRACT OFF

#ifndef MAD
#if defined(FP_FAST_FMAF) || defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define MAD(a, b, c) fma(a, b, c)
#else
#define MAD(a, b, c) mad(a, b, c)
#endif
#endif

#ifndef TILE
#define TILE 64
#endif
#ifndef A_TRANSPOSED
#define A_TRANSPOSED 0
#endif
#ifndef B_TRANSPOSED
#define B_TRANSPOSED 0
#endif
#ifndef ALIGNED
#define ALIGNED 0
#endif
#ifndef BF16
#define BF16 0
#endif
#ifndef EMULATE_MMA
#define EMULATE_MMA 1
#endif
#ifndef BAND
#define BAND 8
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
#if A_TRANSPOSED
#define A_PLACE(line, word) ALONG_LINES(line, word)
#else
#define A_PLACE(line, word) ALONG_K(line, word)
#endif
#if B_TRANSPOSED
#define B_PLACE(line, word) ALONG_K(line, word)
#else
#define B_PLACE(line, word) ALONG_LINES(line, word)
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

// Four consecutive floats of one line of an operand; zeros from `count` on.
static float4 load_four(__global const float *source, const int count) {
#if ALIGNED
  if (count >= 4) return *(__global const float4 *)source;
#else
  if (count >= 4) return vload4(0, source);
#endif
  float4 value = (float4)(0.0f);
  if (count > 0) value.x = source[0];
  if (count > 1) value.y = source[1];
  if (count > 2) value.z = source[2];
  return value;
}

// In each half of a step a work-item fetches four words, adjacent in memory and in the local tile: of one line where the
// operand is contiguous along K, of four lines where it is along lines. For bfloat16 that is two loads.
#define LINE_ALONG_K(half_step) (item / 4 + (half_step) * (TILE / 2))
#define WORD_ALONG_K (item % 4 * 4)
#define LINE_ALONG_LINES (item % (TILE / 4) * 4)
#define WORD_ALONG_LINES(half_step) (item / (TILE / 4) + (half_step) * 8)

// What this work-item fetches for the step that begins at p0; zeros where there is nothing.
static void load_along_k(
    float4 *fours, __global const float *matrix, const ulong stride, const uint line0, const uint lines, const uint p0,
    const uint k_end, const uint item) {
#pragma unroll
  for (uint half_step = 0; half_step < 2; half_step += 1) {
    const uint line = line0 + LINE_ALONG_K(half_step);
#pragma unroll
    for (uint i = 0; i < ELEMENTS; i += 1) {
      const uint p = p0 + WORD_ALONG_K * ELEMENTS + 4 * i;
      const int is_inside = p < k_end && line < lines;
      fours[half_step * ELEMENTS + i] =
          is_inside ? load_four(matrix + line * stride + p, (int)(k_end - p)) : (float4)(0.0f);
    }
  }
}

static void load_along_lines(
    float4 *fours, __global const float *matrix, const ulong stride, const uint line0, const uint lines, const uint p0,
    const uint k_end, const uint item) {
  const uint line = line0 + LINE_ALONG_LINES;
#pragma unroll
  for (uint half_step = 0; half_step < 2; half_step += 1) {
#pragma unroll
    for (uint i = 0; i < ELEMENTS; i += 1) {
      const uint p = p0 + WORD_ALONG_LINES(half_step) * ELEMENTS + i;
      const int is_inside = p < k_end && line < lines;
      fours[half_step * ELEMENTS + i] =
          is_inside ? load_four(matrix + p * stride + line, (int)(lines - line)) : (float4)(0.0f);
    }
  }
}

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

__kernel __attribute__((reqd_work_group_size(2 * TILE, 1, 1)))
void matmul_tensor(
    const uint m, const uint n, const uint k, const uint splits, const uint k_slice,
    __global const float *restrict a, const ulong a_offset, const ulong a_batch_stride, const ulong a_stride,
    __global const float *restrict b, const ulong b_offset, const ulong b_batch_stride, const ulong b_stride,
    __global float *c, const ulong c_offset, const ulong c_batch_stride, const ulong c_slice_stride,
    const ulong c_row_stride
    //@begin arguments
    //@end arguments
) {
  __local uint4 a_fours[2][TILE_WORDS / 4];
  __local uint4 b_fours[2][TILE_WORDS / 4];
#if EMULATE_MMA
  __local float a_matrices[TILE / 16 * 256];
  __local float b_matrices[TILE / 16 * 128];
#endif

  const uint item = get_local_id(0);
  const uint lane = item % 32;
  const uint warp = item / 32;
  const uint warp_row = warp / (TILE / 32) * (TILE / 2);
  const uint warp_column = warp % (TILE / 32) * 32;
  const uint slice = get_group_id(2) % splits;
  const uint batch = get_group_id(2) / splits;
  // Tiles are taken in bands of BAND tile rows, down and then right, so that those that run at once share lines.
  const uint tile_columns = get_num_groups(0);
  const uint tile = get_group_id(1) * tile_columns + get_group_id(0);
  const uint band = tile / (BAND * tile_columns) * BAND;
  const uint band_height = min((uint)get_num_groups(1) - band, (uint)BAND);
  const uint place_in_band = tile % (BAND * tile_columns);
  const uint row0 = (band + place_in_band % band_height) * TILE;
  const uint column0 = place_in_band / band_height * TILE;
  const uint k_begin = slice * k_slice;
  const uint k_end = min(k_begin + k_slice, k);

  __global const float *a_matrix = a + a_offset + batch * a_batch_stride;
  __global const float *b_matrix = b + b_offset + batch * b_batch_stride;
#if A_TRANSPOSED
#define LOAD_A(p0) load_along_lines(a_next, a_matrix, a_stride, row0, m, p0, k_end, item)
#define STORE_A(turn) store_along_lines(a_next, a_fours[turn], item)
#else
#define LOAD_A(p0) load_along_k(a_next, a_matrix, a_stride, row0, m, p0, k_end, item)
#define STORE_A(turn) store_along_k(a_next, a_fours[turn], item)
#endif
#if B_TRANSPOSED
#define LOAD_B(p0) load_along_k(b_next, b_matrix, b_stride, column0, n, p0, k_end, item)
#define STORE_B(turn) store_along_k(b_next, b_fours[turn], item)
#else
#define LOAD_B(p0) load_along_lines(b_next, b_matrix, b_stride, column0, n, p0, k_end, item)
#define STORE_B(turn) store_along_lines(b_next, b_fours[turn], item)
#endif

  float4 sum[ROWS][4];
#pragma unroll
  for (uint i = 0; i < ROWS; i += 1) {
#pragma unroll
    for (uint j = 0; j < 4; j += 1) sum[i][j] = (float4)(0.0f);
  }

  float4 a_next[2 * ELEMENTS];
  float4 b_next[2 * ELEMENTS];
  LOAD_A(k_begin);
  LOAD_B(k_begin);
  STORE_A(0);
  STORE_B(0);
  barrier(CLK_LOCAL_MEM_FENCE);

  uint turn = 0;
  for (uint p0 = k_begin; p0 < k_end; p0 += STEP) {
    // The next step's elements are on their way while this step's are used.
    LOAD_A(p0 + STEP);
    LOAD_B(p0 + STEP);
    __local const uint *a_tile = (__local const uint *)a_fours[turn];
    __local const uint *b_tile = (__local const uint *)b_fours[turn];
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
    turn = 1 - turn;
    STORE_A(turn);
    STORE_B(turn);
    barrier(CLK_LOCAL_MEM_FENCE);
  }

#pragma unroll
  for (uint i = 0; i < ROWS; i += 1) {
#pragma unroll
    for (uint lower = 0; lower < 4; lower += 2) {
      const uint row = row0 + warp_row + 16 * i + C_ROW(lane, lower);
      if (row < m) {
        __global float *c_row = c + c_offset + batch * c_batch_stride + slice * c_slice_stride + row * c_row_stride;
        //@begin rows
        //@end rows
#pragma unroll
        for (uint j = 0; j < 4; j += 1) {
          const uint column_begin = column0 + warp_column + 8 * j + C_COLUMN(lane, lower);
          const float2 pair = lower == 0 ? sum[i][j].lo : sum[i][j].hi;
          if (column_begin + 2 <= n) {
#define REAL float2
#define LOAD vload2
#define STORE vstore2
#define ELEMENT(column) (((ulong)batch * m + row) * n + column)
#define RANDOM(stream) random_float2(ELEMENT(column), (uint2)(key0, key1), step, stream)
            const uint column = column_begin;
            const float2 product = pair;
            //@begin vector
            STORE(product, 0, c_row + column);
            //@end vector
#undef RANDOM
          } else if (column_begin < n) {
#define RANDOM(stream) random_float(ELEMENT(column), (uint2)(key0, key1), step, stream)
            const uint column = column_begin;
            const float product = pair.x;
            //@begin scalar
            c_row[column] = product;
            //@end scalar
#undef RANDOM
          }
        }
      }
    }
  }
}
