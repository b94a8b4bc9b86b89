// Makes pixels of the products of a minimal filter, 4 x 4 of POINTS x POINTS, then a pointwise chain on each of them.
//
// A work-item owns every get_global_size(0)-th pair of an image and a block of 16 channels, from get_global_id(0) on. It
// transforms all tiles with channels in the lanes, brings each channel's pixels side by side, and writes the planes while
// they are in the cache. A work-group owns nothing together: no local memory, no barrier.
//
// Limit: memory, where the products are read: 48 % of the copy rate on PoCL (2 AVX-512 cores), by
// `apus train --profile` of adam-cnn's second layer.
//
// first_image, images       the images that are made
// channels, height, width   of what is written
// tile_rows, tile_columns   the tiles of an image
// m                         element (product, tile, channel): product * product_stride + tile * row_stride + channel; whole
//                           vectors; tiles of the first image first
// slots                     scratch, slot_size floats for each work-item: the tiles' pixels, element (row, column, lane),
//                           then the planes, element (lane, pixel), from one to the next a multiple of 16
// y                         element (image, channel, row, column), without gaps
// offsets and strides are in elements
//
// JOINS_THROUGH_MEMORY      for oclgrind, which cannot follow vectors that are joined

#include "arithmetic.cl"
#include "transposition.cl"
#include "winograd_points.cl"

// POINTS products into 4 pixels: sums over the points of their powers.
#if WINDOW == 3
static void transform_products(const float16 *m, float16 *y) {
  const float16 sum_a = m[1] + m[2];
  const float16 sum_b = m[3] + m[4];
  const float16 odd_a = (m[1] - m[2]) * A;
  const float16 odd_b = (m[3] - m[4]) * B;
  y[0] = m[0] + (sum_a + sum_b);
  y[1] = odd_a + odd_b;
  y[2] = MAD(sum_a, (float16)(A2), sum_b * B2);
  y[3] = MAD(odd_a, (float16)(A2), MAD(odd_b, (float16)(B2), m[5]));
}
#else
static void transform_products(const float16 *m, float16 *y) {
  const float16 sum_a = m[1] + m[2];
  const float16 sum_b = m[3] + m[4];
  const float16 sum_c = m[5] + m[6];
  const float16 odd_a = (m[1] - m[2]) * A;
  const float16 odd_b = (m[3] - m[4]) * B;
  const float16 odd_c = (m[5] - m[6]) * C;
  y[0] = m[0] + (sum_a + sum_b + sum_c);
  y[1] = odd_a + odd_b + odd_c;
  y[2] = MAD(sum_a, (float16)(A2), MAD(sum_b, (float16)(B2), sum_c * C2));
  y[3] = MAD(odd_a, (float16)(A2), MAD(odd_b, (float16)(B2), MAD(odd_c, (float16)(C2), m[7])));
}
#endif

__kernel void winograd_output(
    const uint first_image, const uint images, const uint channels, const uint height, const uint width,
    const uint tile_rows, const uint tile_columns,
    __global const float *restrict m, const ulong m_offset, const ulong product_stride, const ulong row_stride,
    __global float *slots, const ulong slots_offset, const ulong slot_size,
    __global float *y, const ulong y_offset
    //@begin arguments
    //@end arguments
) {
  const uint blocks = (channels + 15) / 16;
  const uint pixels = height * width;
  const uint pitch = (pixels + 15) / 16 * 16;
  const uint tile_pitch = 4 * tile_columns;
  __global float *tiles = slots + slots_offset + get_global_id(0) * slot_size;
  __global float *planes = tiles + (ulong)4 * tile_rows * tile_pitch * 16;

  for (uint job = get_global_id(0); job < images * blocks; job += get_global_size(0)) {
    const uint batch = first_image + job / blocks;
    const uint channel0 = job % blocks * 16;
    const uint count = min(16u, channels - channel0);

    __global const float *tile =
        m + m_offset + (ulong)(job / blocks) * tile_rows * tile_columns * row_stride + channel0;
    for (uint tile_row = 0; tile_row < tile_rows; tile_row += 1) {
      for (uint tile_column = 0; tile_column < tile_columns; tile_column += 1) {
        // Element (row, point of the columns).
        float16 halves[4][POINTS];
#pragma unroll
        for (uint point = 0; point < POINTS; point += 1) {
          float16 products[POINTS];
          float16 sums[4];
#pragma unroll
          for (uint i = 0; i < POINTS; i += 1) products[i] = vload16(0, tile + (i * POINTS + point) * product_stride);
          transform_products(products, sums);
#pragma unroll
          for (uint i = 0; i < 4; i += 1) halves[i][point] = sums[i];
        }
#pragma unroll
        for (uint i = 0; i < 4; i += 1) {
          float16 sums[4];
          transform_products(halves[i], sums);
#pragma unroll
          for (uint j = 0; j < 4; j += 1) {
            vstore16(sums[j], (4 * tile_row + i) * tile_pitch + 4 * tile_column + j, tiles);
          }
        }
        tile += row_stride;
      }
    }

    uint across = 0;
    uint place = 0;
    for (uint first = 0; first < pixels; first += 16) {
      float16 lines[16];
#pragma unroll
      for (uint i = 0; i < 16; i += 1) {
        lines[i] = first + i < pixels ? vload16(place, tiles) : (float16)(0.0f);
        place += 1;
        across += 1;
        if (across == width) {
          across = 0;
          place += tile_pitch - width;
        }
      }
      transpose16(lines);
#pragma unroll
      for (uint lane = 0; lane < 16; lane += 1) vstore16(lines[lane], 0, planes + (ulong)lane * pitch + first);
    }

    for (uint lane = 0; lane < count; lane += 1) {
      const uint row = channel0 + lane;
      __global const float *plane = planes + (ulong)lane * pitch;
      const ulong element = ((ulong)batch * channels + row) * pixels;
      __global float *c_row = y + y_offset + element;
      //@begin rows
      //@end rows
      uint column = 0;
#define REAL float16
#define LOAD vload16
#define RANDOM(stream) random_float16(element + column, (uint2)(key0, key1), step, stream)
      for (; column + 16 <= pixels; column += 16) {
        const float16 product = vload16(0, plane + column);
        //@begin vector
        vstore16(product, 0, c_row + column);
        //@end vector
      }
#undef RANDOM
#define RANDOM(stream) random_float(element + column, (uint2)(key0, key1), step, stream)
      for (; column < pixels; column += 1) {
        const float product = plane[column];
        //@begin scalar
        c_row[column] = product;
        //@end scalar
      }
#undef RANDOM
    }
  }
}
