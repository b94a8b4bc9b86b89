// Transforms the source of a convolution for minimal filtering: tiles of POINTS x POINTS pixels, 4 rows and columns apart,
// into as many values. To the weights, the output's gradient likewise (GRADIENT): tiles of 4 x 4 pixels.
//
// A work-item owns every get_global_size(0)-th pair of an image and a block of 16 channels, from get_global_id(0) on. It
// first brings the 16 channels of each pixel side by side, on a plane of its own that is padded by zeros; from then on,
// channels lie in the lanes. A work-group owns nothing together: no local memory, no barrier.
//
// Limit: memory, where the values are written: 40 % of the copy rate on PoCL (2 AVX-512 cores), by
// `apus train --profile` of adam-cnn's second layer.
//
// first_image, images       the images that are transformed
// channels, height, width   of what is read
// tile_rows, tile_columns   the tiles of an image
// pad_h, pad_w              rows and columns of zeros before the first pixel
// x                         element (image, channel, row, column), without gaps
// slots                     scratch, slot_size floats for each work-item: the plane, element (row, column, lane), then one
//                           row of tiles that is transformed in one dimension, element (point, column, lane)
// v                         element (product, tile, channel): product * product_stride + tile * row_stride + channel, zero
//                           beyond the last channel; whole vectors; tiles of the first image first
// offsets and strides are in elements
//
// A tile's values are those of the polynomial with its pixels as coefficients, but transposed: the products with the weights'
// values (winograd_weights) are what winograd_output makes pixels of. A tile of the output's gradient is the transpose of
// what winograd_output does: its values are those of the polynomial with its pixels as coefficients.
//
// AHEAD                     not 0 where the next channels are fetched while these are transformed
// JOINS_THROUGH_MEMORY      for oclgrind, which cannot follow vectors that are joined

#include "arithmetic.cl"
#include "fetch.cl"
#include "transposition.cl"
#include "winograd_points.cl"

#ifndef GRADIENT
#define GRADIENT 0
#endif

// The rows and columns of a tile.
#define EXTENT (GRADIENT ? 4 : POINTS)

// EXTENT pixels into POINTS values.
#if GRADIENT
static void values_at(const float16 *y, const float p, float16 *to) {
  const float16 even = MAD(y[2], (float16)(p * p), y[0]);
  const float16 odd = MAD(y[3], (float16)(p * p), y[1]);
  to[0] = MAD(odd, (float16)(p), even);
  to[1] = MAD(odd, (float16)(-p), even);
}

static void transform_pixels(const float16 *y, float16 *m) {
  m[0] = y[0];
  values_at(y, A, m + 1);
  values_at(y, B, m + 3);
#if WINDOW == 5
  values_at(y, C, m + 5);
#endif
  m[POINTS - 1] = y[3];
}
#elif WINDOW == 3
// The values at +p and -p, from the other points' square.
static void values_at(const float16 *x, const float p, const float square, float16 *to) {
  const float16 even = MAD(x[2], (float16)(-square), x[4]);
  const float16 odd = MAD(x[1], (float16)(-square), x[3]);
  to[0] = MAD(odd, (float16)(p), even);
  to[1] = MAD(odd, (float16)(-p), even);
}

static void transform_pixels(const float16 *x, float16 *v) {
  v[0] = MAD(x[0], (float16)(A2 * B2), MAD(x[2], (float16)(-A2 - B2), x[4]));
  values_at(x, A, B2, v + 1);
  values_at(x, B, A2, v + 3);
  v[5] = MAD(x[1], (float16)(A2 * B2), MAD(x[3], (float16)(-A2 - B2), x[5]));
}
#else
#define SUM (A2 + B2 + C2)
#define PAIRS (A2 * B2 + A2 * C2 + B2 * C2)
#define PRODUCT (A2 * B2 * C2)

// The values at +p and -p, from the sum and the product of the other points' squares.
static void values_at(const float16 *x, const float p, const float sum, const float product, float16 *to) {
  const float16 even = MAD(x[2], (float16)(product), MAD(x[4], (float16)(-sum), x[6]));
  const float16 odd = MAD(x[1], (float16)(product), MAD(x[3], (float16)(-sum), x[5]));
  to[0] = MAD(odd, (float16)(p), even);
  to[1] = MAD(odd, (float16)(-p), even);
}

static void transform_pixels(const float16 *x, float16 *v) {
  v[0] = MAD(x[0], (float16)(-PRODUCT), MAD(x[2], (float16)(PAIRS), MAD(x[4], (float16)(-SUM), x[6])));
  values_at(x, A, B2 + C2, B2 * C2, v + 1);
  values_at(x, B, A2 + C2, A2 * C2, v + 3);
  values_at(x, C, A2 + B2, A2 * B2, v + 5);
  v[7] = MAD(x[1], (float16)(-PRODUCT), MAD(x[3], (float16)(PAIRS), MAD(x[5], (float16)(-SUM), x[7])));
}
#endif

__kernel void winograd_input(
    const uint first_image, const uint images, const uint channels, const uint height, const uint width,
    const uint tile_rows, const uint tile_columns, const uint pad_h, const uint pad_w,
    __global const float *restrict x, const ulong x_offset,
    __global float *slots, const ulong slots_offset, const ulong slot_size,
    __global float *restrict v, const ulong v_offset, const ulong product_stride, const ulong row_stride
) {
  const uint blocks = (channels + 15) / 16;
  const uint pixels = height * width;
  const uint plane_rows = 4 * tile_rows + EXTENT - 4;
  const uint plane_columns = 4 * tile_columns + EXTENT - 4;
  __global float *plane = slots + slots_offset + get_global_id(0) * slot_size;
  __global float *halves = plane + (ulong)plane_rows * plane_columns * 16;

  // The margins, which no image writes.
  for (uint i = 0; i < plane_rows * plane_columns; i += 1) vstore16((float16)(0.0f), i, plane);

  for (uint job = get_global_id(0); job < images * blocks; job += get_global_size(0)) {
    const uint image = job / blocks;
    const uint channel0 = job % blocks * 16;
    const uint count = min(16u, channels - channel0);
    __global const float *from = x + x_offset + ((ulong)(first_image + image) * channels + channel0) * pixels;

    if (pixels >= 16) {
      // The last vector of pixels overlaps the one before.
      for (uint next = 0; next < pixels; next += 16) {
        const uint first = min(next, pixels - 16);
        float16 lines[16];
#pragma unroll
        for (uint lane = 0; lane < 16; lane += 1) {
          lines[lane] = lane < count ? vload16(0, from + (ulong)lane * pixels + first) : (float16)(0.0f);
        }
        transpose16(lines);
        uint column = first % width;
        uint place = (first / width + pad_h) * plane_columns + pad_w + column;
#pragma unroll
        for (uint i = 0; i < 16; i += 1) {
          vstore16(lines[i], place, plane);
          place += 1;
          column += 1;
          if (column == width) {
            column = 0;
            place += plane_columns - width;
          }
        }
      }
    } else {
      for (uint pixel = 0; pixel < pixels; pixel += 1) {
        __global float *to = plane + ((pixel / width + pad_h) * plane_columns + pad_w + pixel % width) * 16;
        for (uint lane = 0; lane < 16; lane += 1) to[lane] = lane < count ? from[lane * pixels + pixel] : 0.0f;
      }
    }

#if AHEAD
    const uint next = min(job + (uint)get_global_size(0), images * blocks - 1);
    __global const float *next_from =
        x + x_offset + ((ulong)(first_image + next / blocks) * channels + next % blocks * 16) * pixels;
    const uint lines = min(16u, channels - next % blocks * 16) * pixels / 16;
    uint fetched = 0;
#endif
    __global float *tile = v + v_offset + (ulong)image * tile_rows * tile_columns * row_stride + channel0;
    for (uint tile_row = 0; tile_row < tile_rows; tile_row += 1) {
      for (uint column = 0; column < plane_columns; column += 1) {
        float16 values[EXTENT];
        float16 results[POINTS];
#pragma unroll
        for (uint i = 0; i < EXTENT; i += 1) {
          values[i] = vload16((4 * tile_row + i) * plane_columns + column, plane);
        }
        transform_pixels(values, results);
#pragma unroll
        for (uint i = 0; i < POINTS; i += 1) vstore16(results[i], i * plane_columns + column, halves);
      }
      for (uint tile_column = 0; tile_column < tile_columns; tile_column += 1) {
#if AHEAD
        FETCH_SHARE(next_from, fetched, lines / (tile_rows * tile_columns) + 1, lines);
#endif
        for (uint point = 0; point < POINTS; point += 1) {
          float16 values[EXTENT];
          float16 results[POINTS];
#pragma unroll
          for (uint i = 0; i < EXTENT; i += 1) {
            values[i] = vload16(point * plane_columns + 4 * tile_column + i, halves);
          }
          transform_pixels(values, results);
#pragma unroll
          for (uint i = 0; i < POINTS; i += 1) vstore16(results[i], 0, tile + (point * POINTS + i) * product_stride);
        }
        tile += row_stride;
      }
    }
  }
}
