// What attention and its gradient share on graphics processors: tiles of queries, keys, values and weights in local memory,
// and the products of two of them. attention_tiled and attention_tiled_gradient include this file.
//
// A work-group of 16 x 16 work-items owns a block of BLOCK positions of one sequence and head: block get_group_id(0), pair
// get_group_id(1) of a sequence and a head; it walks the others in blocks of BLOCK through tiles in local memory.
// A work-item owns, of a BLOCK x BLOCK tile of the weights, the rows y + 16 i and columns x + 16 j, and of a BLOCK x WIDTH
// tile the same rows and the columns x + 16 j.
//
// Limit: local memory, a multiply-add for one load of it, ITEM = BLOCK / 16 being 2 at most; not measured on a GPU.
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
