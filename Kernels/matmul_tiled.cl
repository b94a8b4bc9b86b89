// Matrix product for graphics processors: C[M, N] = A[M, K] B[K, N], then a pointwise chain on each element of C.
//
// A work-group of 16 x 16 work-items owns a TILE x TILE tile of C in slice get_group_id(2) % splits of the K dimension of
// matrix get_group_id(2) / splits of the batch. It walks K in steps of STEP = 1024 / TILE, for which it shares two
// TILE x STEP tiles in local memory; two pairs take turns, so that one barrier per step is enough.
// A work-item owns ITEM x ITEM elements of the tile, ITEM = TILE / 16, in blocks of BLOCK x BLOCK that lie 16 * BLOCK
// apart, and loads four consecutive floats of A and of B in each step.
//
// Limit: arithmetic at TILE = 128, where 64 multiply-adds take 4 loads of 16 bytes from local memory, those loads below;
// memory where M, N or K is small. Not measured on a GPU.
//
// m, n, k           the shape
// splits, k_slice   the K dimension is cut into `splits` slices of k_slice, the last one shorter
// a                 element (row, p): row * a_stride + p, or p * a_stride + row where A_TRANSPOSED
// b                 element (p, column): p * b_stride + column, or column * b_stride + p where B_TRANSPOSED
// c                 element (row, column): row * c_row_stride + column; slices follow each other at c_slice_stride
// *_batch_stride    from one matrix of the batch to the next; all strides and offsets are in elements
//
// ALIGNED           every fourth float of every line of A and of B lies at a multiple of 16 bytes
// EXACT             M and N are multiples of TILE and every slice one of STEP: there are no edges to mind
// ROW_SUMS          not 0 where row_sums[row] becomes the sum of A's row: a work-item sums what it loads, and the work-groups of
//                   the first tile column add that up; for one slice, one matrix and A_TRANSPOSED

#include "arithmetic.cl"

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
#ifndef EXACT
#define EXACT 0
#endif
#ifndef ROW_SUMS
#define ROW_SUMS 0
#endif
#ifndef BAND
#define BAND 8
#endif

#define STEP (1024 / TILE)
#define ITEM (TILE / 16)
#if TILE == 32
#define BLOCK 2
#else
#define BLOCK 4
#endif
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define VECTOR JOIN(float, BLOCK)
// A row of a local tile, with a gap that spreads transposed stores over the banks and leaves rows aligned.
#define PITCH (TILE + 4)

// The place of a work-item's element in its tile, along either dimension.
#define PLACE(item, element) (((element) / BLOCK) * (16 * BLOCK) + (item) * BLOCK + (element) % BLOCK)

// Four consecutive floats of one line of an operand.
static float4 load_whole_four(__global const float *source) {
#if ALIGNED
  return *(__global const float4 *)source;
#else
  return vload4(0, source);
#endif
}

// The same, zeros from `count` on.
static float4 load_four(__global const float *source, const int count) {
  if (count >= 4) return load_whole_four(source);
  float4 value = (float4)(0.0f);
  if (count > 0) value.x = source[0];
  if (count > 1) value.y = source[1];
  if (count > 2) value.z = source[2];
  return value;
}

// Four elements of a line, p to p + 3, into four rows of a local tile.
static void store_column(__local float *place, const float4 four) {
  place[0] = four.x;
  place[PITCH] = four.y;
  place[2 * PITCH] = four.z;
  place[3 * PITCH] = four.w;
}

__kernel __attribute__((reqd_work_group_size(16, 16, 1)))
void matmul_tiled(
    const uint m, const uint n, const uint k, const uint splits, const uint k_slice,
    __global const float *restrict a, const ulong a_offset, const ulong a_batch_stride, const ulong a_stride,
    __global const float *restrict b, const ulong b_offset, const ulong b_batch_stride, const ulong b_stride,
    __global float *c, const ulong c_offset, const ulong c_batch_stride, const ulong c_slice_stride,
    const ulong c_row_stride
    //@begin arguments
    //@end arguments
) {
  __local float4 a_fours[2][STEP * PITCH / 4];
  __local float4 b_fours[2][STEP * PITCH / 4];

  const uint x = get_local_id(0);
  const uint y = get_local_id(1);
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

  // The four elements that this work-item loads in a step: (line, p) .. (line, p + 3), or (line, p) .. (line + 3, p).
  const uint load = y * 16 + x;
#if A_TRANSPOSED
  const uint a_line = load % (TILE / 4) * 4;
  const uint a_p = load / (TILE / 4);
#else
  const uint a_line = load / (STEP / 4);
  const uint a_p = load % (STEP / 4) * 4;
#endif
#if B_TRANSPOSED
  const uint b_line = load / (STEP / 4);
  const uint b_p = load % (STEP / 4) * 4;
#else
  const uint b_line = load % (TILE / 4) * 4;
  const uint b_p = load / (TILE / 4);
#endif
  __global const float *a_matrix = a + a_offset + batch * a_batch_stride;
  __global const float *b_matrix = b + b_offset + batch * b_batch_stride;

// What there is of the four elements at p: along the lines, or along K.
#if EXACT
#define FOUR_ALONG_LINES(matrix, stride, first, line, lines, p) \
  ((p) < k_end ? load_whole_four(matrix + (p) * stride + first + line) : (float4)(0.0f))
#define FOUR_ALONG_K(matrix, stride, first, line, lines, p) \
  ((p) < k_end ? load_whole_four(matrix + (first + line) * stride + (p)) : (float4)(0.0f))
#else
#define FOUR_ALONG_LINES(matrix, stride, first, line, lines, p)                        \
  ((p) < k_end && first + line < lines                                                 \
       ? load_four(matrix + (p) * stride + first + line, (int)(lines - first - line))  \
       : (float4)(0.0f))
#define FOUR_ALONG_K(matrix, stride, first, line, lines, p)                            \
  ((p) < k_end && first + line < lines                                                 \
       ? load_four(matrix + (first + line) * stride + (p), (int)(k_end - (p)))         \
       : (float4)(0.0f))
#endif
#if A_TRANSPOSED
#define LOAD_A(p) FOUR_ALONG_LINES(a_matrix, a_stride, row0, a_line, m, p)
#define STORE_A(tile) a_fours[tile][(a_p * PITCH + a_line) / 4] = a_four
#else
#define LOAD_A(p) FOUR_ALONG_K(a_matrix, a_stride, row0, a_line, m, p)
#define STORE_A(tile) store_column((__local float *)a_fours[tile] + a_p * PITCH + a_line, a_four)
#endif
#if B_TRANSPOSED
#define LOAD_B(p) FOUR_ALONG_K(b_matrix, b_stride, column0, b_line, n, p)
#define STORE_B(tile) store_column((__local float *)b_fours[tile] + b_p * PITCH + b_line, b_four)
#else
#define LOAD_B(p) FOUR_ALONG_LINES(b_matrix, b_stride, column0, b_line, n, p)
#define STORE_B(tile) b_fours[tile][(b_p * PITCH + b_line) / 4] = b_four
#endif

#if ROW_SUMS
  float4 row_sum = (float4)(0.0f);
#define SUM_A row_sum += a_four
#else
#define SUM_A
#endif

  float sum[ITEM][ITEM];
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
    for (uint j = 0; j < ITEM; j += 1) sum[i][j] = 0.0f;
  }

  float4 a_four = LOAD_A(k_begin + a_p);
  float4 b_four = LOAD_B(k_begin + b_p);
  SUM_A;
  STORE_A(0);
  STORE_B(0);
  barrier(CLK_LOCAL_MEM_FENCE);

  uint turn = 0;
  for (uint p0 = k_begin; p0 < k_end; p0 += STEP) {
    // The next step's elements are on their way while this step's are used.
    a_four = LOAD_A(p0 + STEP + a_p);
    b_four = LOAD_B(p0 + STEP + b_p);
    __local const float *a_tile = (__local const float *)a_fours[turn];
    __local const float *b_tile = (__local const float *)b_fours[turn];
#pragma unroll
    for (uint p = 0; p < STEP; p += 1) {
      VECTOR a_vectors[ITEM / BLOCK];
      VECTOR b_vectors[ITEM / BLOCK];
#pragma unroll
      for (uint i = 0; i < ITEM; i += BLOCK)
        a_vectors[i / BLOCK] = *(__local const VECTOR *)(a_tile + p * PITCH + PLACE(y, i));
#pragma unroll
      for (uint j = 0; j < ITEM; j += BLOCK)
        b_vectors[j / BLOCK] = *(__local const VECTOR *)(b_tile + p * PITCH + PLACE(x, j));
      const float *a_values = (const float *)a_vectors;
      const float *b_values = (const float *)b_vectors;
#pragma unroll
      for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
        for (uint j = 0; j < ITEM; j += 1) sum[i][j] = MAD(a_values[i], b_values[j], sum[i][j]);
      }
    }
    turn = 1 - turn;
    SUM_A;
    STORE_A(turn);
    STORE_B(turn);
    barrier(CLK_LOCAL_MEM_FENCE);
  }

#if ROW_SUMS
  // The sums of the work-items that loaded the same rows lie where their last loads did: one below the other.
  a_four = row_sum;
  STORE_A(0);
  barrier(CLK_LOCAL_MEM_FENCE);
  if (column0 == 0 && load < TILE && row0 + load < m) {
    __local const float *parts = (__local const float *)a_fours[0] + load;
    float total = 0.0f;
    for (uint p = 0; p < STEP; p += 1) total += parts[p * PITCH];
    row_sums[row_sums_offset + row0 + load] = total;
  }
#endif

#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
    const uint row = row0 + PLACE(y, i);
    if (EXACT || row < m) {
      __global float *c_row = c + c_offset + batch * c_batch_stride + slice * c_slice_stride + row * c_row_stride;
      //@begin rows
      //@end rows
#pragma unroll
      for (uint j = 0; j < ITEM; j += BLOCK) {
        const uint column_begin = column0 + PLACE(x, j);
        float block[BLOCK];
#pragma unroll
        for (uint lane = 0; lane < BLOCK; lane += 1) block[lane] = sum[i][j + lane];
        if (EXACT || column_begin + BLOCK <= n) {
#define REAL JOIN(float, BLOCK)
#define LOAD JOIN(vload, BLOCK)
#define STORE JOIN(vstore, BLOCK)
#define ELEMENT(column) (((ulong)batch * m + row) * n + column)
#define RANDOM(stream) JOIN(random_float, BLOCK)(ELEMENT(column), (uint2)(key0, key1), step, stream)
          const uint column = column_begin;
          const REAL product = LOAD(0, block);
          //@begin vector
          STORE(product, 0, c_row + column);
          //@end vector
#undef RANDOM
        } else {
#define RANDOM(stream) random_float(ELEMENT(column), (uint2)(key0, key1), step, stream)
          for (uint column = column_begin; column < n; column += 1) {
            const float product = block[column - column_begin];
            //@begin scalar
            c_row[column] = product;
            //@end scalar
          }
#undef RANDOM
        }
      }
    }
  }
}
