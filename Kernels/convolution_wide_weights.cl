// The gradient of a convolution's weights, for processors.
//
// A work-item owns every get_global_size(0)-th image from get_global_id(0) on (a slice of the images), and of the
// channels every get_global_size(1)-th block of TILE_C from get_global_id(1) on. For each image it copies the input into
// planes of its own, padded by zeros, and the output's gradient into an order in which the features of a pixel lie side
// by side. Then it computes TILE_C channels x TILE_H x TILE_W taps x VECTORS vectors of 16 features at a time in
// registers, over all pixels of the image, and adds them to the slice's sums, which a second launch, convolution_sum,
// adds up in their order. A work-group owns nothing together: no local memory, no barrier.
//
// Limit: arithmetic: for each pixel a tile does rows * VECTORS multiply-adds for rows + VECTORS loads, rows = TILE_C *
// TILE_H * TILE_W. From 16 channels on 76 to 84 % of the rate of multiply-adds, with strides 34 to 76 %, with fewer
// channels 43 to 79 %, on PoCL (2 Zen 4 cores), measured by `apus bench convolution`.
//
// images, groups        the extents; channels and features are cut into groups
// channels, features    of one group
// height, width         of an input image
// out_height, out_width of an output image
// x                     element (image, channel, row, column), without gaps
// dy                    element (image, feature, row, column), without gaps
// scratch               slot_size floats for each work-item: padded planes (channel, row, column), then the gradient
//                       (pixel, feature), features padded to a multiple of 16
// sums                  element (slice, group, channel, tap, feature), features padded likewise
// offsets and sizes are in elements
//
// TILE_W                divides KERNEL_W
// AHEAD                 not 0 where the next image and gradient are fetched while these are multiplied

#include "arithmetic.cl"
#include "fetch.cl"
#include "window.cl"

#ifndef TILE_C
#define TILE_C 1
#endif
#ifndef TILE_H
#define TILE_H 3
#endif
#ifndef TILE_W
#define TILE_W 3
#endif
#ifndef VECTORS
#define VECTORS 2
#endif

#define TAPS (KERNEL_H * KERNEL_W)
// Two vectors' elements in turn: one of four steps of a transposition.
#define INTERLEAVED_LOW(a, b) \
  ((float16)(a.s0, b.s0, a.s1, b.s1, a.s2, b.s2, a.s3, b.s3, a.s4, b.s4, a.s5, b.s5, a.s6, b.s6, a.s7, b.s7))
#define INTERLEAVED_HIGH(a, b) \
  ((float16)(a.s8, b.s8, a.s9, b.s9, a.sa, b.sa, a.sb, b.sb, a.sc, b.sc, a.sd, b.sd, a.se, b.se, a.sf, b.sf))

// Copies a plane into one with a margin, which stays as it is.
static void copy_padded(
    __global const float *x, const uint height, const uint width, __global float *plane, const uint plane_pitch
) {
  for (uint i = 0; i < height; i += 1) {
    __global const float *from = x + (ulong)i * width;
    __global float *to = plane + (ulong)(i + PAD_H) * plane_pitch + PAD_W;
    uint j = 0;
    for (; j + 16 <= width; j += 16) vstore16(vload16(0, from + j), 0, to + j);
    if (j + 8 <= width) {
      vstore8(vload8(0, from + j), 0, to + j);
      j += 8;
    }
    if (j + 4 <= width) {
      vstore4(vload4(0, from + j), 0, to + j);
      j += 4;
    }
    for (; j < width; j += 1) to[j] = from[j];
  }
}

// Transposes 16 rows of 16 that lie `pitch` apart.
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

// Turns (feature, pixel) into (pixel, feature), with zeros for the features beyond the last.
static void copy_transposed(
    __global const float *from, const uint features, const ulong pixels, __global float *to, const uint pitch
) {
  for (uint feature = 0; feature < pitch; feature += 16) {
    ulong pixel = 0;
    if (feature + 16 <= features) {
      for (; pixel + 16 <= pixels; pixel += 16) {
        transpose_block(from + feature * pixels + pixel, pixels, to + pixel * pitch + feature, pitch);
      }
    }
    for (; pixel < pixels; pixel += 1) {
      for (uint lane = 0; lane < 16; lane += 1) {
        to[pixel * pitch + feature + lane] = feature + lane < features ? from[(feature + lane) * pixels + pixel] : 0.0f;
      }
    }
  }
}

__kernel void convolution_wide_weights(
    const uint images, const uint groups, const uint channels, const uint features, const uint height,
    const uint width, const uint out_height, const uint out_width,
    __global const float *restrict x, const ulong x_offset,
    __global const float *restrict dy, const ulong dy_offset,
    __global float *scratch, const ulong scratch_offset, const ulong slot_size,
    __global float *sums, const ulong sums_offset
) {
  const uint plane_height = height + 2 * PAD_H;
  const uint plane_pitch = width + 2 * PAD_W;
  const ulong plane_size = (ulong)plane_height * plane_pitch;
  const ulong pixels = (ulong)out_height * out_width;
  const uint feature_pitch = (features + 15) / 16 * 16;
  const uint blocks = (channels + TILE_C - 1) / TILE_C;
  __global float *planes =
      scratch + scratch_offset + (get_global_id(1) * get_global_size(0) + get_global_id(0)) * slot_size;
  __global float *gradient = planes + channels * plane_size;

  // The margins of the planes, which no image writes.
  for (ulong i = 0; i < channels * plane_size; i += 1) planes[i] = 0.0f;

  for (uint image = get_global_id(0); image < images; image += get_global_size(0)) {
    for (uint group = 0; group < groups; group += 1) {
      const ulong job = (ulong)image * groups + group;
      __global float *results =
          sums + sums_offset + ((ulong)get_global_id(0) * groups + group) * channels * TAPS * feature_pitch;
#if AHEAD
      const ulong distance = group + 1 < groups ? 1 : (get_global_size(0) - 1) * groups + 1;
      const ulong next = min(job + distance, (ulong)images * groups - 1);
      __global const float *next_x = x + x_offset + next * channels * height * width;
      __global const float *next_dy = dy + dy_offset + next * features * pixels;
      const uint x_lines = channels * height * width / 16;
      const uint dy_lines = features * pixels / 16;
      const uint rows_of_tiles = blocks / get_global_size(1) * (KERNEL_H / TILE_H) * (KERNEL_W / TILE_W)
                                 * max(feature_pitch / (16 * VECTORS), 1u) * out_height;
      const uint x_share = x_lines / max(rows_of_tiles, 1u) + 1;
      const uint dy_share = dy_lines / max(rows_of_tiles, 1u) + 1;
      uint x_fetched = 0;
      uint dy_fetched = 0;
#endif
      copy_transposed(dy + dy_offset + job * features * pixels, features, pixels, gradient, feature_pitch);

      for (uint block = get_global_id(1); block < blocks; block += get_global_size(1)) {
        const uint channel0 = block * TILE_C;
        for (uint c = channel0; c < min(channel0 + TILE_C, channels); c += 1) {
          copy_padded(
              x + x_offset + (job * channels + c) * height * width, height, width, planes + c * plane_size, plane_pitch);
        }
        for (uint i0 = 0; i0 < KERNEL_H; i0 += TILE_H) {
          for (uint j0 = 0; j0 < KERNEL_W; j0 += TILE_W) {
            for (uint feature = 0; feature < feature_pitch; feature += 16 * VECTORS) {
              // Beyond the last vector, the last again; it is not kept.
              uint lanes[VECTORS];
#pragma unroll
              for (uint v = 0; v < VECTORS; v += 1) lanes[v] = min(feature + 16 * v, feature_pitch - 16);

              float16 sum[TILE_C][TILE_H][TILE_W][VECTORS];
              uint rows[TILE_C][TILE_H];
#pragma unroll
              for (uint c = 0; c < TILE_C; c += 1) {
#pragma unroll
                for (uint i = 0; i < TILE_H; i += 1) {
                  rows[c][i] = min(channel0 + c, channels - 1) * plane_size
                               + min(i0 + i, KERNEL_H - 1u) * DILATION_H * plane_pitch;
#pragma unroll
                  for (uint j = 0; j < TILE_W; j += 1) {
#pragma unroll
                    for (uint v = 0; v < VECTORS; v += 1) sum[c][i][j][v] = (float16)(0.0f);
                  }
                }
              }
              __global const float *dy_pixel = gradient;
              for (uint oh = 0; oh < out_height; oh += 1) {
#if AHEAD
                FETCH_SHARE(next_x, x_fetched, x_share, x_lines);
                FETCH_SHARE(next_dy, dy_fetched, dy_share, dy_lines);
#endif
                __global const float *source = planes + oh * STRIDE_H * plane_pitch + j0 * DILATION_W;
                for (uint ow = 0; ow < out_width; ow += 1) {
                  float16 values[VECTORS];
#pragma unroll
                  for (uint v = 0; v < VECTORS; v += 1) values[v] = vload16(0, dy_pixel + lanes[v]);
#pragma unroll
                  for (uint c = 0; c < TILE_C; c += 1) {
#pragma unroll
                    for (uint i = 0; i < TILE_H; i += 1) {
#pragma unroll
                      for (uint j = 0; j < TILE_W; j += 1) {
                        const float16 input = (float16)(source[rows[c][i] + j * DILATION_W]);
#pragma unroll
                        for (uint v = 0; v < VECTORS; v += 1) {
                          sum[c][i][j][v] = MAD(input, values[v], sum[c][i][j][v]);
                        }
                      }
                    }
                  }
                  dy_pixel += feature_pitch;
                  source += STRIDE_W;
                }
              }
#pragma unroll
              for (uint c = 0; c < TILE_C; c += 1) {
#pragma unroll
                for (uint i = 0; i < TILE_H; i += 1) {
#pragma unroll
                  for (uint j = 0; j < TILE_W; j += 1) {
#pragma unroll
                    for (uint v = 0; v < VECTORS; v += 1) {
                      const uint first = feature + 16 * v;
                      if (channel0 + c < channels && i0 + i < KERNEL_H && first < feature_pitch) {
                        __global float *to =
                            results
                            + ((ulong)(channel0 + c) * TAPS + (i0 + i) * KERNEL_W + j0 + j) * feature_pitch + first;
                        vstore16(image < get_global_size(0) ? sum[c][i][j][v] : vload16(0, to) + sum[c][i][j][v], 0, to);
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
