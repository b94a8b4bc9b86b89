// Gradient of a convolution's weights for graphics processors and windows of several taps.
//
// A work-group of 256 work-items owns the taps of FEATURES features by CHANNELS channels of one group, in slice
// get_group_id(2) % splits of the tiles of the output's gradient, each ROWS rows of 4 * QUADS pixels of one image. It takes
// one tile after the other into local memory: the gradient, and the patch of the images that the windows see.
// A work-item owns all taps of ITEM_F features by ITEM_C channels and takes every PARTS-th quad, four neighbouring pixels: the
// gradient's, and what a row of the window sees at the four. In the end the PARTS work-items of one place are added in
// their order.
//
// Limit: arithmetic: at 3x3, 144 multiply-adds take 14 loads of 16 bytes from local memory, and what a tile takes from memory
// is used by all features or all channels; 70 to 80 % of the instructions are multiply-adds (Tests/Scripts/nvidia.sh counts
// them). Not measured on a GPU.
// A pixel that is not finite may spread to taps that do not see it, where the tile ends behind the image.
//
// images, channels, features  the extents; channels and features of one group
// splits, slice_tiles         the tiles are cut into `splits` slices of slice_tiles, the last one shorter
// height, width               of an input image
// out_height, out_width       of an output image
// dy, x                       the output's gradient and the input, without gaps
// dw                          the result, without gaps; slices follow each other at slice_stride
// offsets and strides are in elements

#include "arithmetic.cl"
#include "window.cl"

#ifndef FEATURES
#define FEATURES 16
#endif
#ifndef CHANNELS
#define CHANNELS 16
#endif
#ifndef ITEM_F
#define ITEM_F 2
#endif
#ifndef ITEM_C
#define ITEM_C 2
#endif
#ifndef ROWS
#define ROWS 4
#endif
#ifndef QUADS
#define QUADS 8
#endif

#define GROUP 256
#define TAPS (KERNEL_H * KERNEL_W)
#define F_ITEMS (FEATURES / ITEM_F)
#define C_ITEMS (CHANNELS / ITEM_C)
#define CELLS (F_ITEMS * C_ITEMS)
#define PARTS (GROUP / CELLS)
#define SUMS (ITEM_F * ITEM_C * TAPS)

// What a row of the window sees at four places, and the vectors that hold it.
#define SPAN (3 * STRIDE_W + (KERNEL_W - 1) * DILATION_W + 1)
#define VECTORS ((SPAN + 3) / 4)
#define PATCH_H ((ROWS - 1) * STRIDE_H + (KERNEL_H - 1) * DILATION_H + 1)
#define PATCH_W ((4 * QUADS - 1) * STRIDE_W + (KERNEL_W - 1) * DILATION_W + 1)
// Distances in vectors. Those of channels and of features are odd, so that eight neighbours find theirs in different banks.
#define PATCH_PITCH ((QUADS - 1) * STRIDE_W + VECTORS)
#define CHANNEL_PITCH ((PATCH_H * PATCH_PITCH) | 1)
#define FEATURE_PITCH ((ROWS * QUADS) | 1)
// Planes of a patch and of the gradient are fetched several at a time, or in chunks where one has more than GROUP elements:
// where an element lies in its plane, and whether it is there, is computed once for all of them.
#define PATCH_PLANE (PATCH_H * PATCH_W)
#define PATCH_PLANES (PATCH_PLANE < GROUP ? GROUP / PATCH_PLANE : 1)
#define PATCH_CHUNKS ((PATCH_PLANE + GROUP - 1) / GROUP)
#define PIXEL_PLANE (ROWS * QUADS * 4)
#define PIXEL_PLANES (PIXEL_PLANE < GROUP ? GROUP / PIXEL_PLANE : 1)
#define PIXEL_CHUNKS ((PIXEL_PLANE + GROUP - 1) / GROUP)
#define TILE_FOURS (CHANNELS * CHANNEL_PITCH + FEATURES * FEATURE_PITCH)
#define SUM_FOURS ((CELLS * SUMS + 3) / 4)
#define LOCAL_FOURS (PARTS > 1 && SUM_FOURS > TILE_FOURS ? SUM_FOURS : TILE_FOURS)

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void convolution_patch_weights(
    const uint images, const uint channels, const uint features, const uint splits,
    const uint slice_tiles, const int height, const int width, const int out_height, const int out_width,
    __global const float *restrict dy, const ulong dy_offset,
    __global const float *restrict x, const ulong x_offset,
    __global float *dw, const ulong dw_offset, const ulong slice_stride
) {
  __local float4 fours[LOCAL_FOURS];
  __local float4 *patch = fours;
  __local float4 *gradient = fours + CHANNELS * CHANNEL_PITCH;

  const uint id = get_local_id(0);
  const uint slice = get_group_id(2) % splits;
  const uint group = get_group_id(2) / splits;
  const uint groups = get_num_groups(2) / splits;
  const uint channel0 = get_group_id(0) * CHANNELS;
  const uint feature0 = get_group_id(1) * FEATURES;
  const uint in_pixels = height * width;
  const uint out_pixels = out_height * out_width;
  const uint tiles_across = ((uint)out_width + 4 * QUADS - 1) / (4 * QUADS);
  const uint tiles_down = ((uint)out_height + ROWS - 1) / ROWS;
  const uint tiles = images * tiles_down * tiles_across;
  const uint tile_begin = slice * slice_tiles;
  const uint tile_end = min(tile_begin + slice_tiles, tiles);

  // This work-item's features and channels: its first ones, the others F_ITEMS and C_ITEMS further on.
  const uint cell = id % CELLS;
  const uint part = id / CELLS;
  const uint item_feature = cell % F_ITEMS;
  const uint item_channel = cell / F_ITEMS;

  float sum[ITEM_F][ITEM_C][TAPS];
#pragma unroll
  for (uint f = 0; f < ITEM_F; f += 1) {
#pragma unroll
    for (uint c = 0; c < ITEM_C; c += 1) {
#pragma unroll
      for (uint tap = 0; tap < TAPS; tap += 1) sum[f][c][tap] = 0.0f;
    }
  }

  for (uint tile = tile_begin; tile < tile_end; tile += 1) {
    const uint image = tile / (tiles_across * tiles_down);
    const int row0 = (int)(tile / tiles_across % tiles_down) * ROWS;
    const int place0 = (int)(tile % tiles_across) * (4 * QUADS);
    __global const float *tile_dy = dy + dy_offset + (((ulong)image * groups + group) * features + feature0) * out_pixels;
    __global const float *tile_x = x + x_offset + (((ulong)image * groups + group) * channels + channel0) * in_pixels;
    // Before the tile is replaced, all have used the last one.
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (uint chunk = 0; chunk < PATCH_CHUNKS; chunk += 1) {
      const uint plane0 = id / PATCH_PLANE;
      const uint element = PATCH_PLANES > 1 ? id % PATCH_PLANE : chunk * GROUP + id;
      const uint patch_row = element / PATCH_W;
      const uint patch_place = element % PATCH_W;
      const int row = row0 * STRIDE_H - PAD_H + (int)patch_row;
      const int place = place0 * STRIDE_W - PAD_W + (int)patch_place;
      const int is_inside = row >= 0 && row < height && place >= 0 && place < width;
      if (PATCH_PLANES > 1 ? plane0 < PATCH_PLANES : element < PATCH_PLANE) {
        const uint channel_end = is_inside ? min(channels - channel0, (uint)CHANNELS) : 0;
        __local float *to = (__local float *)patch + patch_row * (4 * PATCH_PITCH) + patch_place;
#pragma unroll 8
        for (uint channel = PATCH_PLANES > 1 ? plane0 : 0; channel < CHANNELS; channel += PATCH_PLANES) {
          float value = 0.0f;
          if (channel < channel_end) value = tile_x[channel * in_pixels + row * width + place];
          to[channel * (4 * CHANNEL_PITCH)] = value;
        }
      }
    }
#pragma unroll
    for (uint chunk = 0; chunk < PIXEL_CHUNKS; chunk += 1) {
      const uint plane0 = id / PIXEL_PLANE;
      const uint element = PIXEL_PLANES > 1 ? id % PIXEL_PLANE : chunk * GROUP + id;
      const int row = row0 + (int)(element / (QUADS * 4));
      const int place = place0 + (int)(element % (QUADS * 4));
      const int is_inside = row < out_height && place < out_width;
      if (PIXEL_PLANES > 1 || element < PIXEL_PLANE) {
        const uint feature_end = is_inside ? min(features - feature0, (uint)FEATURES) : 0;
        __local float *to = (__local float *)gradient + element;
#pragma unroll 8
        for (uint feature = PIXEL_PLANES > 1 ? plane0 : 0; feature < FEATURES; feature += PIXEL_PLANES) {
          float value = 0.0f;
          if (feature < feature_end) value = tile_dy[feature * out_pixels + row * out_width + place];
          to[feature * (4 * FEATURE_PITCH)] = value;
        }
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);

#pragma unroll 1
    for (uint quad = part; quad < ROWS * QUADS; quad += PARTS) {
      float4 upstream_fours[ITEM_F];
#pragma unroll
      for (uint f = 0; f < ITEM_F; f += 1)
        upstream_fours[f] = gradient[(item_feature + f * F_ITEMS) * FEATURE_PITCH + quad];
      const float *upstream = (const float *)upstream_fours;
      __local const float4 *lines =
          patch + item_channel * CHANNEL_PITCH + quad / QUADS * STRIDE_H * PATCH_PITCH + quad % QUADS * STRIDE_W;
#pragma unroll
      for (uint c = 0; c < ITEM_C; c += 1) {
#pragma unroll
        for (uint tap_row = 0; tap_row < KERNEL_H; tap_row += 1) {
          float4 seen[VECTORS];
#pragma unroll
          for (uint i = 0; i < VECTORS; i += 1)
            seen[i] = lines[c * C_ITEMS * CHANNEL_PITCH + tap_row * DILATION_H * PATCH_PITCH + i];
          const float *pixel = (const float *)seen;
#pragma unroll
          for (uint j = 0; j < 4; j += 1) {
#pragma unroll
            for (uint f = 0; f < ITEM_F; f += 1) {
#pragma unroll
              for (uint tap_place = 0; tap_place < KERNEL_W; tap_place += 1) {
                const uint tap = tap_row * KERNEL_W + tap_place;
                sum[f][c][tap] = MAD(upstream[f * 4 + j], pixel[j * STRIDE_W + tap_place * DILATION_W], sum[f][c][tap]);
              }
            }
          }
        }
      }
    }
  }

#if PARTS > 1
  // The first part takes the others' sums, one part after the other.
  __local float *sums = (__local float *)fours;
  for (uint from = 1; from < PARTS; from += 1) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (part == from) {
#pragma unroll
      for (uint i = 0; i < SUMS; i += 1) sums[i * CELLS + cell] = sum[i / (ITEM_C * TAPS)][i / TAPS % ITEM_C][i % TAPS];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (part == 0) {
#pragma unroll
      for (uint i = 0; i < SUMS; i += 1) sum[i / (ITEM_C * TAPS)][i / TAPS % ITEM_C][i % TAPS] += sums[i * CELLS + cell];
    }
  }
#endif

  if (part == 0) {
#pragma unroll
    for (uint f = 0; f < ITEM_F; f += 1) {
      const uint feature = feature0 + item_feature + f * F_ITEMS;
#pragma unroll
      for (uint c = 0; c < ITEM_C; c += 1) {
        const uint channel = channel0 + item_channel + c * C_ITEMS;
        if (feature < features && channel < channels) {
          __global float *to =
              dw + dw_offset + slice * slice_stride + (((ulong)group * features + feature) * channels + channel) * TAPS;
#pragma unroll
          for (uint tap = 0; tap < TAPS; tap += 1) to[tap] = sum[f][c][tap];
        }
      }
    }
  }
}
