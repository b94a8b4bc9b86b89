// Attention and its gradient for processors: softmax(scale q kT) v for each sequence and head, the weights never stored.
//
// A work-item owns every get_global_size(0)-th pair of a sequence and a head from get_global_id(0) on, and of its rows
// every get_global_size(1)-th block of ROWS from get_global_id(1) on. It first copies the pair's queries, keys and values
// into arrays of its own, as they are and transposed, so that 16 positions lie side by side; they stay in the cache.
// Then it takes ROWS rows and LANES columns of the weights at a time in registers. A work-group owns nothing together: no
// local memory, no barrier.
//
// Going forward the weights' sum and largest score are kept up from block to block (the "online" softmax). The gradient
// computes the logarithm of each query's sum and the mean of its weights' gradients first, then the queries' gradient by
// blocks of queries and the keys' and values' by blocks of keys.
//
// Limit: arithmetic, and the exponential where heads are narrow; forward 23 to 49 % of the rate of multiply-adds, with
// the gradient 15 to 49 %, on PoCL (2 AVX-512 cores), measured by `apus bench attention`.
//
// pairs, length, heads  sequences times heads, positions of a sequence, heads
// scale                 what the products of queries and keys are multiplied by
// packed                queries, keys and values: element (sequence, position, part, head, column), without gaps
// slots                 scratch, slot_size floats for each work-item; see PART and STATISTICS
// y, upstream           the result and its gradient: element (sequence, position, head, column), without gaps
// gradient              as packed
// offsets and sizes are in elements
//
// WIDTH                 the columns of a head
// CAUSAL                whether a position attends to itself and those before it alone
//
// Source: Dao et al., "FlashAttention", 2022, arXiv:2205.14135.

#include "arithmetic.cl"

#ifndef WIDTH
#define WIDTH 64
#endif
#ifndef CAUSAL
#define CAUSAL 1
#endif
#ifndef ROWS
#define ROWS 8
#endif

#define LANES 32
// Vectors of a head's columns, and floats with them filled up.
#define VECTORS ((WIDTH + 15) / 16)
#define PITCH (VECTORS * 16)
// Positions, filled up to whole blocks.
#define PADDED(length) (((length) + LANES - 1) / LANES * LANES)
// A slot's arrays: part i is [PADDED, PITCH] at 2i and [PITCH, PADDED] at 2i + 1; then two numbers of each query.
#define PART(i) (slot + (ulong)(i) * padded * PITCH)
#define STATISTICS(parts) PART(2 * (parts))

// Two vectors' elements in turn: one of four steps of a transposition.
#define INTERLEAVED_LOW(a, b) \
  ((float16)(a.s0, b.s0, a.s1, b.s1, a.s2, b.s2, a.s3, b.s3, a.s4, b.s4, a.s5, b.s5, a.s6, b.s6, a.s7, b.s7))
#define INTERLEAVED_HIGH(a, b) \
  ((float16)(a.s8, b.s8, a.s9, b.s9, a.sa, b.sa, a.sb, b.sb, a.sc, b.sc, a.sd, b.sd, a.se, b.se, a.sf, b.sf))

// The largest of 16 lanes.
static float largest_lane(const float16 x) {
  const float8 eight = fmax(x.lo, x.hi);
  const float4 four = fmax(eight.lo, eight.hi);
  const float2 two = fmax(four.lo, four.hi);
  return fmax(two.x, two.y);
}

// The sum of 16 lanes, always in the same order.
static float sum_of_lanes(const float16 x) {
  const float8 eight = x.lo + x.hi;
  const float4 four = eight.lo + eight.hi;
  const float2 two = four.lo + four.hi;
  return two.x + two.y;
}

// Transposes 16 rows of 16.
static void transpose_block(__global const float *from, const ulong pitch, __global float *to, const ulong to_pitch) {
  float16 a[16];
  float16 b[16];
#pragma unroll
  for (uint i = 0; i < 16; i += 1) a[i] = vload16(0, from + i * pitch);
#pragma unroll
  for (uint step = 0; step < 4; step += 1) {
#pragma unroll
    for (uint i = 0; i < 8; i += 1) {
      b[2 * i] = INTERLEAVED_LOW(a[i], a[i + 8]);
      b[2 * i + 1] = INTERLEAVED_HIGH(a[i], a[i + 8]);
    }
#pragma unroll
    for (uint i = 0; i < 16; i += 1) a[i] = b[i];
  }
#pragma unroll
  for (uint i = 0; i < 16; i += 1) vstore16(a[i], 0, to + i * to_pitch);
}

// Copies the rows of one head, which lie row_stride apart, as they are and transposed; zeros beyond.
static void copy_part(
    __global const float *from, const ulong row_stride, const uint length, const uint padded, __global float *plain,
    __global float *transposed
) {
  for (uint position = 0; position < padded; position += 1) {
    __global const float *row = from + position * row_stride;
    __global float *to = plain + (ulong)position * PITCH;
    uint column = 0;
    if (position < length) {
      for (; column + 16 <= WIDTH; column += 16) vstore16(vload16(0, row + column), 0, to + column);
      for (; column < WIDTH; column += 1) to[column] = row[column];
    }
    for (; column < PITCH; column += 1) to[column] = 0.0f;
  }
  for (uint position = 0; position < padded; position += 16) {
    for (uint column = 0; column < PITCH; column += 16) {
      transpose_block(
          plain + (ulong)position * PITCH + column, PITCH, transposed + (ulong)column * padded + position, padded);
    }
  }
}

// products[row][lane] = sum over d of left[row, d] right[d, lane].
static void multiply(
    __global const float *left, __global const float *right, const uint padded, float16 products[ROWS][2]
) {
#pragma unroll
  for (uint row = 0; row < ROWS; row += 1) products[row][0] = products[row][1] = (float16)(0.0f);
  for (uint d = 0; d < WIDTH; d += 1) {
    const float16 first = vload16(0, right + (ulong)d * padded);
    const float16 second = vload16(1, right + (ulong)d * padded);
#pragma unroll
    for (uint row = 0; row < ROWS; row += 1) {
      const float16 value = (float16)(left[row * PITCH + d]);
      products[row][0] = MAD(value, first, products[row][0]);
      products[row][1] = MAD(value, second, products[row][1]);
    }
  }
}

// totals[row, d] = factors[row] totals[row, d] + sum over lanes of weights[row, lane] right[lane, d].
static void accumulate(
    float16 weights[ROWS][2], __global const float *right, const float *factors, float *totals
) {
  float lanes[ROWS * LANES];
#pragma unroll
  for (uint row = 0; row < ROWS; row += 1) {
    vstore16(weights[row][0], 2 * row, lanes);
    vstore16(weights[row][1], 2 * row + 1, lanes);
  }
  for (uint v = 0; v < VECTORS; v += 1) {
    float16 sum[ROWS];
#pragma unroll
    for (uint row = 0; row < ROWS; row += 1) sum[row] = factors[row] * vload16(row * VECTORS + v, totals);
    for (uint lane = 0; lane < LANES; lane += 1) {
      const float16 value = vload16(0, right + lane * PITCH + v * 16);
#pragma unroll
      for (uint row = 0; row < ROWS; row += 1) sum[row] = MAD((float16)(lanes[row * LANES + lane]), value, sum[row]);
    }
#pragma unroll
    for (uint row = 0; row < ROWS; row += 1) vstore16(sum[row], row * VECTORS + v, totals);
  }
}

static void fill(float *values, const uint count, const float value) {
  for (uint i = 0; i < count; i += 1) values[i] = value;
}

// Writes the rows of a block that are inside, times factors.
static void store_rows(
    const float *totals, const float *factors, const uint count, __global float *to, const ulong row_stride
) {
  for (uint row = 0; row < count; row += 1) {
    for (uint column = 0; column < WIDTH; column += 1) {
      to[row * row_stride + column] = totals[row * PITCH + column] * factors[row];
    }
  }
}

// Multiplies scores by the scale and masks those of keys that a query may not see.
static void mask(
    float16 scores[ROWS][2], const float scale, const uint query, const uint key, const uint length
) {
  const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#pragma unroll
  for (uint row = 0; row < ROWS; row += 1) {
    const int end = CAUSAL ? min(query + row + 1, length) : length;
#pragma unroll
    for (uint v = 0; v < 2; v += 1) {
      const int16 is_seen = lane + (int16)((int)(key + 16 * v)) < (int16)(end);
      scores[row][v] = is_seen ? scores[row][v] * scale : (float16)(-INFINITY);
    }
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
  __global float *slot =
      slots + slots_offset + (get_global_id(1) * get_global_size(0) + get_global_id(0)) * slot_size;
  for (uint pair = get_global_id(0); pair < pairs; pair += get_global_size(0)) {
    const uint sequence = pair / heads;
    const uint head = pair % heads;
    __global const float *from = packed + packed_offset + sequence * length * 3 * stride + head * WIDTH;
    __global float *result = y + y_offset + sequence * length * stride + head * WIDTH;
    for (uint part = 0; part < 3; part += 1) {
      copy_part(from + part * stride, 3 * stride, length, padded, PART(2 * part), PART(2 * part + 1));
    }
    for (uint query = get_global_id(1) * ROWS; query < length; query += get_global_size(1) * ROWS) {
      float largest[ROWS];
      float factors[ROWS];
      float16 sums[ROWS];
      float totals[ROWS * PITCH];
      fill(largest, ROWS, -INFINITY);
      fill(totals, ROWS * PITCH, 0.0f);
      for (uint row = 0; row < ROWS; row += 1) sums[row] = (float16)(0.0f);
      const uint end = CAUSAL ? min(query + ROWS, length) : length;
      for (uint key = 0; key < end; key += LANES) {
        float16 weights[ROWS][2];
        multiply(PART(0) + query * PITCH, PART(3) + key, padded, weights);
        mask(weights, scale, query, key, length);
#pragma unroll
        for (uint row = 0; row < ROWS; row += 1) {
          const float next = fmax(largest[row], largest_lane(fmax(weights[row][0], weights[row][1])));
          factors[row] = exp(largest[row] - next);
          largest[row] = next;
          weights[row][0] = exp(weights[row][0] - (float16)(next));
          weights[row][1] = exp(weights[row][1] - (float16)(next));
          sums[row] = sums[row] * factors[row] + weights[row][0] + weights[row][1];
        }
        accumulate(weights, PART(4) + key * PITCH, factors, totals);
      }
      for (uint row = 0; row < ROWS; row += 1) factors[row] = 1.0f / sum_of_lanes(sums[row]);
      store_rows(totals, factors, min((uint)ROWS, length - query), result + query * stride, stride);
    }
  }
}

__kernel void attention_wide_gradient(
    const uint pairs, const uint length, const uint heads, const float scale,
    __global const float *packed, const ulong packed_offset,
    __global const float *y, const ulong y_offset,
    __global const float *upstream, const ulong upstream_offset,
    __global float *slots, const ulong slots_offset, const ulong slot_size,
    __global float *gradient, const ulong gradient_offset
) {
  const uint padded = PADDED(length);
  const ulong stride = (ulong)heads * WIDTH;
  const int16 lane = (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  __global float *slot =
      slots + slots_offset + (get_global_id(1) * get_global_size(0) + get_global_id(0)) * slot_size;
  __global float *log_sums = STATISTICS(4);
  __global float *means = log_sums + padded;
  float ones[ROWS];
  fill(ones, ROWS, 1.0f);
  for (uint pair = get_global_id(0); pair < pairs; pair += get_global_size(0)) {
    const uint sequence = pair / heads;
    const uint head = pair % heads;
    const ulong start = sequence * length * stride + head * WIDTH;
    __global const float *from = packed + packed_offset + sequence * length * 3 * stride + head * WIDTH;
    __global float *to = gradient + gradient_offset + sequence * length * 3 * stride + head * WIDTH;
    for (uint part = 0; part < 3; part += 1) {
      copy_part(from + part * stride, 3 * stride, length, padded, PART(2 * part), PART(2 * part + 1));
    }
    copy_part(upstream + upstream_offset + start, stride, length, padded, PART(6), PART(7));

    // The statistics of all queries, because every block of keys needs them; the gradient of this share's queries.
    for (uint query = 0; query < padded; query += ROWS) {
      float largest[ROWS];
      float16 sums[ROWS];
      fill(largest, ROWS, -INFINITY);
      for (uint row = 0; row < ROWS; row += 1) sums[row] = (float16)(0.0f);
      const uint end = CAUSAL ? min(query + ROWS, length) : length;
      float16 weights[ROWS][2];
      for (uint key = 0; key < end; key += LANES) {
        multiply(PART(0) + query * PITCH, PART(3) + key, padded, weights);
        mask(weights, scale, query, key, length);
#pragma unroll
        for (uint row = 0; row < ROWS; row += 1) {
          const float next = fmax(largest[row], largest_lane(fmax(weights[row][0], weights[row][1])));
          sums[row] = sums[row] * exp(largest[row] - next) + exp(weights[row][0] - (float16)(next))
                      + exp(weights[row][1] - (float16)(next));
          largest[row] = next;
        }
      }
      for (uint row = 0; row < ROWS; row += 1) {
        log_sums[query + row] = log(sum_of_lanes(sums[row])) + largest[row];
        float mean = 0.0f;
        if (query + row < length) {
          for (uint column = 0; column < WIDTH; column += 1) {
            mean = MAD(
                PART(6)[(query + row) * PITCH + column], y[y_offset + start + (query + row) * stride + column], mean);
          }
        }
        means[query + row] = mean;
      }
      if (query >= length || query / ROWS % get_global_size(1) != get_global_id(1)) continue;

      float totals[ROWS * PITCH];
      fill(totals, ROWS * PITCH, 0.0f);
      for (uint key = 0; key < end; key += LANES) {
        float16 reached[ROWS][2];
        multiply(PART(0) + query * PITCH, PART(3) + key, padded, weights);
        mask(weights, scale, query, key, length);
        multiply(PART(6) + query * PITCH, PART(5) + key, padded, reached);
#pragma unroll
        for (uint row = 0; row < ROWS; row += 1) {
#pragma unroll
          for (uint v = 0; v < 2; v += 1) {
            const float16 weight = exp(weights[row][v] - (float16)(log_sums[query + row]));
            weights[row][v] = weight * (reached[row][v] - (float16)(means[query + row])) * scale;
          }
        }
        accumulate(weights, PART(2) + key * PITCH, ones, totals);
      }
      store_rows(totals, ones, min((uint)ROWS, length - query), to + query * 3 * stride, 3 * stride);
    }

    for (uint key = get_global_id(1) * ROWS; key < length; key += get_global_size(1) * ROWS) {
      float key_totals[ROWS * PITCH];
      float value_totals[ROWS * PITCH];
      fill(key_totals, ROWS * PITCH, 0.0f);
      fill(value_totals, ROWS * PITCH, 0.0f);
      for (uint query = CAUSAL ? key / LANES * LANES : 0; query < length; query += LANES) {
        float16 weights[ROWS][2];
        float16 reached[ROWS][2];
        multiply(PART(2) + key * PITCH, PART(1) + query, padded, weights);
        multiply(PART(4) + key * PITCH, PART(7) + query, padded, reached);
#pragma unroll
        for (uint row = 0; row < ROWS; row += 1) {
#pragma unroll
          for (uint v = 0; v < 2; v += 1) {
            const int16 position = lane + (int16)((int)(query + 16 * v));
            int16 sees = position < (int16)((int)length);
#if CAUSAL
            sees &= position >= (int16)((int)(key + row));
#endif
            const float16 weight = exp(weights[row][v] * scale - vload16(v, log_sums + query));
            weights[row][v] = sees ? weight : (float16)(0.0f);
            reached[row][v] =
                sees ? weight * (reached[row][v] - vload16(v, means + query)) * scale : (float16)(0.0f);
          }
        }
        accumulate(weights, PART(6) + query * PITCH, ones, value_totals);
        accumulate(reached, PART(0) + query * PITCH, ones, key_totals);
      }
      const uint count = min((uint)ROWS, length - key);
      store_rows(key_totals, ones, count, to + stride + key * 3 * stride, 3 * stride);
      store_rows(value_totals, ones, count, to + 2 * stride + key * 3 * stride, 3 * stride);
    }
  }
}
