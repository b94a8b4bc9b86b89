// Matrix product for processors where the rows of A and the columns of B are both contiguous along K: C = A Bt, with
// A[M, K] and Bt[N, K], then a pointwise chain on each element of C.
//
// A work-item owns a TILE_M x TILE_N tile of C, each element kept as 16 partial sums over K: tile row
// get_global_id(0), tile column get_global_id(1), of matrix get_global_id(2) of the batch. A work-group owns nothing
// together: no local memory, no barrier. Neither operand has to be packed, which pays where the product is small.
//
// A tile that would reach over the edge of C is moved back inside, and only what no other tile owns is written.
// So m >= TILE_M, n >= TILE_N and k >= 16.
//
// Limit: arithmetic; 47 to 87 % of the rate of multiply-adds, the more the longer K, and 15 % where N is 10, on PoCL (2
// Zen 4 cores), measured by `apus bench product`.
//
// m, n, k          the shape
// a, b             element (row or column, p): row * row_stride + p
// c                element (row, column): row * c_row_stride + column
// *_batch_stride   from one matrix of the batch to the next; all strides and offsets are in elements
//
// AHEAD                     not 0 where the next tiles' rows of Bt are fetched: where they are in no cache
// JOINS_THROUGH_MEMORY      for oclgrind, which cannot follow vectors that are joined

#include "arithmetic.cl"
#include "fetch.cl"

#ifndef TILE_M
#define TILE_M 5
#endif
#ifndef TILE_N
#define TILE_N 5
#endif

#ifdef JOINS_THROUGH_MEMORY
static float16 join_four(const float4 a, const float4 b, const float4 c, const float4 d) {
  float parts[16];
  vstore4(a, 0, parts);
  vstore4(b, 1, parts);
  vstore4(c, 2, parts);
  vstore4(d, 3, parts);
  return vload16(0, parts);
}
#define JOIN_TWO(a, b) join_four((a).lo, (a).hi, (b).lo, (b).hi)
#define JOIN_FOUR(a, b, c, d) join_four(a, b, c, d)
#else
#define JOIN_TWO(a, b) (float16)(a, b)
#define JOIN_FOUR(a, b, c, d) (float16)(a, b, c, d)
#endif

// The sum of 16 lanes, always in the same order.
static float sum_of_lanes(const float16 x) {
  const float8 eight = x.lo + x.hi;
  const float4 four = eight.lo + eight.hi;
  const float2 two = four.lo + four.hi;
  return two.x + two.y;
}

// The same of eight vectors: at every step the halves of two sums take the place of one.
static float8 sums_of_lanes(
    const float16 a, const float16 b, const float16 c, const float16 d,
    const float16 e, const float16 f, const float16 g, const float16 h
) {
  const float16 ab = JOIN_TWO(a.lo, b.lo) + JOIN_TWO(a.hi, b.hi);
  const float16 cd = JOIN_TWO(c.lo, d.lo) + JOIN_TWO(c.hi, d.hi);
  const float16 ef = JOIN_TWO(e.lo, f.lo) + JOIN_TWO(e.hi, f.hi);
  const float16 gh = JOIN_TWO(g.lo, h.lo) + JOIN_TWO(g.hi, h.hi);
  const float16 abcd =
      JOIN_FOUR(ab.s0123, ab.s89ab, cd.s0123, cd.s89ab) + JOIN_FOUR(ab.s4567, ab.scdef, cd.s4567, cd.scdef);
  const float16 efgh =
      JOIN_FOUR(ef.s0123, ef.s89ab, gh.s0123, gh.s89ab) + JOIN_FOUR(ef.s4567, ef.scdef, gh.s4567, gh.scdef);
  const float16 all =
      JOIN_FOUR(abcd.s0145, abcd.s89cd, efgh.s0145, efgh.s89cd)
      + JOIN_FOUR(abcd.s2367, abcd.sabef, efgh.s2367, efgh.sabef);
  return all.even + all.odd;
}

__kernel void matmul_dot(
    const uint m, const uint n, const uint k,
    __global const float *restrict a, const ulong a_offset, const ulong a_batch_stride, const ulong a_row_stride,
    __global const float *restrict b, const ulong b_offset, const ulong b_batch_stride, const ulong b_row_stride,
    __global float *c, const ulong c_offset, const ulong c_batch_stride, const ulong c_row_stride
    //@begin arguments
    //@end arguments
) {
  const uint batch = get_global_id(2);
  const uint first_row = get_global_id(0) * TILE_M;
  const uint first_column = get_global_id(1) * TILE_N;
  const uint row0 = min(first_row, m - TILE_M);
  const uint column0 = min(first_column, n - TILE_N);
  __global const float *ap = a + a_offset + batch * a_batch_stride + row0 * a_row_stride;
  __global const float *bp = b + b_offset + batch * b_batch_stride + column0 * b_row_stride;

#if AHEAD
  // The tiles of a column share its rows of Bt, and each of them fetches a part of the next one's.
  __global const float *next = bp + TILE_N * b_row_stride;
  const uint lines = k / 16 + 1;
  for (uint line = get_global_id(0); line < lines; line += get_global_size(0)) {
#pragma unroll
    for (uint column = 0; column < TILE_N; column += 1) FETCH(next + column * b_row_stride + line * 16);
  }
#endif

  float16 sum[TILE_M][TILE_N];
#pragma unroll
  for (uint row = 0; row < TILE_M; row += 1) {
#pragma unroll
    for (uint column = 0; column < TILE_N; column += 1) sum[row][column] = (float16)(0.0f);
  }
  uint p = 0;
  for (; p + 16 <= k; p += 16) {
    float16 b_part[TILE_N];
#pragma unroll
    for (uint column = 0; column < TILE_N; column += 1) b_part[column] = vload16(0, bp + column * b_row_stride + p);
#pragma unroll
    for (uint row = 0; row < TILE_M; row += 1) {
      const float16 a_part = vload16(0, ap + row * a_row_stride + p);
#pragma unroll
      for (uint column = 0; column < TILE_N; column += 1) {
        sum[row][column] = MAD(a_part, b_part[column], sum[row][column]);
      }
    }
  }
  if (p < k) {
    // The last 16 of K, without those that were taken already.
    const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const int16 isNew = lane >= (int16)((int)(p + 16 - k));
    float16 b_part[TILE_N];
#pragma unroll
    for (uint column = 0; column < TILE_N; column += 1) {
      const float16 part = vload16(0, bp + column * b_row_stride + k - 16);
      b_part[column] = isNew ? part : (float16)(0.0f);
    }
#pragma unroll
    for (uint row = 0; row < TILE_M; row += 1) {
      const float16 part = vload16(0, ap + row * a_row_stride + k - 16);
      const float16 a_part = isNew ? part : (float16)(0.0f);
#pragma unroll
      for (uint column = 0; column < TILE_N; column += 1) {
        sum[row][column] = MAD(a_part, b_part[column], sum[row][column]);
      }
    }
  }

  // Through memory from here on, so that the chain's code is not repeated for every element of the tile.
#define SUM(element) sum[(element) / TILE_N][(element) % TILE_N]
  float tile[TILE_M * TILE_N];
#pragma unroll
  for (uint i = 0; i < TILE_M * TILE_N / 8 * 8; i += 8) {
    const float8 eight = sums_of_lanes(
        SUM(i), SUM(i + 1), SUM(i + 2), SUM(i + 3), SUM(i + 4), SUM(i + 5), SUM(i + 6), SUM(i + 7));
    vstore8(eight, 0, tile + i);
  }
#pragma unroll
  for (uint i = TILE_M * TILE_N / 8 * 8; i < TILE_M * TILE_N; i += 1) tile[i] = sum_of_lanes(SUM(i));
#define RANDOM(stream) random_float(((ulong)batch * m + row) * n + column, (uint2)(key0, key1), step, stream)
  for (uint row = first_row; row < row0 + TILE_M; row += 1) {
    __global float *c_row = c + c_offset + batch * c_batch_stride + row * c_row_stride;
    //@begin rows
    //@end rows
    for (uint column = first_column; column < column0 + TILE_N; column += 1) {
      const float product = tile[(row - row0) * TILE_N + column - column0];
      //@begin scalar
      c_row[column] = product;
      //@end scalar
    }
  }
#undef RANDOM
}
