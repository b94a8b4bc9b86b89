// Attention for graphics processors: softmax(scale q kT) v for each sequence and head, the weights never stored.
//
// A work-group owns a block of queries and walks the keys; what of it a work-item owns is in attention_tiles. The largest
// score and the sum are kept up from block to block (the "online" softmax).
//
// Limit: local memory, as in attention_tiles; not measured on a GPU.
//
// length, heads    positions of a sequence, and heads
// scale            what the products of queries and keys are multiplied by
// packed           queries, keys and values: element (sequence, position, part, head, column), without gaps
// y                the result: element (sequence, position, head, column), without gaps
// offsets are in elements
//
// WIDTH            the columns of a head
// CAUSAL           whether a position attends to itself and those before it alone
//
// Source: Dao et al., "FlashAttention", 2022, arXiv:2205.14135.

#include "attention_tiles.cl"

__kernel void attention_tiled(
    const uint length, const uint heads, const float scale,
    __global const float *packed, const ulong packed_offset,
    __global float *y, const ulong y_offset
) {
  __local float4 queries[BLOCK * PITCH];
  __local float4 keys[BLOCK * PITCH];
  __local float4 values[BLOCK * PITCH];
  __local float4 weights[BLOCK * WEIGHTS_PITCH];
  const uint query = get_group_id(0) * BLOCK;
  const uint pair = get_group_id(1);
  __global const float *from = packed + packed_offset + PACKED_START;
  load_tile(from, 3 * LENGTH_STRIDE, query, length, queries);

  float largest[ITEM];
  float sums[ITEM];
  float totals[ITEM][COLUMNS];
  clear(totals);
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
    largest[i] = -INFINITY;
    sums[i] = 0.0f;
  }
  const uint end = CAUSAL ? min(query + BLOCK, length) : length;
  for (uint key = 0; key < end; key += BLOCK) {
    load_tile(from + LENGTH_STRIDE, 3 * LENGTH_STRIDE, key, length, keys);
    load_tile(from + 2 * LENGTH_STRIDE, 3 * LENGTH_STRIDE, key, length, values);
    barrier(CLK_LOCAL_MEM_FENCE);
    float scores[ITEM][ITEM];
    multiply(queries, keys, scores);
    float factors[ITEM];
    soften(scores, query, key, length, scale, weights, largest, sums, factors);
#pragma unroll
    for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
      for (uint j = 0; j < COLUMNS; j += 1) totals[i][j] *= factors[i];
    }
    accumulate(weights, values, totals);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  total(sums, weights);
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) sums[i] = 1.0f / sums[i];
  store_rows(totals, sums, query, length, y + y_offset + RESULT_START, LENGTH_STRIDE);
}
