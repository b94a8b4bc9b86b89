// Convolution for processors, forward or to the input, then a pointwise chain on each element of the result.
//
// A work-item owns every get_global_size(0)-th image from get_global_id(0) on, and of its channels every
// get_global_size(1)-th tile of TILE_M from get_global_id(1) on. It first copies an image into planes of its own, padded
// by zeros and, going forward, split by the strides' phases, so that a tap reads 16 pixels side by side at the pixel's
// place plus the tap's; an image's planes stay in the cache. It then computes TILE_M channels x VECTORS vectors of 16
// pixels at a time in registers. A work-group owns nothing together: no local memory, no barrier.
//
// A vector of pixels is made of 16 / SEGMENT segments, each within one row, so that narrow images fill it as well.
//
// To the input (TRANSPOSED), rows and columns that are equal modulo the strides form a phase, with the taps that reach
// it: each phase is a convolution of stride 1 of the output's gradient.
//
// Limit: arithmetic: TILE_M * VECTORS multiply-adds for TILE_M + VECTORS * 16 / SEGMENT loads. From 16 channels on 75 to
// 87 % of the rate of multiply-adds, with strides 25 to 80 %, with fewer channels 9 to 77 %, on PoCL (2 Zen 4 cores),
// measured by `apus bench convolution`.
//
// images, groups            the extents; channels are cut into groups
// in_channels, out_channels of one group, of what is read and of what is written
// in_height, in_width       of what is read
// out_height, out_width     of what is written
// plane_height, plane_pitch rows of a padded plane, and from one row to the next
// plane_count               the planes of one channel: the strides' phases, or 1
// x                         element (image, channel, row, column), without gaps
// panels                    the weights as convolution_pack lays them out
// planes                    scratch, slot_size floats for each work-item: element (channel, phase, row, column)
// y                         element (image, channel, row, column), without gaps
// offsets and sizes are in elements
//
// AHEAD                     not 0 where lines are fetched before their use: what is written and what the chain reads while a
//                           tile is computed, the next image while an image is
// JOINS_THROUGH_MEMORY      for oclgrind, which cannot follow vectors that are joined

#include "arithmetic.cl"
#include "fetch.cl"
#include "window.cl"

#ifndef TILE_M
#define TILE_M 8
#endif
#ifndef VECTORS
#define VECTORS 3
#endif
#ifndef SEGMENT
#define SEGMENT 16
#endif
#ifndef TRANSPOSED
#define TRANSPOSED 0
#endif

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define SEGMENTS (16 / SEGMENT)
// From one element of a plane to the next, in what is read, and from one pixel of a phase to the next, in the result.
#if TRANSPOSED
#define STEP_H 1
#define STEP_W 1
#define OUT_STEP_H STRIDE_H
#define OUT_STEP_W STRIDE_W
#else
#define STEP_H STRIDE_H
#define STEP_W STRIDE_W
#define OUT_STEP_H 1
#define OUT_STEP_W 1
#endif
// Whether a tap reads a phase; may say so of one that is not read.
#define IS_READ(phase, kernel, stride, dilation) ((dilation) % (stride) != 1 || (phase) < (kernel))
// How far back a transposed tap reaches.
#define REACH_H ((KERNEL_H - 1) * DILATION_H / STRIDE_H)
#define REACH_W ((KERNEL_W - 1) * DILATION_W / STRIDE_W)

// Copies `count` floats that lie STEP_W apart.
static void copy_strided(__global const float *from, __global float *to, const uint count) {
  uint i = 0;
#if STEP_W == 1
  for (; i + 16 <= count; i += 16) vstore16(vload16(0, from + i), 0, to + i);
  if (i + 8 <= count) {
    vstore8(vload8(0, from + i), 0, to + i);
    i += 8;
  }
  if (i + 4 <= count) {
    vstore4(vload4(0, from + i), 0, to + i);
    i += 4;
  }
#elif STEP_W == 2
  // Two loads that end at the last float that is needed.
  for (; i + 16 <= count; i += 16) {
    vstore8(vload16(0, from + 2 * i).even, 0, to + i);
    vstore8(vload16(0, from + 2 * i + 15).odd, 0, to + i + 8);
  }
  if (i + 8 <= count) {
    vstore4(vload8(0, from + 2 * i).even, 0, to + i);
    vstore4(vload8(0, from + 2 * i + 7).odd, 0, to + i + 4);
    i += 8;
  }
#endif
  for (; i < count; i += 1) to[i] = from[i * STEP_W];
}

// Writes one plane: element (i, j) is x at row i * STEP_H + first_row and column j * STEP_W + first_column. What lies
// outside x stays as it is.
static void copy_plane(
    __global const float *x, const int height, const int width, __global float *plane, const int plane_height,
    const int plane_pitch, const int first_row, const int first_column
) {
  const int begin = min(first_column >= 0 ? 0 : (-first_column + STEP_W - 1) / STEP_W, plane_pitch);
  const int last = width - 1 - first_column;
  const int end = clamp(last < 0 ? 0 : last / STEP_W + 1, begin, plane_pitch);
  for (int i = 0; i < plane_height; i += 1) {
    const int row = i * STEP_H + first_row;
    if (row < 0 || row >= height) continue;
    copy_strided(
        x + (long)row * width + begin * STEP_W + first_column, plane + (long)i * plane_pitch + begin, end - begin);
  }
}

__kernel void convolution_wide(
    const uint images, const uint groups, const uint in_channels, const uint out_channels, const uint in_height,
    const uint in_width, const uint out_height, const uint out_width, const uint plane_height, const uint plane_pitch,
    const uint plane_count,
    __global const float *restrict x, const ulong x_offset,
    __global const float *restrict panels, const ulong panels_offset,
    __global float *planes, const ulong planes_offset, const ulong slot_size,
    __global float *y, const ulong y_offset
    //@begin arguments
    //@end arguments
) {
  const uint tiles = (out_channels + TILE_M - 1) / TILE_M;
  const ulong panel_size = (ulong)in_channels * TILE_M;  // of one tap
  const ulong plane_size = (ulong)plane_height * plane_pitch;
  const ulong channel_size = plane_size * plane_count;
  const ulong pixels = (ulong)out_height * out_width;
  __global float *slot =
      planes + planes_offset + (get_global_id(1) * get_global_size(0) + get_global_id(0)) * slot_size;

  // The margins of the planes, which no image writes.
  for (ulong i = 0; i < in_channels * channel_size; i += 16) vstore16((float16)(0.0f), 0, slot + i);

  for (uint job = get_global_id(0); job < images * groups; job += get_global_size(0)) {
    const uint batch = job / groups;
    const uint group = job % groups;

    for (uint channel = 0; channel < in_channels; channel += 1) {
      __global const float *from =
          x + x_offset + (ulong)(job * in_channels + channel) * in_height * in_width;
      __global float *to = slot + channel * channel_size;
#if TRANSPOSED
      copy_plane(from, in_height, in_width, to, plane_height, plane_pitch, -REACH_H, -REACH_W);
#else
      for (int phase = 0; phase < STRIDE_H * STRIDE_W; phase += 1) {
        if (!IS_READ(phase / STRIDE_W, KERNEL_H, STRIDE_H, DILATION_H)) continue;
        if (!IS_READ(phase % STRIDE_W, KERNEL_W, STRIDE_W, DILATION_W)) continue;
        copy_plane(
            from, in_height, in_width, to + phase * plane_size, plane_height, plane_pitch, phase / STRIDE_W - PAD_H,
            phase % STRIDE_W - PAD_W);
      }
#endif
    }

#if AHEAD
    const ulong image_size = (ulong)in_channels * in_height * in_width;
    __global const float *next = x + x_offset + min(job + (uint)get_global_size(0), images * groups - 1) * image_size;
    const uint lines = image_size / 16;
    const uint share = lines / max(pixels / (VECTORS * 16) * tiles / get_global_size(1), 1ul) + 1;
    uint fetched = 0;
#endif

    __global const float *phase_panels =
        panels + panels_offset + group * tiles * panel_size * (KERNEL_H * KERNEL_W);
#if TRANSPOSED
    for (int phase = 0; phase < STRIDE_H * STRIDE_W; phase += 1) {
      const int phase_h = phase / STRIDE_W;
      const int phase_w = phase % STRIDE_W;
      // The first row and column of the planes that this phase writes, and how many.
      const int row0 = phase_h < PAD_H ? (PAD_H - phase_h + STRIDE_H - 1) / STRIDE_H : 0;
      const int column0 = phase_w < PAD_W ? (PAD_W - phase_w + STRIDE_W - 1) / STRIDE_W : 0;
      const uint rows = max(((int)out_height - 1 + PAD_H - phase_h + STRIDE_H) / STRIDE_H - row0, 0);
      const uint columns = max(((int)out_width - 1 + PAD_W - phase_w + STRIDE_W) / STRIDE_W - column0, 0);
      const int first_row = row0 * STRIDE_H + phase_h - PAD_H;
      const int first_column = column0 * STRIDE_W + phase_w - PAD_W;
      uint taps = 0;
      uint tap_places[KERNEL_H * KERNEL_W];
      for (int i = 0; i < KERNEL_H; i += 1) {
        for (int j = 0; j < KERNEL_W; j += 1) {
          if (i * DILATION_H % STRIDE_H != phase_h || j * DILATION_W % STRIDE_W != phase_w) continue;
          tap_places[taps] = (row0 + REACH_H - (i * DILATION_H - phase_h) / STRIDE_H) * plane_pitch + column0 + REACH_W
                             - (j * DILATION_W - phase_w) / STRIDE_W;
          taps += 1;
        }
      }
#else
    {
      const uint rows = out_height;
      const uint columns = out_width;
      const int first_row = 0;
      const int first_column = 0;
      const uint taps = KERNEL_H * KERNEL_W;
      uint tap_places[KERNEL_H * KERNEL_W];
      for (int i = 0; i < KERNEL_H; i += 1) {
        for (int j = 0; j < KERNEL_W; j += 1) {
          const int row = i * DILATION_H;
          const int column = j * DILATION_W;
          tap_places[i * KERNEL_W + j] = (row % STRIDE_H * STRIDE_W + column % STRIDE_W) * plane_size
                                         + row / STRIDE_H * plane_pitch + column / STRIDE_W;
        }
      }
#endif
      const uint across = max((columns + SEGMENT - 1) / SEGMENT, 1u);
      const uint segments = columns > 0 ? across * rows : 0;
      // Whether the pixels of a vector lie side by side in y.
      const int is_dense = OUT_STEP_H == 1 && OUT_STEP_W == 1 && columns % SEGMENT == 0;

      for (uint tile = get_global_id(1); tile < tiles; tile += get_global_size(1)) {
        uint segment_row = 0;
        uint segment_column = 0;
        for (uint segment0 = 0; segment0 < segments; segment0 += VECTORS * SEGMENTS) {
          // Where each segment is read, where it is written, and how much of it.
          uint places[VECTORS * SEGMENTS];
          uint targets[VECTORS * SEGMENTS];
          uint counts[VECTORS * SEGMENTS];
#pragma unroll
          for (uint s = 0; s < VECTORS * SEGMENTS; s += 1) {
            const int is_inside = segment_row < rows;
            const uint column = segment_column * SEGMENT;
            places[s] = is_inside ? segment_row * plane_pitch + column : 0;
            targets[s] = (segment_row * OUT_STEP_H + first_row) * out_width + column * OUT_STEP_W + first_column;
            counts[s] = is_inside ? min((uint)SEGMENT, columns - column) : 0;
            segment_column += 1;
            if (segment_column == across) {
              segment_column = 0;
              segment_row += 1;
            }
          }

#if AHEAD
          FETCH_SHARE(next, fetched, share, lines);
#define FETCH_ROW(pointer) FETCH(pointer);
#pragma unroll
          for (uint m = 0; m < TILE_M; m += 1) {
            const uint row = group * out_channels + tile * TILE_M + m;
#pragma unroll
            for (uint v = 0; v < VECTORS; v += 1) {
              const uint column0 = targets[v * SEGMENTS];
              FETCH_TO_WRITE(y + y_offset + ((ulong)batch * groups * out_channels + row) * pixels + column0);
              //@begin fetches
              //@end fetches
            }
          }
#endif
          float16 sum[TILE_M][VECTORS];
#pragma unroll
          for (uint m = 0; m < TILE_M; m += 1) {
#pragma unroll
            for (uint v = 0; v < VECTORS; v += 1) sum[m][v] = (float16)(0.0f);
          }
          __global const float *weights = phase_panels + tile * panel_size * taps;
          __global const float *plane = slot;
          for (uint channel = 0; channel < in_channels; channel += 1) {
            for (uint tap = 0; tap < taps; tap += 1) {
              __global const float *source = plane + tap_places[tap];
              float16 values[VECTORS];
#pragma unroll
              for (uint v = 0; v < VECTORS; v += 1) {
#if SEGMENT == 16
                values[v] = vload16(0, source + places[v]);
#elif defined(JOINS_THROUGH_MEMORY)
                float parts[16];
                for (uint s = 0; s < SEGMENTS; s += 1) {
                  JOIN(vstore, SEGMENT)(JOIN(vload, SEGMENT)(0, source + places[v * SEGMENTS + s]), s, parts);
                }
                values[v] = vload16(0, parts);
#elif SEGMENT == 8
                values[v] = (float16)(vload8(0, source + places[2 * v]), vload8(0, source + places[2 * v + 1]));
#else
                values[v] = (float16)(
                    vload4(0, source + places[4 * v]), vload4(0, source + places[4 * v + 1]),
                    vload4(0, source + places[4 * v + 2]), vload4(0, source + places[4 * v + 3]));
#endif
              }
#pragma unroll
              for (uint m = 0; m < TILE_M; m += 1) {
                const float16 weight = (float16)(weights[m]);
#pragma unroll
                for (uint v = 0; v < VECTORS; v += 1) sum[m][v] = MAD(weight, values[v], sum[m][v]);
              }
              weights += TILE_M;
            }
            plane += channel_size;
          }

          // Through memory from here on, so that the chain's code is not repeated for every vector of the tile.
          float tile_sums[TILE_M * VECTORS * 16];
#pragma unroll
          for (uint m = 0; m < TILE_M; m += 1) {
#pragma unroll
            for (uint v = 0; v < VECTORS; v += 1) vstore16(sum[m][v], m * VECTORS + v, tile_sums);
          }
          const uint channel0 = tile * TILE_M;
          for (uint m = 0; m < min((uint)TILE_M, out_channels - channel0); m += 1) {
            const uint row = group * out_channels + channel0 + m;
            const float *tile_row = tile_sums + m * VECTORS * 16;
            const ulong element = ((ulong)job * out_channels + channel0 + m) * pixels;
            __global float *c_row = y + y_offset + element;
            //@begin rows
            //@end rows
#define RANDOM(stream) JOIN(random_float, LANES)(element + column, (uint2)(key0, key1), step, stream)
#define REAL JOIN(float, LANES)
#define LOAD JOIN(vload, LANES)
#define STORE JOIN(vstore, LANES)
            for (uint s = 0; s < VECTORS * SEGMENTS; s += 1) {
              const float *products = tile_row + s * SEGMENT;
              uint column = targets[s];
              uint count = counts[s];
#if OUT_STEP_W == 1
              // Whole vectors, whose segments follow each other in y; else what there is of a segment.
              const uint last = s / SEGMENTS * SEGMENTS + SEGMENTS - 1;
              if ((is_dense || SEGMENT == 16) && counts[last] == SEGMENT) {
                if (s % SEGMENTS != 0) continue;
#define LANES 16
                const float16 product = vload16(0, products);
                //@begin vector
                STORE(product, 0, c_row + column);
                //@end vector
#undef LANES
                continue;
              }
              if (count >= 8) {
#define LANES 8
                const float8 product = vload8(0, products);
                //@begin vector
                STORE(product, 0, c_row + column);
                //@end vector
#undef LANES
                products += 8;
                column += 8;
                count -= 8;
              }
              if (count >= 4) {
#define LANES 4
                const float4 product = vload4(0, products);
                //@begin vector
                STORE(product, 0, c_row + column);
                //@end vector
#undef LANES
                products += 4;
                column += 4;
                count -= 4;
              }
#endif
#undef RANDOM
#define RANDOM(stream) random_float(element + column, (uint2)(key0, key1), step, stream)
              for (uint i = 0; i < count; i += 1) {
                const float product = products[i];
                //@begin scalar
                c_row[column] = product;
                //@end scalar
                column += OUT_STEP_W;
              }
#undef RANDOM
            }
          }
        }
      }
      phase_panels += tiles * panel_size * taps;
    }
  }
}
