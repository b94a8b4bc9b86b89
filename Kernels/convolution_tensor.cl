// Convolution on tensor cores, as a matrix product whose operands are gathered and rounded to tf32 or bfloat16 on their way
// into local memory; products and sums in float32. Forward, to the input, or to the weights; then, but for the weights, a
// pointwise chain on each element. One group only.
//
// C[M, N] = A[M, K] B[K, N]:
//   PASS 0  M features, N (image, output pixel), K (channel, tap): weights times input
//   PASS 1  M channels, N (image, input pixel), K (feature, tap): weights times the output's gradient
//   PASS 2  M features, N (channel, tap), K (image, output pixel): the output's gradient times input
//
// A work-group of 2 * TILE work-items owns a TILE x TILE tile of C in slice get_group_id(2) of K and works as that of
// matmul_tensor.cl; warps, words and fragments are explained in tensor_cores.cl. A work-item gathers two fours of words of
// each operand in each step; what belongs to its lines is computed once.
//
// Limit: gathering: each element of an operand has a place to be computed and edges to be minded. Not measured on a GPU.
//
// images, channels, features  the extents
// k_slice                     K is cut into slices of k_slice, the last one shorter
// height, width               of an input image
// out_height, out_width       of an output image
// first, second               weights and input, weights and output's gradient, or output's gradient and input, without gaps
// y                           the result, without gaps; slices follow each other at slice_stride
// offsets and strides are in elements

#include "window.cl"

#ifndef PASS
#define PASS 0
#endif
#ifndef BAND
#define BAND 8
#endif

#define TAPS (KERNEL_H * KERNEL_W)
#define A_ALONG_K (PASS != 1)
#define B_ALONG_K (PASS == 2)

#include "tensor_cores.cl"

__kernel __attribute__((reqd_work_group_size(2 * TILE, 1, 1)))
void convolution_tensor(
    const uint images, const uint channels, const uint features, const uint k_slice, const int height, const int width,
    const int out_height, const int out_width,
    __global const float *restrict first, const ulong first_offset,
    __global const float *restrict second, const ulong second_offset,
    __global float *y, const ulong y_offset, const ulong slice_stride
    //@begin arguments
    //@end arguments
) {
  __local uint4 a_fours[2][TILE_WORDS / 4];
  __local uint4 b_fours[2][TILE_WORDS / 4];
#if EMULATE_MMA
  __local float a_matrices[TILE / 16 * 256];
  __local float b_matrices[TILE / 16 * 128];
#else
  __local float *a_matrices = 0;
  __local float *b_matrices = 0;
#endif

  const uint item = get_local_id(0);
  const uint lane = item % 32;
  const uint warp = item / 32;
  const uint warp_row = warp / (TILE / 32) * (TILE / 2);
  const uint warp_column = warp % (TILE / 32) * 32;
  const uint slice = get_group_id(2);
  // Tiles are taken in bands of BAND tile rows, down and then right, so that those that run at once share lines.
  const uint tile_columns = get_num_groups(0);
  const uint tile = get_group_id(1) * tile_columns + get_group_id(0);
  const uint band = tile / (BAND * tile_columns) * BAND;
  const uint band_height = min((uint)get_num_groups(1) - band, (uint)BAND);
  const uint place_in_band = tile % (BAND * tile_columns);
  const uint row0 = (band + place_in_band % band_height) * TILE;
  const uint column0 = place_in_band / band_height * TILE;
  const uint in_pixels = height * width;
  const uint out_pixels = out_height * out_width;
#if PASS == 0
  const uint m = features;
  const uint pixels = out_pixels;
  const uint n = images * pixels;
  const uint k = channels * TAPS;
#elif PASS == 1
  const uint m = channels;
  const uint pixels = in_pixels;
  const uint n = images * pixels;
  const uint k = features * TAPS;
#else
  const uint m = features;
  const uint n = channels * TAPS;
  const uint k = images * out_pixels;
#endif
  __global const float *a = first + first_offset;
  __global const float *b = second + second_offset;
  const uint k_begin = slice * k_slice;
  const uint k_end = min(k_begin + k_slice, k);

#if PASS == 2
  // The columns' channels and taps, in each half of a step.
  int b_rows[2];
  int b_places[2];
  __global const float *b_channels[2];
#pragma unroll
  for (uint half_step = 0; half_step < 2; half_step += 1) {
    const uint column = min(column0 + LINE_ALONG_K(half_step), n - 1);
    b_rows[half_step] = (int)(column % TAPS / KERNEL_W) * DILATION_H - PAD_H;
    b_places[half_step] = (int)(column % KERNEL_W) * DILATION_W - PAD_W;
    b_channels[half_step] = b + (ulong)(column / TAPS) * in_pixels;
  }
#else
  // The columns' images and pixels.
  ulong b_images[4];
  int b_rows[4];
  int b_places[4];
#pragma unroll
  for (uint i = 0; i < 4; i += 1) {
    const uint column = min(column0 + LINE_ALONG_LINES + i, n - 1);
    const uint pixel = column % pixels;
#if PASS == 0
    b_images[i] = (ulong)(column / pixels) * channels * in_pixels;
    b_rows[i] = (int)(pixel / out_width) * STRIDE_H - PAD_H;
    b_places[i] = (int)(pixel % out_width) * STRIDE_W - PAD_W;
#else
    b_images[i] = (ulong)(column / pixels) * features * out_pixels;
    b_rows[i] = (int)(pixel / width) + PAD_H;
    b_places[i] = (int)(pixel % width) + PAD_W;
#endif
  }
#endif

  float4 a_next[2 * ELEMENTS];
  float4 b_next[2 * ELEMENTS];
  float four[4];

// Gathers four elements into `four`, zeros where there are none: of one line from p on, or at p of four lines.
#if PASS == 0
#define GATHER_A(half_step, p)                                                       \
  for (uint i = 0; i < 4; i += 1) {                                                  \
    const uint row = row0 + LINE_ALONG_K(half_step);                                 \
    four[i] = row < m && (p) + i < k_end ? a[(ulong)row * k + (p) + i] : 0.0f;       \
  }
#define GATHER_B(half_step, p)                                                       \
  {                                                                                  \
    const int tap_row = (int)((p) % TAPS / KERNEL_W) * DILATION_H;                   \
    const int tap_place = (int)((p) % KERNEL_W) * DILATION_W;                        \
    __global const float *plane = b + (ulong)((p) / TAPS) * in_pixels;               \
    for (uint i = 0; i < 4; i += 1) {                                                \
      const int row = b_rows[i] + tap_row;                                           \
      const int place = b_places[i] + tap_place;                                     \
      const int is_inside = (p) < k_end && column0 + LINE_ALONG_LINES + i < n && row >= 0 && row < height \
                            && place >= 0 && place < width;                          \
      four[i] = is_inside ? plane[b_images[i] + row * width + place] : 0.0f;         \
    }                                                                                \
  }
#elif PASS == 1
#define GATHER_A(half_step, p)                                                       \
  for (uint i = 0; i < 4; i += 1) {                                                  \
    const uint row = row0 + LINE_ALONG_LINES + i;                                    \
    four[i] = row < m && (p) < k_end ? a[((ulong)((p) / TAPS) * channels + row) * TAPS + (p) % TAPS] : 0.0f; \
  }
#define GATHER_B(half_step, p)                                                       \
  {                                                                                  \
    const int tap_row = (int)((p) % TAPS / KERNEL_W) * DILATION_H;                   \
    const int tap_place = (int)((p) % KERNEL_W) * DILATION_W;                        \
    __global const float *plane = b + (ulong)((p) / TAPS) * out_pixels;              \
    for (uint i = 0; i < 4; i += 1) {                                                \
      const int row = b_rows[i] - tap_row;                                           \
      const int place = b_places[i] - tap_place;                                     \
      const int is_inside = (p) < k_end && column0 + LINE_ALONG_LINES + i < n && row >= 0 && row % STRIDE_H == 0 \
                            && row / STRIDE_H < out_height && place >= 0 && place % STRIDE_W == 0                \
                            && place / STRIDE_W < out_width;                         \
      four[i] = is_inside ? plane[b_images[i] + row / STRIDE_H * out_width + place / STRIDE_W] : 0.0f;           \
    }                                                                                \
  }
#else
#define GATHER_A(half_step, p)                                                       \
  {                                                                                  \
    const uint row = row0 + LINE_ALONG_K(half_step);                                 \
    uint image = (p) / out_pixels;                                                   \
    uint pixel = (p) % out_pixels;                                                   \
    for (uint i = 0; i < 4; i += 1) {                                                \
      const int is_inside = row < m && (p) + i < k_end;                              \
      four[i] = is_inside ? a[((ulong)image * features + row) * out_pixels + pixel] : 0.0f; \
      pixel += 1;                                                                    \
      if (pixel == out_pixels) {                                                     \
        pixel = 0;                                                                   \
        image += 1;                                                                  \
      }                                                                              \
    }                                                                                \
  }
#define GATHER_B(half_step, p)                                                       \
  {                                                                                  \
    uint image = (p) / out_pixels;                                                   \
    uint pixel_row = (p) % out_pixels / out_width;                                   \
    uint pixel_place = (p) % out_width;                                              \
    for (uint i = 0; i < 4; i += 1) {                                                \
      const int row = (int)pixel_row * STRIDE_H + b_rows[half_step];                 \
      const int place = (int)pixel_place * STRIDE_W + b_places[half_step];           \
      const int is_inside = (p) + i < k_end && column0 + LINE_ALONG_K(half_step) < n && row >= 0 && row < height \
                            && place >= 0 && place < width;                          \
      four[i] =                                                                      \
          is_inside ? b_channels[half_step][(ulong)image * channels * in_pixels + row * width + place] : 0.0f;   \
      pixel_place += 1;                                                              \
      if (pixel_place == out_width) {                                                \
        pixel_place = 0;                                                             \
        pixel_row += 1;                                                              \
        if (pixel_row == out_height) {                                               \
          pixel_row = 0;                                                             \
          image += 1;                                                                \
        }                                                                            \
      }                                                                              \
    }                                                                                \
  }
#endif

// The first p of a work-item's i-th four in each half of a step.
#define P_ALONG_K(p0, half_step, i) ((p0) + WORD_ALONG_K * ELEMENTS + 4 * (i))
#define P_ALONG_LINES(p0, half_step, i) ((p0) + WORD_ALONG_LINES(half_step) * ELEMENTS + (i))
#if A_ALONG_K
#define A_P P_ALONG_K
#else
#define A_P P_ALONG_LINES
#endif
#if B_ALONG_K
#define B_P P_ALONG_K
#else
#define B_P P_ALONG_LINES
#endif
#define GATHER(next, gather, place, p0)                                              \
  for (uint half_step = 0; half_step < 2; half_step += 1) {                          \
    for (uint number = 0; number < ELEMENTS; number += 1) {                          \
      const uint p = place(p0, half_step, number);                                   \
      gather(half_step, p)                                                           \
      next[half_step * ELEMENTS + number] = (float4)(four[0], four[1], four[2], four[3]); \
    }                                                                                \
  }

  float4 sum[ROWS][4];
#pragma unroll
  for (uint i = 0; i < ROWS; i += 1) {
#pragma unroll
    for (uint j = 0; j < 4; j += 1) sum[i][j] = (float4)(0.0f);
  }

  GATHER(a_next, GATHER_A, A_P, k_begin)
  GATHER(b_next, GATHER_B, B_P, k_begin)
  STORE_A(0);
  STORE_B(0);
  barrier(CLK_LOCAL_MEM_FENCE);

  uint turn = 0;
  for (uint p0 = k_begin; p0 < k_end; p0 += STEP) {
    // The next step's elements are on their way while this step's are used.
    GATHER(a_next, GATHER_A, A_P, p0 + STEP)
    GATHER(b_next, GATHER_B, B_P, p0 + STEP)
    multiply_tiles(
        sum, (__local const uint *)a_fours[turn], (__local const uint *)b_fours[turn], lane, warp, warp_row,
        warp_column, a_matrices, b_matrices);
    turn = 1 - turn;
    STORE_A(turn);
    STORE_B(turn);
    barrier(CLK_LOCAL_MEM_FENCE);
  }

#pragma unroll
  for (uint i = 0; i < ROWS; i += 1) {
#pragma unroll
    for (uint lower = 0; lower < 4; lower += 2) {
      const uint row = row0 + warp_row + 16 * i + C_ROW(lane, lower);
      if (row < m) {
#pragma unroll
        for (uint j = 0; j < 4; j += 1) {
          const uint begin = column0 + warp_column + 8 * j + C_COLUMN(lane, lower);
          const float2 pair = lower == 0 ? sum[i][j].lo : sum[i][j].hi;
#if PASS == 2
          __global float *c_row = y + y_offset + slice * slice_stride + (ulong)row * n;
          if (begin < n) c_row[begin] = pair.x;
          if (begin + 1 < n) c_row[begin + 1] = pair.y;
#else
#define ELEMENT(column) (((ulong)batch * m + row) * pixels + column)
          if (begin + 2 <= n && begin % pixels + 2 <= pixels) {
            const uint batch = begin / pixels;
            __global float *c_row = y + y_offset + ELEMENT(0);
            //@begin rows
            //@end rows
#define REAL float2
#define LOAD vload2
#define STORE vstore2
#define RANDOM(stream) random_float2(ELEMENT(column), (uint2)(key0, key1), step, stream)
            const uint column = begin % pixels;
            const float2 product = pair;
            //@begin vector
            STORE(product, 0, c_row + column);
            //@end vector
#undef RANDOM
          } else {
#define RANDOM(stream) random_float(ELEMENT(column), (uint2)(key0, key1), step, stream)
            for (uint place = begin; place < min(begin + 2, n); place += 1) {
              const uint batch = place / pixels;
              __global float *c_row = y + y_offset + ELEMENT(0);
              //@begin rows
              //@end rows
              const uint column = place % pixels;
              const float product = place == begin ? pair.x : pair.y;
              //@begin scalar
              c_row[column] = product;
              //@end scalar
            }
#undef RANDOM
          }
#endif
        }
      }
    }
  }
}
