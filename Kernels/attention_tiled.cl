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
  __local float queries[BLOCK * PITCH];
  __local float keys[BLOCK * PITCH];
  __local float values[BLOCK * PITCH];
  __local float weights[BLOCK * WEIGHTS_PITCH];
  const uint column = get_local_id(0);
  const uint row = get_local_id(1);
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
#pragma unroll
    for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
      for (uint j = 0; j < ITEM; j += 1) {
        // Rows beyond the last see the first key, so that their sums are not zero.
        const int is_seen = sees(min(query + row + 16 * i, length - 1), key + column + 16 * j, length);
        scores[i][j] = is_seen ? scores[i][j] * scale : -INFINITY;
        weights[(row + 16 * i) * WEIGHTS_PITCH + column + 16 * j] = scores[i][j];
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    float factors[ITEM];
#pragma unroll
    for (uint i = 0; i < ITEM; i += 1) {
      float next = largest[i];
      for (uint k = 0; k < BLOCK; k += 1) next = fmax(next, weights[(row + 16 * i) * WEIGHTS_PITCH + k]);
      factors[i] = exp(largest[i] - next);
      largest[i] = next;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
      for (uint j = 0; j < ITEM; j += 1) {
        weights[(row + 16 * i) * WEIGHTS_PITCH + column + 16 * j] = exp(scores[i][j] - largest[i]);
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (uint i = 0; i < ITEM; i += 1) {
      float sum = 0.0f;
      for (uint k = 0; k < BLOCK; k += 1) sum += weights[(row + 16 * i) * WEIGHTS_PITCH + k];
      sums[i] = sums[i] * factors[i] + sum;
#pragma unroll
      for (uint j = 0; j < COLUMNS; j += 1) totals[i][j] *= factors[i];
    }
    accumulate(weights, values, totals);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) sums[i] = 1.0f / sums[i];
  store_rows(totals, sums, query, length, y + y_offset + RESULT_START, LENGTH_STRIDE);
}
