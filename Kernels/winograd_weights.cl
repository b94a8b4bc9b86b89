// Transforms a convolution's weights for minimal filtering: WINDOW x WINDOW weights into POINTS x POINTS values.
//
// A work-item owns 16 channels of the result, 16 * get_global_id(0) and on, and one channel of the source,
// get_global_id(1). A work-group owns nothing together: no local memory, no barrier.
//
// Limit: gathering the weights, which lie window by window; under 1 % of adam-cnn's step on PoCL, by `apus train --profile`.
//
// in_channels, out_channels   of the source and of the result
// w                           element (feature, channel, row, column), without gaps; to the input (TRANSPOSED), features
//                             are the source's channels, and windows are turned round
// u                           element (product, in channel, out channel): product * product_stride
//                             + in channel * row_stride + out channel, zero beyond the last out channel; whole vectors
// offsets and strides are in elements
//
// The transform is that of one dimension, over the columns and then over the rows: the values at 0, at pairs +-p and at
// infinity of the polynomial whose coefficients the weights are, divided by what winograd_input leaves out.
//
// Source: Winograd, "Arithmetic Complexity of Computations", SIAM 1980; for the points, Barabasz et al., "Error Analysis
// and Improving the Accuracy of Winograd Convolution for Deep Neural Networks", ACM TOMS 46(4), 2020.

#include "arithmetic.cl"
#include "winograd_points.cl"

#ifndef TRANSPOSED
#define TRANSPOSED 0
#endif

#define TAPS (WINDOW * WINDOW)

// The values at +p and -p into `to` and the place behind it.
static void values_at(const float16 *w, const float p, const float divisor, float16 *to) {
#if WINDOW == 3
  const float16 even = MAD(w[2], (float16)(p * p), w[0]) * (1.0f / divisor);
  const float16 odd = w[1];
#else
  const float16 even = MAD(MAD(w[4], (float16)(p * p), w[2]), (float16)(p * p), w[0]) * (1.0f / divisor);
  const float16 odd = MAD(w[3], (float16)(p * p), w[1]);
#endif
  to[0] = MAD(odd, (float16)(p / divisor), even);
  to[1] = MAD(odd, (float16)(-p / divisor), even);
}

// WINDOW weights into POINTS values.
static void transform_weights(const float16 *w, float16 *u) {
  u[0] = w[0] * (1.0f / DIVISOR_0);
  values_at(w, A, DIVISOR_A, u + 1);
  values_at(w, B, DIVISOR_B, u + 3);
#if WINDOW == 5
  values_at(w, C, DIVISOR_C, u + 5);
#endif
  u[POINTS - 1] = w[WINDOW - 1];
}

__kernel void winograd_weights(
    const uint in_channels, const uint out_channels,
    __global const float *restrict w, const ulong w_offset,
    __global float *restrict u, const ulong u_offset, const ulong product_stride, const ulong row_stride
) {
  const uint channel0 = get_global_id(0) * 16;
  const uint in_channel = get_global_id(1);
  const uint count = min(16u, out_channels - channel0);
  __global const float *from = w + w_offset;

  float lanes[TAPS * 16];
  for (uint lane = 0; lane < 16; lane += 1) {
#if TRANSPOSED
    const ulong pair = (ulong)in_channel * out_channels + channel0 + lane;
#else
    const ulong pair = (ulong)(channel0 + lane) * in_channels + in_channel;
#endif
    for (uint tap = 0; tap < TAPS; tap += 1) {
      const uint place = TRANSPOSED ? TAPS - 1 - tap : tap;
      lanes[tap * 16 + lane] = lane < count ? from[pair * TAPS + place] : 0.0f;
    }
  }

  // Element (point of the rows, column).
  float16 halves[POINTS][WINDOW];
#pragma unroll
  for (uint column = 0; column < WINDOW; column += 1) {
    float16 weights[WINDOW];
    float16 values[POINTS];
#pragma unroll
    for (uint row = 0; row < WINDOW; row += 1) weights[row] = vload16(row * WINDOW + column, lanes);
    transform_weights(weights, values);
#pragma unroll
    for (uint point = 0; point < POINTS; point += 1) halves[point][column] = values[point];
  }
  __global float *to = u + u_offset + in_channel * row_stride + channel0;
  for (uint point = 0; point < POINTS; point += 1) {
    float16 values[POINTS];
    transform_weights(halves[point], values);
#pragma unroll
    for (uint i = 0; i < POINTS; i += 1) vstore16(values[i], 0, to + (point * POINTS + i) * product_stride);
  }
}
