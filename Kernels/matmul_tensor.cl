// Matrix product on tensor cores: C[M, N] = A[M, K] B[K, N], operands rounded to tf32 or bfloat16 on their way into local
// memory, products and sums in float32; then a pointwise chain on each element of C.
//
// A work-group of 2 * TILE work-items, a warp for every 32, owns a TILE x TILE tile of C in slice get_group_id(2) % splits
// of the K dimension of matrix get_group_id(2) / splits of the batch. It walks K in steps of STEP elements, for which it
// shares the lines of both operands in local memory; two pairs of tiles take turns, so that one barrier per step is enough.
// Warps, words and fragments are explained in tensor_cores.cl; a work-item fetches two fours of words of each operand in
// each step and has four floats of each of the ROWS x 4 results of its warp.
//
// Limit: local memory: 8 * ROWS + 16 loads of a work-item for ROWS * 8 instructions; memory where M, N or K is small. Not
// measured on a GPU.
//
// m, n, k           the shape
// splits, k_slice   the K dimension is cut into `splits` slices of k_slice, the last one shorter
// a                 element (row, p): row * a_stride + p, or p * a_stride + row where A_TRANSPOSED
// b                 element (p, column): p * b_stride + column, or column * b_stride + p where B_TRANSPOSED
// c                 element (row, column): row * c_row_stride + column; slices follow each other at c_slice_stride
// *_batch_stride    from one matrix of the batch to the next; all strides and offsets are in elements
//
// ALIGNED           every fourth float of every line of A and of B lies at a multiple of 16 bytes

#ifndef A_TRANSPOSED
#define A_TRANSPOSED 0
#endif
#ifndef B_TRANSPOSED
#define B_TRANSPOSED 0
#endif
#ifndef ALIGNED
#define ALIGNED 0
#endif
#ifndef BAND
#define BAND 8
#endif

#define A_ALONG_K (!A_TRANSPOSED)
#define B_ALONG_K B_TRANSPOSED

#include "tensor_cores.cl"

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
#else
  __local float *a_matrices = 0;
  __local float *b_matrices = 0;
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
#else
#define LOAD_A(p0) load_along_k(a_next, a_matrix, a_stride, row0, m, p0, k_end, item)
#endif
#if B_TRANSPOSED
#define LOAD_B(p0) load_along_k(b_next, b_matrix, b_stride, column0, n, p0, k_end, item)
#else
#define LOAD_B(p0) load_along_lines(b_next, b_matrix, b_stride, column0, n, p0, k_end, item)
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
    multiply_tiles(
        sum, (__local const uint *)a_fours[turn], (__local const uint *)b_fours[turn], lane, warp, warp_row,
        warp_column, a_matrices, b_matrices);
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
