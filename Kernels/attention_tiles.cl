// What attention and its gradient share on graphics processors: tiles of queries, keys, values and weights in local memory,
// and the products of two of them. attention_tiled and attention_tiled_gradient include this file.
//
// A work-group of 16 x 16 work-items owns a block of BLOCK positions of one sequence and head: block get_group_id(0), pair
// get_group_id(1) of a sequence and a head; it walks the others in blocks of BLOCK through tiles in local memory.
// A work-item owns, of a BLOCK x BLOCK tile of the weights, the rows y + 16 i and columns x + 16 j, and of a BLOCK x WIDTH
// tile the same rows and the columns x + 16 j.
//
// Limit: local memory: 16 multiply-adds of a tile of scores take four loads of 16 bytes, ITEM = BLOCK / 16 being 2 at most.
// Not measured on a GPU.
//
// WIDTH            the columns of a head
// CAUSAL           whether a position attends to itself and those before it alone

#include "arithmetic.cl"

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
// Rows of the tiles and of the weights in vectors, an odd number of them, so that eight neighbours that each load one of
// their row find them in different banks.
#define FOURS ((WIDTH + 3) / 4)
#define PITCH (FOURS | 1)
#define WEIGHTS_PITCH ((BLOCK / 4) | 1)

#define LENGTH_STRIDE ((ulong)heads * WIDTH)
#define PACKED_START (((ulong)(pair / heads) * length * 3 * heads + pair % heads) * WIDTH)
#define RESULT_START (((ulong)(pair / heads) * length * heads + pair % heads) * WIDTH)

// Whether a query sees a key.
static int sees(const uint query, const uint key, const uint length) {
  return query < length && key < length && (!CAUSAL || key <= query);
}

// Loads a block of rows that lie row_stride apart; zeros beyond the last, and behind a row up to a whole vector.
static void load_tile(
    __global const float *from, const ulong row_stride, const uint first, const uint length, __local float4 *tile
) {
  for (uint i = get_local_id(1) * 16 + get_local_id(0); i < BLOCK * FOURS * 4; i += 256) {
    const uint row = i / (FOURS * 4);
    const uint column = i % (FOURS * 4);
    ((__local float *)tile)[row * (4 * PITCH) + column] =
        first + row < length && column < WIDTH ? from[(first + row) * row_stride + column] : 0.0f;
  }
}

// This work-item's products of the rows of two tiles.
static void multiply(__local const float4 *left, __local const float4 *right, float products[ITEM][ITEM]) {
  const uint x = get_local_id(0);
  const uint y = get_local_id(1);
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
    for (uint j = 0; j < ITEM; j += 1) products[i][j] = 0.0f;
  }
  for (uint d = 0; d < FOURS; d += 1) {
    float4 lefts[ITEM];
    float4 rights[ITEM];
#pragma unroll
    for (uint i = 0; i < ITEM; i += 1) lefts[i] = left[(y + 16 * i) * PITCH + d];
#pragma unroll
    for (uint j = 0; j < ITEM; j += 1) rights[j] = right[(x + 16 * j) * PITCH + d];
#pragma unroll
    for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
      for (uint j = 0; j < ITEM; j += 1) {
        float sum = products[i][j];
        sum = MAD(lefts[i].x, rights[j].x, sum);
        sum = MAD(lefts[i].y, rights[j].y, sum);
        sum = MAD(lefts[i].z, rights[j].z, sum);
        products[i][j] = MAD(lefts[i].w, rights[j].w, sum);
      }
    }
  }
}

// Adds the products of this work-item's rows of weights with the columns of a tile.
static void accumulate(__local const float4 *weights, __local const float4 *tile, float totals[ITEM][COLUMNS]) {
  const uint x = get_local_id(0);
  const uint y = get_local_id(1);
  for (uint four = 0; four < BLOCK / 4; four += 1) {
    float4 weight_fours[ITEM];
#pragma unroll
    for (uint i = 0; i < ITEM; i += 1) weight_fours[i] = weights[(y + 16 * i) * WEIGHTS_PITCH + four];
    const float *weight = (const float *)weight_fours;
#pragma unroll
    for (uint k = 0; k < 4; k += 1) {
#pragma unroll
      for (uint j = 0; j < COLUMNS; j += 1) {
        // Beyond the last column, the last again; it is not kept.
        const float value = ((__local const float *)tile)[(four * 4 + k) * (4 * PITCH) + min(x + 16 * j, WIDTH - 1u)];
#pragma unroll
        for (uint i = 0; i < ITEM; i += 1) totals[i][j] = MAD(weight[i * 4 + k], value, totals[i][j]);
      }
    }
  }
}

// Shares this work-item's elements of a tile of weights.
static void share_weights(float values[ITEM][ITEM], __local float4 *weights) {
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
    for (uint j = 0; j < ITEM; j += 1) {
      const uint place = (get_local_id(1) + 16 * i) * (4 * WEIGHTS_PITCH) + get_local_id(0) + 16 * j;
      ((__local float *)weights)[place] = values[i][j];
    }
  }
}

// Shares a value of each of this work-item's rows: then the first four vectors of a row have those of its sixteen work-items.
static void share_rows(const float values[ITEM], __local float4 *shared) {
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1)
    ((__local float *)shared)[(get_local_id(1) + 16 * i) * (4 * WEIGHTS_PITCH) + get_local_id(0)] = values[i];
}

// One block of keys of a softmax over this work-item's rows: makes its scores weights, shares them, and takes them into the
// rows' largest scores and this work-item's part of their sums so far. What was summed up with the former largest is to be
// multiplied by factors.
//
// All work-items of a group call it after `multiply`; a barrier belongs between this and another use of the weights.
static void soften(
    float scores[ITEM][ITEM], const uint query, const uint key, const uint length, const float scale,
    __local float4 *shared, float largest[ITEM], float sums[ITEM], float factors[ITEM]
) {
  const uint x = get_local_id(0);
  const uint y = get_local_id(1);
  float next[ITEM];
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
    next[i] = largest[i];
#pragma unroll
    for (uint j = 0; j < ITEM; j += 1) {
      // Rows beyond the last see the first key, so that their sums are not zero.
      const int is_seen = sees(min(query + y + 16 * i, length - 1), key + x + 16 * j, length);
      scores[i][j] = is_seen ? scores[i][j] * scale : -INFINITY;
      next[i] = fmax(next[i], scores[i][j]);
    }
  }
  share_rows(next, shared);
  barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
    for (uint four = 0; four < 4; four += 1) {
      const float4 others = shared[(y + 16 * i) * WEIGHTS_PITCH + four];
      next[i] = fmax(next[i], fmax(fmax(others.x, others.y), fmax(others.z, others.w)));
    }
    factors[i] = exp(largest[i] - next[i]);
    largest[i] = next[i];
    sums[i] *= factors[i];
#pragma unroll
    for (uint j = 0; j < ITEM; j += 1) {
      scores[i][j] = exp(scores[i][j] - next[i]);
      sums[i] += scores[i][j];
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  share_weights(scores, shared);
  barrier(CLK_LOCAL_MEM_FENCE);
}

// The rows' sums, of which each work-item has a part. All work-items of a group call it, after a barrier.
static void total(float sums[ITEM], __local float4 *shared) {
  share_rows(sums, shared);
  barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
    sums[i] = 0.0f;
#pragma unroll
    for (uint four = 0; four < 4; four += 1) {
      const float4 others = shared[(get_local_id(1) + 16 * i) * WEIGHTS_PITCH + four];
      sums[i] = (((sums[i] + others.x) + others.y) + others.z) + others.w;
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
