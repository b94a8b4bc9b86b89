// Attention and its gradient for graphics processors: softmax(scale q kT) v for each sequence and head, the weights never
// stored.
//
// A work-group of 16 x 16 work-items owns a block of BLOCK positions of one sequence and head: block get_group_id(0), pair
// get_group_id(1) of a sequence and a head; it walks the others in blocks of BLOCK through tiles in local memory.
// A work-item owns, of a BLOCK x BLOCK tile of the weights, the rows y + 16 i and columns x + 16 j, and of a BLOCK x WIDTH
// tile the same rows and the columns x + 16 j.
//
// attention_tiled             the result, by blocks of queries; the largest score and the sum are kept up from block to
//                             block (the "online" softmax)
// attention_tiled_statistics  of each query the logarithm of its sum, and the mean of its weights' gradients
// attention_tiled_queries     the queries' gradient, by blocks of queries
// attention_tiled_keys        the keys' and values' gradients, by blocks of keys
//
// What limits these kernels is local memory: a multiply-add for one load of it, ITEM = BLOCK / 16 being 2 at most.
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

#pragma OPENCL FP_CONTRACT OFF

#ifndef MAD
#if defined(FP_FAST_FMAF) || defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define MAD(a, b, c) fma(a, b, c)
#else
#define MAD(a, b, c) mad(a, b, c)
#endif
#endif

#ifndef WIDTH
#define WIDTH 64
#endif
#ifndef CAUSAL
#define CAUSAL 1
#endif
#ifndef BLOCK
#define BLOCK 32
#endif

#define ITEM (BLOCK / 16)
#define COLUMNS ((WIDTH + 15) / 16)
// Rows of the tiles, with a gap that spreads columns over the banks.
#define PITCH (WIDTH + 1)
#define WEIGHTS_PITCH (BLOCK + 1)

#define LENGTH_STRIDE ((ulong)heads * WIDTH)
#define PACKED_START (((ulong)(pair / heads) * length * 3 * heads + pair % heads) * WIDTH)
#define RESULT_START (((ulong)(pair / heads) * length * heads + pair % heads) * WIDTH)

// Loads a block of rows that lie row_stride apart; zeros beyond the last.
static void load_tile(
    __global const float *from, const ulong row_stride, const uint first, const uint length, __local float *tile
) {
  for (uint i = get_local_id(1) * 16 + get_local_id(0); i < BLOCK * WIDTH; i += 256) {
    const uint row = i / WIDTH;
    const uint column = i % WIDTH;
    tile[row * PITCH + column] = first + row < length ? from[(first + row) * row_stride + column] : 0.0f;
  }
}

// This work-item's products of the rows of two tiles.
static void multiply(__local const float *left, __local const float *right, float products[ITEM][ITEM]) {
  const uint x = get_local_id(0);
  const uint y = get_local_id(1);
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
    for (uint j = 0; j < ITEM; j += 1) products[i][j] = 0.0f;
  }
  for (uint d = 0; d < WIDTH; d += 1) {
#pragma unroll
    for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
      for (uint j = 0; j < ITEM; j += 1) {
        products[i][j] = MAD(left[(y + 16 * i) * PITCH + d], right[(x + 16 * j) * PITCH + d], products[i][j]);
      }
    }
  }
}

// Adds the products of this work-item's rows of weights with the columns of a tile.
static void accumulate(__local const float *weights, __local const float *tile, float totals[ITEM][COLUMNS]) {
  const uint x = get_local_id(0);
  const uint y = get_local_id(1);
  for (uint k = 0; k < BLOCK; k += 1) {
#pragma unroll
    for (uint i = 0; i < ITEM; i += 1) {
      const float weight = weights[(y + 16 * i) * WEIGHTS_PITCH + k];
#pragma unroll
      for (uint j = 0; j < COLUMNS; j += 1) {
        // Beyond the last column, the last again; it is not kept.
        totals[i][j] = MAD(weight, tile[k * PITCH + min(x + 16 * j, WIDTH - 1u)], totals[i][j]);
      }
    }
  }
}

static void clear(float totals[ITEM][COLUMNS]) {
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
    for (uint j = 0; j < COLUMNS; j += 1) totals[i][j] = 0.0f;
  }
}

// Writes this work-item's elements of a block of rows, times a factor for each row.
static void store_rows(
    float totals[ITEM][COLUMNS], const float factors[ITEM], const uint first, const uint length, __global float *to,
    const ulong row_stride
) {
  const uint x = get_local_id(0);
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
    const uint row = first + get_local_id(1) + 16 * i;
#pragma unroll
    for (uint j = 0; j < COLUMNS; j += 1) {
      const uint column = x + 16 * j;
      if (row < length && column < WIDTH) to[row * row_stride + column] = totals[i][j] * factors[i];
    }
  }
}

// Whether a query sees a key.
static int sees(const uint query, const uint key, const uint length) {
  return query < length && key < length && (!CAUSAL || key <= query);
}

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

__kernel void attention_tiled_statistics(
    const uint length, const uint heads, const float scale,
    __global const float *packed, const ulong packed_offset,
    __global const float *y, const ulong y_offset,
    __global const float *upstream, const ulong upstream_offset,
    __global float *log_sums, const ulong log_sums_offset,
    __global float *means, const ulong means_offset
) {
  __local float queries[BLOCK * PITCH];
  __local float keys[BLOCK * PITCH];
  __local float weights[BLOCK * WEIGHTS_PITCH];
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
#pragma unroll
    for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
      for (uint j = 0; j < ITEM; j += 1) {
        const int is_seen = sees(min(query + row + 16 * i, length - 1), key + column + 16 * j, length);
        weights[(row + 16 * i) * WEIGHTS_PITCH + column + 16 * j] = is_seen ? scores[i][j] * scale : -INFINITY;
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (uint i = 0; i < ITEM; i += 1) {
      // One work-item for each row; the others of its row have nothing to do.
      if (column == 0) {
        __local const float *scores_row = weights + (row + 16 * i) * WEIGHTS_PITCH;
        float next = largest[i];
        for (uint k = 0; k < BLOCK; k += 1) next = fmax(next, scores_row[k]);
        float sum = 0.0f;
        for (uint k = 0; k < BLOCK; k += 1) sum += exp(scores_row[k] - next);
        sums[i] = sums[i] * exp(largest[i] - next) + sum;
        largest[i] = next;
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
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
  __local float queries[BLOCK * PITCH];
  __local float upstreams[BLOCK * PITCH];
  __local float keys[BLOCK * PITCH];
  __local float values[BLOCK * PITCH];
  __local float weights[BLOCK * WEIGHTS_PITCH];
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
        weights[(row + 16 * i) * WEIGHTS_PITCH + column + 16 * j] =
            is_seen ? weight * (reached[i][j] - row_means[i]) * scale : 0.0f;
      }
    }
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
  __local float queries[BLOCK * PITCH];
  __local float upstreams[BLOCK * PITCH];
  __local float keys[BLOCK * PITCH];
  __local float values[BLOCK * PITCH];
  __local float weights[BLOCK * WEIGHTS_PITCH];
  __local float score_gradients[BLOCK * WEIGHTS_PITCH];
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
        weights[(row + 16 * i) * WEIGHTS_PITCH + column + 16 * j] = weight;
        score_gradients[(row + 16 * i) * WEIGHTS_PITCH + column + 16 * j] =
            is_seen ? weight * (reached[i][j] - mean) * scale : 0.0f;
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    accumulate(weights, upstreams, value_totals);
    accumulate(score_gradients, queries, key_totals);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  __global float *to = gradient + gradient_offset + PACKED_START;
  store_rows(key_totals, ones, key, length, to + LENGTH_STRIDE, 3 * LENGTH_STRIDE);
  store_rows(value_totals, ones, key, length, to + 2 * LENGTH_STRIDE, 3 * LENGTH_STRIDE);
}
