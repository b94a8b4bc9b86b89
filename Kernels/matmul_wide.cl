// Matrix product for processors: C[M, N] = A[M, K] B[K, N], then a pointwise chain on each element of C.
//
// A work-item owns a TILE_M x TILE_N tile of C, kept in TILE_M * TILE_N / 16 vectors of 16 floats: tile row
// get_global_id(0), tile column get_global_id(1), or the other way round where ROWS_SHARED, in slice
// get_global_id(2) % splits of the K dimension of matrix get_global_id(2) / splits of the batch. A work-group owns nothing
// together: no local memory, no barrier.
//
// A tile that would reach over the edge of C is moved back inside, and only what no other tile owns is written.
// So m >= TILE_M unless A is packed, and n >= TILE_N unless B is packed; packed panels are padded with zeros.
//
// Limit: arithmetic; 58 to 88 % of the rate of multiply-adds from 512x512x512 on, 40 to 97 % on layers' shapes, and 11 to
// 20 % where one side is 10, on PoCL (2 Zen 4 cores), measured by `apus bench product`.
//
// m, n, k           the shape
// splits, k_slice   the K dimension is cut into `splits` slices of k_slice, the last one shorter
// a                 element (row, p) of tile i: i * a_tile_stride + row * a_row_stride + p * a_k_stride, where
//                   A_ROWS_ADJACENT says that a_row_stride is 1, and otherwise a_k_stride is 1
// b                 element (p, column) of tile j: j * b_tile_stride + p * b_k_stride + column
// c                 element (row, column): row * c_row_stride + column; slices follow each other at c_slice_stride
// *_batch_stride    from one matrix of the batch to the next
// all strides are in elements, as are the offsets
//
// AHEAD             not 0 where lines are fetched before the loop over K: those that the chain reads, and, where FETCHES_C says
//                   so, C's; else the loads, and the stores, would wait for what is in no cache
// ROWS_SHARED       whether neighbouring work-items share rows and not columns: what they share stays in the caches, so it
//                   should be of the larger operand; and they write C's rows from end to end
// ROW_SUMS          not 0 where row_sums[row] becomes the sum of A's row: by the work-items of the first tile column, before they
//                   multiply; for one slice, one matrix and A_ROWS_ADJACENT

#include "arithmetic.cl"
#include "fetch.cl"

#ifndef TILE_M
#define TILE_M 12
#endif
#ifndef TILE_N
#define TILE_N 32
#endif
#ifndef A_ROWS_ADJACENT
#define A_ROWS_ADJACENT 0
#endif
#ifndef A_PACKED
#define A_PACKED 0
#endif
#ifndef B_PACKED
#define B_PACKED 0
#endif

#ifndef ROWS_SHARED
#define ROWS_SHARED 0
#endif
#ifndef FETCHES_C
#define FETCHES_C 0
#endif
#ifndef ROW_SUMS
#define ROW_SUMS 0
#endif

#define VECTORS (TILE_N / 16)
#if ROWS_SHARED
#define TILE_ROW get_global_id(1)
#define TILE_COLUMN get_global_id(0)
#else
#define TILE_ROW get_global_id(0)
#define TILE_COLUMN get_global_id(1)
#endif

__kernel void matmul_wide(
    const uint m, const uint n, const uint k, const uint splits, const uint k_slice,
    __global const float *restrict a, const ulong a_offset, const ulong a_batch_stride, const ulong a_tile_stride,
    const ulong a_row_stride, const ulong a_k_stride,
    __global const float *restrict b, const ulong b_offset, const ulong b_batch_stride, const ulong b_tile_stride,
    const ulong b_k_stride,
    __global float *c, const ulong c_offset, const ulong c_batch_stride, const ulong c_slice_stride,
    const ulong c_row_stride
    //@begin arguments
    //@end arguments
) {
  const uint slice = get_global_id(2) % splits;
  const uint batch = get_global_id(2) / splits;
  const uint first_row = TILE_ROW * TILE_M;
  const uint first_column = TILE_COLUMN * TILE_N;
  const uint k_begin = slice * k_slice;
  const uint k_end = min(k_begin + k_slice, k);

  uint row0 = first_row;
  uint column0 = first_column;
#if !A_PACKED
  if (row0 + TILE_M > m) row0 = m - TILE_M;
#endif
#if !B_PACKED
  if (column0 + TILE_N > n) column0 = n - TILE_N;
#endif
  __global const float *ap =
      a + a_offset + batch * a_batch_stride + TILE_ROW * a_tile_stride + k_begin * a_k_stride
      - (first_row - row0) * a_row_stride;
  __global const float *bp =
      b + b_offset + batch * b_batch_stride + TILE_COLUMN * b_tile_stride + k_begin * b_k_stride
      - (first_column - column0);

#if AHEAD
// A row of a tile; one that is not aligned ends in another line.
#define FETCH_ROW_BY(fetch, pointer)                                                 \
  _Pragma("unroll") for (uint v = 0; v < VECTORS; v += 1) fetch((pointer) + v * 16); \
  fetch((pointer) + TILE_N - 1);
#define FETCH_ROW(pointer) FETCH_ROW_BY(FETCH, pointer)
#pragma unroll
  for (uint row = row0; row < row0 + TILE_M; row += 1) {
#if FETCHES_C
    FETCH_ROW_BY(
        FETCH_TO_WRITE, c + c_offset + batch * c_batch_stride + slice * c_slice_stride + row * c_row_stride + column0)
#endif
    //@begin fetches
    //@end fetches
  }
#endif

#if ROW_SUMS
  if (TILE_COLUMN == 0) {
    float row_sum[TILE_M];
#pragma unroll
    for (uint row = 0; row < TILE_M; row += 1) row_sum[row] = 0.0f;
    __global const float *values = ap;
    for (uint p = k_begin; p < k_end; p += 1) {
#pragma unroll
      for (uint row = 0; row < TILE_M; row += 1) row_sum[row] += values[row];
      values += a_k_stride;
    }
    __global float *to = row_sums + row_sums_offset + row0;
#pragma unroll
    for (uint row = 0; row < TILE_M; row += 1) {
      if (row0 + row >= first_row && row0 + row < m) to[row] = row_sum[row];
    }
  }
#endif

  float16 sum[TILE_M][VECTORS];
#pragma unroll
  for (uint row = 0; row < TILE_M; row += 1) {
#pragma unroll
    for (uint v = 0; v < VECTORS; v += 1) sum[row][v] = (float16)(0.0f);
  }
  for (uint p = k_begin; p < k_end; p += 1) {
    float16 b_row[VECTORS];
#pragma unroll
    for (uint v = 0; v < VECTORS; v += 1) b_row[v] = vload16(v, bp);
#pragma unroll
    for (uint row = 0; row < TILE_M; row += 1) {
#if A_ROWS_ADJACENT
      const float16 a_value = (float16)(ap[row]);
#else
      const float16 a_value = (float16)(ap[row * a_row_stride]);
#endif
#pragma unroll
      for (uint v = 0; v < VECTORS; v += 1) sum[row][v] = MAD(a_value, b_row[v], sum[row][v]);
    }
#if A_ROWS_ADJACENT
    ap += a_k_stride;
#else
    ap += 1;
#endif
    bp += b_k_stride;
  }

  // Through memory from here on, so that the chain's code is not repeated for every vector of the tile.
  float tile[TILE_M * TILE_N];
#pragma unroll
  for (uint row = 0; row < TILE_M; row += 1) {
#pragma unroll
    for (uint v = 0; v < VECTORS; v += 1) vstore16(sum[row][v], row * VECTORS + v, tile);
  }
  for (uint row = max(row0, first_row); row < min(row0 + TILE_M, m); row += 1) {
    const float *tile_row = tile + (row - row0) * TILE_N;
    __global float *c_row = c + c_offset + batch * c_batch_stride + slice * c_slice_stride + row * c_row_stride;
    //@begin rows
    //@end rows
    for (uint v = 0; v < VECTORS; v += 1) {
      const uint column_begin = column0 + v * 16;
      if (column_begin >= first_column && column_begin + 16 <= n) {
#define REAL float16
#define LOAD vload16
#define RANDOM(stream) random_float16(((ulong)batch * m + row) * n + column, (uint2)(key0, key1), step, stream)
        const uint column = column_begin;
        const float16 product = vload16(v, tile_row);
        //@begin vector
        vstore16(product, 0, c_row + column);
        //@end vector
#undef RANDOM
      } else {
#define RANDOM(stream) random_float(((ulong)batch * m + row) * n + column, (uint2)(key0, key1), step, stream)
        for (uint column = max(column_begin, first_column); column < min(column_begin + 16, n); column += 1) {
          const float product = tile_row[column - column0];
          //@begin scalar
          c_row[column] = product;
          //@end scalar
        }
#undef RANDOM
      }
    }
  }
}
