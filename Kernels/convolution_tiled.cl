// Convolution for graphics processors, as a matrix product whose operands are gathered: forward, to the input, or to the
// weights; then, but for the weights, a pointwise chain on each element.
//
// In one group, C[M, N] = A[M, K] B[K, N]:
//   PASS 0  M features, N (image, output pixel), K (channel, tap): weights times input
//   PASS 1  M channels, N (image, input pixel), K (feature, tap): weights times the output's gradient
//   PASS 2  M features, N (channel, tap), K (image, output pixel): the output's gradient times input
//
// A work-group of 16 x 16 work-items owns a TILE x TILE tile of C in slice get_group_id(2) % splits of K of group
// get_group_id(2) / splits. It walks K in steps of STEP = 1024 / TILE, for which it shares two TILE x STEP tiles in local
// memory; two pairs take turns, so that one barrier per step is enough.
// A work-item owns ITEM x ITEM elements of the tile, ITEM = TILE / 16, in blocks of BLOCK x BLOCK that lie 16 * BLOCK
// apart, and gathers four elements of A and of B in each step. What belongs to its lines is computed once.
//
// Limit: gathering: each element of an operand has a place to be computed and edges to be minded. Not measured on a GPU.
//
// images, channels, features  the extents; channels and features of one group
// splits, k_slice             K is cut into `splits` slices of k_slice, the last one shorter
// height, width               of an input image
// out_height, out_width       of an output image
// first, second               weights and input, weights and output's gradient, or output's gradient and input, without gaps
// y                           the result, without gaps; slices follow each other at slice_stride
// offsets and strides are in elements

#include "arithmetic.cl"
#include "window.cl"

#ifndef PASS
#define PASS 0
#endif
#ifndef TILE
#define TILE 64
#endif

#ifndef BAND
#define BAND 8
#endif

#define TAPS (KERNEL_H * KERNEL_W)
#define STEP (1024 / TILE)
#define ITEM (TILE / 16)
#if TILE == 32
#define BLOCK 2
#else
#define BLOCK 4
#endif
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define VECTOR JOIN(float, BLOCK)
// A row of a local tile, with a gap that spreads transposed stores over the banks and leaves rows aligned.
#define PITCH (TILE + 4)

// The place of a work-item's element in its tile, along either dimension.
#define PLACE(item, element) (((element) / BLOCK) * (16 * BLOCK) + (item) * BLOCK + (element) % BLOCK)

__kernel __attribute__((reqd_work_group_size(16, 16, 1)))
void convolution_tiled(
    const uint images, const uint channels, const uint features, const uint groups, const uint splits,
    const uint k_slice, const int height, const int width, const int out_height, const int out_width,
    __global const float *restrict first, const ulong first_offset,
    __global const float *restrict second, const ulong second_offset,
    __global float *y, const ulong y_offset, const ulong slice_stride
    //@begin arguments
    //@end arguments
) {
  __local float4 a_fours[2][STEP * PITCH / 4];
  __local float4 b_fours[2][STEP * PITCH / 4];

  const uint x = get_local_id(0);
  const uint y_item = get_local_id(1);
  const uint slice = get_group_id(2) % splits;
  const uint group = get_group_id(2) / splits;
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
  __global const float *a = first + first_offset + (ulong)group * features * channels * TAPS;
#elif PASS == 1
  const uint m = channels;
  const uint pixels = in_pixels;
  const uint n = images * pixels;
  const uint k = features * TAPS;
  __global const float *a = first + first_offset + (ulong)group * features * channels * TAPS;
#else
  const uint m = features;
  const uint n = channels * TAPS;
  const uint k = images * out_pixels;
  __global const float *a = first + first_offset + (ulong)group * features * out_pixels;
#endif
  __global const float *b =
      second + second_offset + (ulong)group * (PASS == 1 ? features * out_pixels : channels * in_pixels);
  const uint k_begin = slice * k_slice;
  const uint k_end = min(k_begin + k_slice, k);

  // The four elements that this work-item gathers in a step: (line, p) .. (line, p + 3), or (line, p) .. (line + 3, p).
  const uint load = y_item * 16 + x;
#if PASS == 1
  const uint a_line = load % (TILE / 4) * 4;
  const uint a_p = load / (TILE / 4);
#else
  const uint a_line = load / (STEP / 4);
  const uint a_p = load % (STEP / 4) * 4;
#endif
#if PASS == 2
  const uint b_line = load / (STEP / 4);
  const uint b_p = load % (STEP / 4) * 4;
#else
  const uint b_line = load % (TILE / 4) * 4;
  const uint b_p = load / (TILE / 4);
#endif

#if PASS == 2
  // The column's channel and tap.
  const uint b_column = min(column0 + b_line, n - 1);
  const int b_row = (int)(b_column % TAPS / KERNEL_W) * DILATION_H - PAD_H;
  const int b_place = (int)(b_column % KERNEL_W) * DILATION_W - PAD_W;
  __global const float *b_channel = b + (ulong)(b_column / TAPS) * in_pixels;
#else
  // The columns' images and pixels.
  ulong b_images[4];
  int b_rows[4];
  int b_places[4];
#pragma unroll
  for (uint i = 0; i < 4; i += 1) {
    const uint column = min(column0 + b_line + i, n - 1);
    const uint pixel = column % pixels;
#if PASS == 0
    b_images[i] = (ulong)(column / pixels) * groups * channels * in_pixels;
    b_rows[i] = (int)(pixel / out_width) * STRIDE_H - PAD_H;
    b_places[i] = (int)(pixel % out_width) * STRIDE_W - PAD_W;
#else
    b_images[i] = (ulong)(column / pixels) * groups * features * out_pixels;
    b_rows[i] = (int)(pixel / width) + PAD_H;
    b_places[i] = (int)(pixel % width) + PAD_W;
#endif
  }
#endif

  float a_four[4];
  float b_four[4];

// Gathers the elements of a step from p on into a_four and b_four; zeros where there are none.
#if PASS == 0
#define GATHER_A(p)                                                                  \
  for (uint i = 0; i < 4; i += 1) {                                                  \
    const int is_inside = row0 + a_line < m && (p) + i < k_end;                      \
    a_four[i] = is_inside ? a[(ulong)(row0 + a_line) * k + (p) + i] : 0.0f;          \
  }
#define GATHER_B(p)                                                                  \
  {                                                                                  \
    const int tap_row = (int)((p) % TAPS / KERNEL_W) * DILATION_H;                   \
    const int tap_place = (int)((p) % KERNEL_W) * DILATION_W;                        \
    __global const float *plane = b + (ulong)((p) / TAPS) * in_pixels;               \
    for (uint i = 0; i < 4; i += 1) {                                                \
      const int row = b_rows[i] + tap_row;                                           \
      const int place = b_places[i] + tap_place;                                     \
      const int is_inside = (p) < k_end && column0 + b_line + i < n && row >= 0 && row < height && place >= 0 \
                            && place < width;                                        \
      b_four[i] = is_inside ? plane[b_images[i] + row * width + place] : 0.0f;       \
    }                                                                                \
  }
#elif PASS == 1
#define GATHER_A(p)                                                                  \
  for (uint i = 0; i < 4; i += 1) {                                                  \
    const int is_inside = row0 + a_line + i < m && (p) < k_end;                      \
    a_four[i] =                                                                      \
        is_inside ? a[((ulong)((p) / TAPS) * channels + row0 + a_line + i) * TAPS + (p) % TAPS] : 0.0f; \
  }
#define GATHER_B(p)                                                                  \
  {                                                                                  \
    const int tap_row = (int)((p) % TAPS / KERNEL_W) * DILATION_H;                   \
    const int tap_place = (int)((p) % KERNEL_W) * DILATION_W;                        \
    __global const float *plane = b + (ulong)((p) / TAPS) * out_pixels;              \
    for (uint i = 0; i < 4; i += 1) {                                                \
      const int row = b_rows[i] - tap_row;                                           \
      const int place = b_places[i] - tap_place;                                     \
      const int is_inside = (p) < k_end && column0 + b_line + i < n && row >= 0 && row % STRIDE_H == 0 \
                            && row / STRIDE_H < out_height && place >= 0 && place % STRIDE_W == 0      \
                            && place / STRIDE_W < out_width;                         \
      b_four[i] = is_inside ? plane[b_images[i] + row / STRIDE_H * out_width + place / STRIDE_W] : 0.0f; \
    }                                                                                \
  }
#else
#define GATHER_A(p)                                                                  \
  {                                                                                  \
    uint image = (p) / out_pixels;                                                   \
    uint pixel = (p) % out_pixels;                                                   \
    for (uint i = 0; i < 4; i += 1) {                                                \
      const int is_inside = row0 + a_line < m && (p) + i < k_end;                    \
      a_four[i] =                                                                    \
          is_inside ? a[((ulong)image * groups * features + row0 + a_line) * out_pixels + pixel] : 0.0f; \
      pixel += 1;                                                                    \
      if (pixel == out_pixels) {                                                     \
        pixel = 0;                                                                   \
        image += 1;                                                                  \
      }                                                                              \
    }                                                                                \
  }
#define GATHER_B(p)                                                                  \
  {                                                                                  \
    uint image = (p) / out_pixels;                                                   \
    uint pixel_row = (p) % out_pixels / out_width;                                   \
    uint pixel_place = (p) % out_width;                                              \
    for (uint i = 0; i < 4; i += 1) {                                                \
      const int row = (int)pixel_row * STRIDE_H + b_row;                             \
      const int place = (int)pixel_place * STRIDE_W + b_place;                       \
      const int is_inside = (p) + i < k_end && column0 + b_line < n && row >= 0 && row < height && place >= 0 \
                            && place < width;                                        \
      b_four[i] =                                                                    \
          is_inside ? b_channel[(ulong)image * groups * channels * in_pixels + row * width + place] : 0.0f;   \
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
#if PASS == 1
#define STORE_A(tile) a_fours[tile][(a_p * PITCH + a_line) / 4] = (float4)(a_four[0], a_four[1], a_four[2], a_four[3])
#else
#define STORE_A(tile) \
  for (uint i = 0; i < 4; i += 1) ((__local float *)a_fours[tile])[(a_p + i) * PITCH + a_line] = a_four[i]
#endif
#if PASS == 2
#define STORE_B(tile) \
  for (uint i = 0; i < 4; i += 1) ((__local float *)b_fours[tile])[(b_p + i) * PITCH + b_line] = b_four[i]
#else
#define STORE_B(tile) b_fours[tile][(b_p * PITCH + b_line) / 4] = (float4)(b_four[0], b_four[1], b_four[2], b_four[3])
#endif

  float sum[ITEM][ITEM];
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
    for (uint j = 0; j < ITEM; j += 1) sum[i][j] = 0.0f;
  }

  GATHER_A(k_begin + a_p)
  GATHER_B(k_begin + b_p)
  STORE_A(0);
  STORE_B(0);
  barrier(CLK_LOCAL_MEM_FENCE);

  uint turn = 0;
  for (uint p0 = k_begin; p0 < k_end; p0 += STEP) {
    // The next step's elements are on their way while this step's are used.
    GATHER_A(p0 + STEP + a_p)
    GATHER_B(p0 + STEP + b_p)
    __local const float *a_tile = (__local const float *)a_fours[turn];
    __local const float *b_tile = (__local const float *)b_fours[turn];
#pragma unroll
    for (uint p = 0; p < STEP; p += 1) {
      VECTOR a_vectors[ITEM / BLOCK];
      VECTOR b_vectors[ITEM / BLOCK];
#pragma unroll
      for (uint i = 0; i < ITEM; i += BLOCK)
        a_vectors[i / BLOCK] = *(__local const VECTOR *)(a_tile + p * PITCH + PLACE(y_item, i));
#pragma unroll
      for (uint j = 0; j < ITEM; j += BLOCK)
        b_vectors[j / BLOCK] = *(__local const VECTOR *)(b_tile + p * PITCH + PLACE(x, j));
      const float *a_values = (const float *)a_vectors;
      const float *b_values = (const float *)b_vectors;
#pragma unroll
      for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
        for (uint j = 0; j < ITEM; j += 1) sum[i][j] = MAD(a_values[i], b_values[j], sum[i][j]);
      }
    }
    turn = 1 - turn;
    STORE_A(turn);
    STORE_B(turn);
    barrier(CLK_LOCAL_MEM_FENCE);
  }

#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
    const uint row_of_group = row0 + PLACE(y_item, i);
    if (row_of_group < m) {
#if PASS == 2
      __global float *c_row =
          y + y_offset + slice * slice_stride + ((ulong)group * features + row_of_group) * n;
#pragma unroll
      for (uint j = 0; j < ITEM; j += 1) {
        const uint column = column0 + PLACE(x, j);
        if (column < n) c_row[column] = sum[i][j];
      }
#else
      const uint row = group * m + row_of_group;
#pragma unroll
      for (uint j = 0; j < ITEM; j += BLOCK) {
        const uint begin = column0 + PLACE(x, j);
        float block[BLOCK];
#pragma unroll
        for (uint lane = 0; lane < BLOCK; lane += 1) block[lane] = sum[i][j + lane];
#define ELEMENT(column) (((ulong)batch * groups * m + row) * pixels + column)
        if (begin + BLOCK <= n && begin % pixels + BLOCK <= pixels) {
          const uint batch = begin / pixels;
          __global float *c_row = y + y_offset + ELEMENT(0);
          //@begin rows
          //@end rows
#define REAL JOIN(float, BLOCK)
#define LOAD JOIN(vload, BLOCK)
#define STORE JOIN(vstore, BLOCK)
#define RANDOM(stream) JOIN(random_float, BLOCK)(ELEMENT(column), (uint2)(key0, key1), step, stream)
          const uint column = begin % pixels;
          const REAL product = LOAD(0, block);
          //@begin vector
          STORE(product, 0, c_row + column);
          //@end vector
#undef RANDOM
        } else {
#define RANDOM(stream) random_float(ELEMENT(column), (uint2)(key0, key1), step, stream)
          for (uint lane = 0; lane < BLOCK && begin + lane < n; lane += 1) {
            const uint batch = (begin + lane) / pixels;
            __global float *c_row = y + y_offset + ELEMENT(0);
            //@begin rows
            //@end rows
            const uint column = (begin + lane) % pixels;
            const float product = block[lane];
            //@begin scalar
            c_row[column] = product;
            //@end scalar
          }
#undef RANDOM
        }
      }
#endif
    }
  }
}
