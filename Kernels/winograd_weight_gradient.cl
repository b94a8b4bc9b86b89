// Makes the gradient of a convolution's weights of a minimal filter's sums: WINDOW x WINDOW weights of POINTS x POINTS sums of
// products over all tiles.
//
// A work-item owns 16 features, 16 * get_global_id(0) and on, and one channel, get_global_id(1). A work-group owns nothing
// together: no local memory, no barrier.
//
// Limit: scattering the weights, which lie window by window; under 1 % of adam-cnn's and of resnet20's step on PoCL, by
// `apus train --profile`.
//
// channels, features   of the input and of the output
// m                    element (product, channel, feature): product * product_stride + channel * row_stride + feature; whole
//                      vectors
// dw                   element (feature, channel, row, column), without gaps
// offsets and strides are in elements
//
// The transform is the transpose of that of winograd_weights, over the rows and then over the columns.

#include "arithmetic.cl"
#include "winograd_points.cl"

#define TAPS (WINDOW * WINDOW)

// POINTS sums into WINDOW weights.
static void transform_sums(const float16 *m, float16 *w) {
  const float16 even_a = (m[1] + m[2]) * (1.0f / DIVISOR_A);
  const float16 even_b = (m[3] + m[4]) * (1.0f / DIVISOR_B);
  const float16 odd_a = (m[1] - m[2]) * (A / DIVISOR_A);
  const float16 odd_b = (m[3] - m[4]) * (B / DIVISOR_B);
#if WINDOW == 3
  w[0] = MAD(m[0], (float16)(1.0f / DIVISOR_0), even_a + even_b);
  w[1] = odd_a + odd_b;
  w[2] = MAD(even_a, (float16)(A2), MAD(even_b, (float16)(B2), m[5]));
#else
  const float16 even_c = (m[5] + m[6]) * (1.0f / DIVISOR_C);
  const float16 odd_c = (m[5] - m[6]) * (C / DIVISOR_C);
  w[0] = MAD(m[0], (float16)(1.0f / DIVISOR_0), even_a + even_b + even_c);
  w[1] = odd_a + odd_b + odd_c;
  w[2] = MAD(even_a, (float16)(A2), MAD(even_b, (float16)(B2), even_c * C2));
  w[3] = MAD(odd_a, (float16)(A2), MAD(odd_b, (float16)(B2), odd_c * C2));
  w[4] = MAD(even_a, (float16)(A2 * A2), MAD(even_b, (float16)(B2 * B2), MAD(even_c, (float16)(C2 * C2), m[7])));
#endif
}

__kernel void winograd_weight_gradient(
    const uint channels, const uint features,
    __global const float *restrict m, const ulong m_offset, const ulong product_stride, const ulong row_stride,
    __global float *restrict dw, const ulong dw_offset
) {
  const uint feature0 = get_global_id(0) * 16;
  const uint channel = get_global_id(1);
  __global const float *from = m + m_offset + channel * row_stride + feature0;

  // Element (row, point of the columns).
  float16 halves[WINDOW][POINTS];
#pragma unroll
  for (uint point = 0; point < POINTS; point += 1) {
    float16 sums[POINTS];
    float16 weights[WINDOW];
#pragma unroll
    for (uint i = 0; i < POINTS; i += 1) sums[i] = vload16(0, from + (i * POINTS + point) * product_stride);
    transform_sums(sums, weights);
#pragma unroll
    for (uint row = 0; row < WINDOW; row += 1) halves[row][point] = weights[row];
  }
  float lanes[TAPS * 16];
#pragma unroll
  for (uint row = 0; row < WINDOW; row += 1) {
    float16 weights[WINDOW];
    transform_sums(halves[row], weights);
#pragma unroll
    for (uint column = 0; column < WINDOW; column += 1) vstore16(weights[column], row * WINDOW + column, lanes);
  }
  for (uint lane = 0; lane < min(16u, features - feature0); lane += 1) {
    __global float *to = dw + dw_offset + ((ulong)(feature0 + lane) * channels + channel) * TAPS;
    for (uint tap = 0; tap < TAPS; tap += 1) to[tap] = lanes[tap * 16 + lane];
  }
}
