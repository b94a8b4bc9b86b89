// The gradient of attention_tiled, for graphics processors; the weights are computed anew and never stored.
//
// attention_tiled_statistics  of each query the logarithm of its sum, and the mean of its weights' gradients
// attention_tiled_queries     the queries' gradient, by blocks of queries
// attention_tiled_keys        the keys' and values' gradients, by blocks of keys
//
// A work-group owns a block of queries or of keys and walks the others; what of it a work-item owns is in attention_tiles.
//
// Limit: local memory, as in attention_tiles; not measured on a GPU.
//
// length, heads    positions of a sequence, and heads
// scale            what the products of queries and keys are multiplied by
// packed           queries, keys and values: element (sequence, position, part, head, column), without gaps
// y, upstream      the result and its gradient: element (sequence, position, head, column), without gaps
// log_sums, means  the statistics: element (pair, query)
// gradient         as packed
// offsets are in elements
//
// WIDTH            the columns of a head
// CAUSAL           whether a position attends to itself and those before it alone
//
// Source: Dao et al., "FlashAttention", 2022, arXiv:2205.14135.

#include "attention_tiles.cl"

__kernel void attention_tiled_statistics(
    const uint length, const uint heads, const float scale,
    __global const float *packed, const ulong packed_offset,
    __global const float *y, const ulong y_offset,
    __global const float *upstream, const ulong upstream_offset,
    __global float *log_sums, const ulong log_sums_offset,
    __global float *means, const ulong means_offset
) {
  __local float4 queries[BLOCK * PITCH];
  __local float4 keys[BLOCK * PITCH];
  __local float4 weights[BLOCK * WEIGHTS_PITCH];
  const uint column = get_local_id(0);
  const uint row = get_local_id(1);
  const uint query = get_group_id(0) * BLOCK;
  const uint pair = get_group_id(1);
  __global const float *from = packed + packed_offset + PACKED_START;
  load_tile(from, 3 * LENGTH_STRIDE, query, length, queries);

  float largest[ITEM];
  float sums[ITEM];
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
    largest[i] = -INFINITY;
    sums[i] = 0.0f;
  }
  const uint end = CAUSAL ? min(query + BLOCK, length) : length;
  for (uint key = 0; key < end; key += BLOCK) {
    load_tile(from + LENGTH_STRIDE, 3 * LENGTH_STRIDE, key, length, keys);
    barrier(CLK_LOCAL_MEM_FENCE);
    float scores[ITEM][ITEM];
    multiply(queries, keys, scores);
    float factors[ITEM];
    soften(scores, query, key, length, scale, weights, largest, sums, factors);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  total(sums, weights);
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
    const uint position = query + row + 16 * i;
    if (column == 0 && position < length) {
      float mean = 0.0f;
      const ulong place = RESULT_START + position * LENGTH_STRIDE;
      for (uint d = 0; d < WIDTH; d += 1) {
        mean = MAD(upstream[upstream_offset + place + d], y[y_offset + place + d], mean);
      }
      means[means_offset + (ulong)pair * length + position] = mean;
      log_sums[log_sums_offset + (ulong)pair * length + position] = log(sums[i]) + largest[i];
    }
  }
}

__kernel void attention_tiled_queries(
    const uint length, const uint heads, const float scale,
    __global const float *packed, const ulong packed_offset,
    __global const float *upstream, const ulong upstream_offset,
    __global const float *log_sums, const ulong log_sums_offset,
    __global const float *means, const ulong means_offset,
    __global float *gradient, const ulong gradient_offset
) {
  __local float4 queries[BLOCK * PITCH];
  __local float4 upstreams[BLOCK * PITCH];
  __local float4 keys[BLOCK * PITCH];
  __local float4 values[BLOCK * PITCH];
  __local float4 weights[BLOCK * WEIGHTS_PITCH];
  const uint column = get_local_id(0);
  const uint row = get_local_id(1);
  const uint query = get_group_id(0) * BLOCK;
  const uint pair = get_group_id(1);
  __global const float *from = packed + packed_offset + PACKED_START;
  load_tile(from, 3 * LENGTH_STRIDE, query, length, queries);
  load_tile(upstream + upstream_offset + RESULT_START, LENGTH_STRIDE, query, length, upstreams);

  float row_sums[ITEM];
  float row_means[ITEM];
  float ones[ITEM];
  float totals[ITEM][COLUMNS];
  clear(totals);
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
    const ulong place = (ulong)pair * length + min(query + row + 16 * i, length - 1);
    row_sums[i] = log_sums[log_sums_offset + place];
    row_means[i] = means[means_offset + place];
    ones[i] = 1.0f;
  }
  const uint end = CAUSAL ? min(query + BLOCK, length) : length;
  for (uint key = 0; key < end; key += BLOCK) {
    load_tile(from + LENGTH_STRIDE, 3 * LENGTH_STRIDE, key, length, keys);
    load_tile(from + 2 * LENGTH_STRIDE, 3 * LENGTH_STRIDE, key, length, values);
    barrier(CLK_LOCAL_MEM_FENCE);
    float scores[ITEM][ITEM];
    float reached[ITEM][ITEM];
    multiply(queries, keys, scores);
    multiply(upstreams, values, reached);
#pragma unroll
    for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
      for (uint j = 0; j < ITEM; j += 1) {
        const int is_seen = sees(query + row + 16 * i, key + column + 16 * j, length);
        const float weight = exp(scores[i][j] * scale - row_sums[i]);
        scores[i][j] = is_seen ? weight * (reached[i][j] - row_means[i]) * scale : 0.0f;
      }
    }
    share_weights(scores, weights);
    barrier(CLK_LOCAL_MEM_FENCE);
    accumulate(weights, keys, totals);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  store_rows(totals, ones, query, length, gradient + gradient_offset + PACKED_START, 3 * LENGTH_STRIDE);
}

__kernel void attention_tiled_keys(
    const uint length, const uint heads, const float scale,
    __global const float *packed, const ulong packed_offset,
    __global const float *upstream, const ulong upstream_offset,
    __global const float *log_sums, const ulong log_sums_offset,
    __global const float *means, const ulong means_offset,
    __global float *gradient, const ulong gradient_offset
) {
  __local float4 queries[BLOCK * PITCH];
  __local float4 upstreams[BLOCK * PITCH];
  __local float4 keys[BLOCK * PITCH];
  __local float4 values[BLOCK * PITCH];
  __local float4 weights[BLOCK * WEIGHTS_PITCH];
  __local float4 score_gradients[BLOCK * WEIGHTS_PITCH];
  const uint column = get_local_id(0);
  const uint row = get_local_id(1);
  const uint key = get_group_id(0) * BLOCK;
  const uint pair = get_group_id(1);
  __global const float *from = packed + packed_offset + PACKED_START;
  load_tile(from + LENGTH_STRIDE, 3 * LENGTH_STRIDE, key, length, keys);
  load_tile(from + 2 * LENGTH_STRIDE, 3 * LENGTH_STRIDE, key, length, values);

  float ones[ITEM];
  float key_totals[ITEM][COLUMNS];
  float value_totals[ITEM][COLUMNS];
  clear(key_totals);
  clear(value_totals);
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) ones[i] = 1.0f;
  for (uint query = CAUSAL ? key : 0; query < length; query += BLOCK) {
    load_tile(from, 3 * LENGTH_STRIDE, query, length, queries);
    load_tile(upstream + upstream_offset + RESULT_START, LENGTH_STRIDE, query, length, upstreams);
    barrier(CLK_LOCAL_MEM_FENCE);
    float scores[ITEM][ITEM];
    float reached[ITEM][ITEM];
    multiply(keys, queries, scores);
    multiply(values, upstreams, reached);
#pragma unroll
    for (uint j = 0; j < ITEM; j += 1) {
      const ulong place = (ulong)pair * length + min(query + column + 16 * j, length - 1);
      const float log_sum = log_sums[log_sums_offset + place];
      const float mean = means[means_offset + place];
#pragma unroll
      for (uint i = 0; i < ITEM; i += 1) {
        const int is_seen = sees(query + column + 16 * j, key + row + 16 * i, length);
        const float weight = is_seen ? exp(scores[i][j] * scale - log_sum) : 0.0f;
        scores[i][j] = weight;
        reached[i][j] = is_seen ? weight * (reached[i][j] - mean) * scale : 0.0f;
      }
    }
    share_weights(scores, weights);
    share_weights(reached, score_gradients);
    barrier(CLK_LOCAL_MEM_FENCE);
    accumulate(weights, upstreams, value_totals);
    accumulate(score_gradients, queries, key_totals);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  __global float *to = gradient + gradient_offset + PACKED_START;
  store_rows(key_totals, ones, key, length, to + LENGTH_STRIDE, 3 * LENGTH_STRIDE);
  store_rows(value_totals, ones, key, length, to + 2 * LENGTH_STRIDE, 3 * LENGTH_STRIDE);
}
