// Attention and its gradient for processors: softmax(scale q kT) v for each sequence and head, the weights never all stored.
//
// A work-item owns every get_global_size(0)-th pair of a sequence and a head from get_global_id(0) on. It copies the pair's
// rows into arrays of its own, filled up with zeros, and takes LANES queries at a time, a panel: these lie in the lanes of
// two vectors, their scores are a row for each key, and a softmax runs down the rows with no lane added to another. All
// products take ROWS rows by two vectors in registers. Of a panel's scores, weights and their gradients one array each
// stays in the cache. A work-group owns nothing together: no local memory, no barrier.
//
// Where there are fewer pairs than processors, get_global_size(1) work-items share one: going forward each takes its own
// panels; for the gradient each computes all scores, and of the results every get_global_size(1)-th block of ROWS rows from
// get_global_id(1) on, because the keys' and values' are sums over panels.
//
// Limit: arithmetic; where heads are narrow and sequences short, also what copies and transposes rows; forward 30 to 76 % of
// the rate of multiply-adds, with the gradient 36 to 78 %, on PoCL (2 Zen 4 cores), measured by `apus bench attention`.
//
// pairs, length, heads  sequences times heads, positions of a sequence, heads
// scale                 what the products of queries and keys are multiplied by, positive
// packed                queries, keys and values: element (sequence, position, part, head, column), without gaps
// slots                 memory of each work-item, slot_size apart; `AttentionHeads.slotSize` has its size
// y, upstream           the result and its gradient: element (sequence, position, head, column), without gaps
// gradient              as packed
// offsets and sizes are in elements
//
// WIDTH                 the columns of a head
// CAUSAL                whether a position attends to itself and those before it alone
//
// Source: Dao et al., "FlashAttention", 2022, arXiv:2205.14135.

#include "arithmetic.cl"
#include "transposition.cl"

#ifndef WIDTH
#define WIDTH 64
#endif
#ifndef CAUSAL
#define CAUSAL 1
#endif

#define ROWS 8
#define LANES 32
// Vectors of a head's columns, and floats with them filled up.
#define VECTORS ((WIDTH + 15) / 16)
#define PITCH (VECTORS * 16)
// Positions, filled up to whole panels.
#define PADDED(length) (((length) + LANES - 1) / LANES * LANES)

// The natural exponential below 88, within 1 unit in the last place; below -87 that of -87, which is 1.6e-38.
static float16 clamped_exp(const float16 x) {
  const float16 bounded = x < (float16)(-87.0f) ? (float16)(-87.0f) : x;
  // x = n ln 2 + r, where n is what is left in the low bits of a sum with 1.5 * 2^23; ln 2 in two parts.
  const float16 shifted = MAD(bounded, (float16)(1.442695041f), (float16)(12582912.0f));
  const float16 n = shifted - (float16)(12582912.0f);
  const float16 r = MAD(n, (float16)(2.12194440e-4f), MAD(n, (float16)(-0.693359375f), bounded));
  float16 p = MAD(r, (float16)(1.38144647e-3f), (float16)(8.36878062e-3f));
  p = MAD(p, r, (float16)(4.16683943e-2f));
  p = MAD(p, r, (float16)(0.166665201f));
  p = MAD(p, r, (float16)(0.499999934f));
  return (MAD(r * r, p, r) + (float16)(1.0f)) * as_float16((as_int16(shifted) << 23) + (int16)(127 << 23));
}

// Copies `count` rows, row_stride apart, to rows of PITCH; zeros up to `padded` rows.
static void copy_in(
    __global const float *from, const ulong row_stride, const uint count, const uint padded, __global float *to
) {
  for (uint row = 0; row < padded; row += 1) {
    __global float *target = to + (ulong)row * PITCH;
    uint column = 0;
    if (row < count) {
      __global const float *source = from + row * row_stride;
      for (; column + 16 <= WIDTH; column += 16) vstore16(vload16(0, source + column), 0, target + column);
      for (; column < WIDTH; column += 1) target[column] = source[column];
    }
    for (; column < PITCH; column += 1) target[column] = 0.0f;
  }
}

// Copies rows of PITCH, of `count` those of every blocks-th block from `block` on, to rows that lie row_stride apart.
static void copy_out(
    __global const float *from, const uint count, const uint block, const uint blocks, __global float *to,
    const ulong row_stride
) {
  for (uint row = 0; row < count; row += 1) {
    if (row / ROWS % blocks != block) continue;
    uint column = 0;
    for (; column + 16 <= WIDTH; column += 16) {
      vstore16(vload16(0, from + row * PITCH + column), 0, to + row * row_stride + column);
    }
    for (; column < WIDTH; column += 1) to[row * row_stride + column] = from[row * PITCH + column];
  }
}

// Transposes LANES rows of PITCH.
static void transpose(__global const float *from, __global float *to) {
  for (uint row = 0; row < LANES; row += 16) {
    for (uint column = 0; column < PITCH; column += 16) {
      float16 rows[16];
#pragma unroll
      for (uint i = 0; i < 16; i += 1) rows[i] = vload16(0, from + (row + i) * PITCH + column);
      transpose16(rows);
#pragma unroll
      for (uint i = 0; i < 16; i += 1) vstore16(rows[i], 0, to + (column + i) * LANES + row);
    }
  }
}

// c[row, ...] = (adds ? c[row, ...] : 0) + sum over steps of a[row, step] b[step, ...] for ROWS rows and 32 columns.
static void multiply_two(
    const uint steps, __global const float *a, const ulong a_row, const ulong a_step, __global const float *b,
    const ulong b_step, __global float *c, const ulong c_row, const int adds
) {
  float16 sums[ROWS][2];
#pragma unroll
  for (uint row = 0; row < ROWS; row += 1) {
    sums[row][0] = adds ? vload16(0, c + row * c_row) : (float16)(0.0f);
    sums[row][1] = adds ? vload16(1, c + row * c_row) : (float16)(0.0f);
  }
  for (uint step = 0; step < steps; step += 1) {
    const float16 first = vload16(0, b + step * b_step);
    const float16 second = vload16(1, b + step * b_step);
#pragma unroll
    for (uint row = 0; row < ROWS; row += 1) {
      const float16 factor = (float16)(a[row * a_row + step * a_step]);
      sums[row][0] = MAD(factor, first, sums[row][0]);
      sums[row][1] = MAD(factor, second, sums[row][1]);
    }
  }
#pragma unroll
  for (uint row = 0; row < ROWS; row += 1) {
    vstore16(sums[row][0], 0, c + row * c_row);
    vstore16(sums[row][1], 1, c + row * c_row);
  }
}

// The same for 16 columns.
static void multiply_one(
    const uint steps, __global const float *a, const ulong a_row, const ulong a_step, __global const float *b,
    const ulong b_step, __global float *c, const ulong c_row, const int adds
) {
  float16 sums[ROWS];
#pragma unroll
  for (uint row = 0; row < ROWS; row += 1) sums[row] = adds ? vload16(0, c + row * c_row) : (float16)(0.0f);
  for (uint step = 0; step < steps; step += 1) {
    const float16 value = vload16(0, b + step * b_step);
#pragma unroll
    for (uint row = 0; row < ROWS; row += 1) {
      sums[row] = MAD((float16)(a[row * a_row + step * a_step]), value, sums[row]);
    }
  }
#pragma unroll
  for (uint row = 0; row < ROWS; row += 1) vstore16(sums[row], 0, c + row * c_row);
}

// c = a b or c += a b, of `rows` rows those of every blocks-th block from `block` on, each of `vectors` vectors.
static void multiply(
    const uint rows, const uint block, const uint blocks, const uint vectors, const uint steps, __global const float *a,
    const ulong a_row, const ulong a_step, __global const float *b, const ulong b_step, __global float *c,
    const ulong c_row, const int adds
) {
  for (uint row = block * ROWS; row < rows; row += blocks * ROWS) {
    uint v = 0;
    for (; v + 2 <= vectors; v += 2) {
      multiply_two(steps, a + row * a_row, a_row, a_step, b + 16 * v, b_step, c + row * c_row + 16 * v, c_row, adds);
    }
    if (v < vectors) {
      multiply_one(steps, a + row * a_row, a_row, a_step, b + 16 * v, b_step, c + row * c_row + 16 * v, c_row, adds);
    }
  }
}

// The keys that all queries of the panel from `query` on see.
static uint shared_keys(const uint query, const uint length) { return CAUSAL ? min(query + 1, length) : length; }

// Which of 16 queries from `query` on see a key.
static int16 sees(const uint query, const uint key, const uint length) {
  const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const int16 is_inside = (int16)(key < length ? -1 : 0);
  return CAUSAL ? is_inside & (lane >= (int16)((int)key - (int)query)) : is_inside;
}

// Replaces scores by exp(scale (score - largest of the query)), zeros where a key is not seen. Gives their sums, and the
// sums of their products with gradients where there are some.
static void exponentials(
    __global float *scores, __global const float *gradients, const uint query, const uint keys, const uint length,
    const float scale, float16 sums[2], float16 means[2]
) {
  const uint shared = shared_keys(query, length);
#pragma unroll
  for (uint v = 0; v < 2; v += 1) {
    float16 largest = (float16)(-INFINITY);
    for (uint key = 0; key < shared; key += 1) largest = fmax(largest, vload16(v, scores + key * LANES));
    for (uint key = shared; key < keys; key += 1) {
      const float16 score = vload16(v, scores + key * LANES);
      largest = sees(query + 16 * v, key, length) ? fmax(largest, score) : largest;
    }
    const float16 shift = largest * scale;
    float16 sum = (float16)(0.0f);
    float16 mean = (float16)(0.0f);
    for (uint key = 0; key < keys; key += 1) {
      float16 weight = clamped_exp(MAD(vload16(v, scores + key * LANES), (float16)(scale), -shift));
      if (key >= shared) weight = sees(query + 16 * v, key, length) ? weight : (float16)(0.0f);
      vstore16(weight, v, scores + key * LANES);
      sum += weight;
      if (gradients) mean = MAD(weight, vload16(v, gradients + key * LANES), mean);
    }
    sums[v] = sum;
    means[v] = mean;
  }
}

__kernel void attention_wide(
    const uint pairs, const uint length, const uint heads, const float scale,
    __global const float *packed, const ulong packed_offset,
    __global float *slots, const ulong slots_offset, const ulong slot_size,
    __global float *y, const ulong y_offset
) {
  const uint padded = PADDED(length);
  const ulong stride = (ulong)heads * WIDTH;
  __global float *key_rows =
      slots + slots_offset + (get_global_id(1) * get_global_size(0) + get_global_id(0)) * slot_size;
  __global float *value_rows = key_rows + (ulong)padded * PITCH;
  __global float *query_rows = value_rows + (ulong)padded * PITCH;
  __global float *query_columns = query_rows + LANES * PITCH;
  __global float *totals = query_columns + LANES * PITCH;
  __global float *scores = totals + LANES * PITCH;
  for (uint pair = get_global_id(0); pair < pairs; pair += get_global_size(0)) {
    const uint sequence = pair / heads;
    const uint head = pair % heads;
    __global const float *from = packed + packed_offset + sequence * length * 3 * stride + head * WIDTH;
    __global float *result = y + y_offset + sequence * length * stride + head * WIDTH;
    copy_in(from + stride, 3 * stride, length, padded, key_rows);
    copy_in(from + 2 * stride, 3 * stride, length, padded, value_rows);
    for (uint query = get_global_id(1) * LANES; query < length; query += get_global_size(1) * LANES) {
      const uint count = min((uint)LANES, length - query);
      const uint keys = CAUSAL ? query + LANES : padded;
      copy_in(from + query * 3 * stride, 3 * stride, count, LANES, query_rows);
      transpose(query_rows, query_columns);
      multiply(keys, 0, 1, 2, WIDTH, key_rows, PITCH, 1, query_columns, LANES, scores, LANES, 0);
      float16 sums[2];
      float16 means[2];
      exponentials(scores, 0, query, keys, length, scale, sums, means);
      const float16 first = (float16)(1.0f) / sums[0];
      const float16 second = (float16)(1.0f) / sums[1];
      for (uint key = 0; key < keys; key += 1) {
        vstore16(vload16(0, scores + key * LANES) * first, 0, scores + key * LANES);
        vstore16(vload16(1, scores + key * LANES) * second, 1, scores + key * LANES);
      }
      multiply(LANES, 0, 1, VECTORS, keys, scores, 1, LANES, value_rows, PITCH, totals, PITCH, 0);
      copy_out(totals, count, 0, 1, result + query * stride, stride);
    }
  }
}

__kernel void attention_wide_gradient(
    const uint pairs, const uint length, const uint heads, const float scale,
    __global const float *packed, const ulong packed_offset,
    __global const float *upstream, const ulong upstream_offset,
    __global float *slots, const ulong slots_offset, const ulong slot_size,
    __global float *gradient, const ulong gradient_offset
) {
  const uint padded = PADDED(length);
  const uint block = get_global_id(1);
  const uint blocks = get_global_size(1);
  const ulong stride = (ulong)heads * WIDTH;
  const ulong part = (ulong)padded * PITCH;
  __global float *query_rows =
      slots + slots_offset + (get_global_id(1) * get_global_size(0) + get_global_id(0)) * slot_size;
  __global float *key_rows = query_rows + part;
  __global float *value_rows = key_rows + part;
  __global float *upstream_rows = value_rows + part;
  __global float *key_totals = upstream_rows + part;
  __global float *value_totals = key_totals + part;
  __global float *columns = value_totals + part;
  __global float *query_totals = columns + LANES * PITCH;
  __global float *weights = query_totals + LANES * PITCH;
  __global float *gradients = weights + (ulong)padded * LANES;
  for (uint pair = get_global_id(0); pair < pairs; pair += get_global_size(0)) {
    const uint sequence = pair / heads;
    const uint head = pair % heads;
    __global const float *from = packed + packed_offset + sequence * length * 3 * stride + head * WIDTH;
    __global float *to = gradient + gradient_offset + sequence * length * 3 * stride + head * WIDTH;
    for (uint i = 0; i < 3; i += 1) {
      copy_in(from + i * stride, 3 * stride, length, padded, query_rows + i * part);
    }
    copy_in(
        upstream + upstream_offset + sequence * length * stride + head * WIDTH, stride, length, padded, upstream_rows);

    // The last panel sees all keys and begins their sums.
    for (uint query = padded; query > 0;) {
      query -= LANES;
      const uint keys = CAUSAL ? query + LANES : padded;
      const int adds = query + LANES < padded;
      __global const float *panel = query_rows + query * PITCH;
      __global const float *upstream_panel = upstream_rows + query * PITCH;
      transpose(panel, columns);
      multiply(keys, 0, 1, 2, WIDTH, key_rows, PITCH, 1, columns, LANES, weights, LANES, 0);
      transpose(upstream_panel, columns);
      multiply(keys, 0, 1, 2, WIDTH, value_rows, PITCH, 1, columns, LANES, gradients, LANES, 0);

      float16 sums[2];
      float16 means[2];
      exponentials(weights, gradients, query, keys, length, scale, sums, means);
#pragma unroll
      for (uint v = 0; v < 2; v += 1) {
        const float16 factor = (float16)(1.0f) / sums[v];
        const float16 mean = means[v] * factor;
        for (uint key = 0; key < keys; key += 1) {
          const float16 weight = vload16(v, weights + key * LANES) * factor;
          vstore16(weight, v, weights + key * LANES);
          vstore16(weight * (vload16(v, gradients + key * LANES) - mean) * scale, v, gradients + key * LANES);
        }
      }

      // Queries behind the last have zeros for their upstream gradient, so that they add nothing to the values' sums, and
      // zeros for gradients of their scores.
      multiply(
          keys, block, blocks, VECTORS, LANES, weights, LANES, 1, upstream_panel, PITCH, value_totals, PITCH, adds);
      multiply(keys, block, blocks, VECTORS, LANES, gradients, LANES, 1, panel, PITCH, key_totals, PITCH, adds);
      multiply(LANES, block, blocks, VECTORS, keys, gradients, 1, LANES, key_rows, PITCH, query_totals, PITCH, 0);
      copy_out(
          query_totals, min((uint)LANES, length - query), block, blocks, to + query * 3 * stride, 3 * stride);
    }
    copy_out(key_totals, length, block, blocks, to + stride, 3 * stride);
    copy_out(value_totals, length, block, blocks, to + 2 * stride, 3 * stride);
  }
}
