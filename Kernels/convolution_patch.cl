// Convolution for graphics processors and windows of several taps: forward, or to the input; then a pointwise chain on
// each element.
//
// To the input, `channels` are what is summed over and `features` the result's here too. Where the window moves by more
// than one, a place is STRIDE_H x STRIDE_W pixels of the result, PHASES of them: each tap reaches one of these alone, at
// every place the same, so no tap is multiplied by a pixel that it skipped. Elsewhere a place is a pixel.
//
// A work-group of 256 work-items owns a tile of the result: FEATURES features of one group in IMAGES images, of each ROWS
// rows of 4 * QUADS places. It walks through the channels in steps of CHANNELS, for which it shares in local memory the
// patch of the images that the tile's windows see, and the weights; two pairs take turns, so that one barrier per step is
// enough. Each element of the patch is taken from memory once for all taps, and where it lies is computed once for all
// channels.
// A work-item owns ITEM features of four neighbouring places, and takes from local memory, for each row of the window, the
// pixels that the row sees at its four places, and for each tap ITEM weights, which are the same for a whole warp.
//
// Limit: arithmetic: at 3x3 and ITEM = 8, 288 multiply-adds for each channel take 24 loads of 16 bytes from local memory, and
// the patch and the weights some 40 instructions; where the window moves by two to the input, at ITEM = 4, 144 of a
// channel's 194 instructions are multiply-adds (Tests/Scripts/nvidia.sh counts them). Not measured on a GPU.
//
// channels, features   the extents of one group; CHANNELS divides the first
// images, groups       the extents
// height, width        of an image that is read
// out_height, out_width  of an image of the result
// weights, x           the operands, without gaps
// y                    the result, without gaps
// offsets are in elements

#include "arithmetic.cl"
#include "window.cl"

#ifndef TRANSPOSED
#define TRANSPOSED 0
#endif
#ifndef IMAGES
#define IMAGES 1
#endif
#ifndef ROWS
#define ROWS 16
#endif
// 1, 2, 4 or 8; ROWS is a multiple of 8 where it is less than 8.
#ifndef QUADS
#define QUADS 8
#endif
// 4 or 8.
#ifndef ITEM
#define ITEM 8
#endif
#ifndef CHANNELS
#define CHANNELS 1
#endif

#define GROUP 256
#define TAPS (KERNEL_H * KERNEL_W)
#define PLACES (IMAGES * ROWS * QUADS)
#define FEATURES (GROUP / PLACES * ITEM)

// Along each axis: how far the patch moves from a place to the next, the pixels of the result that a place is, how far
// the patch begins before its first place, and how far it sees beyond its last; then what a tap contributes to: the
// pixel of a place, and what it multiplies, from the patch's place on.
#if TRANSPOSED
#define MOVE_H 1
#define MOVE_W 1
#define PHASES_H STRIDE_H
#define PHASES_W STRIDE_W
// Whole strides, rounded down before the place and up behind it.
#define BEFORE(size, stride, pad, dilation) ((((size) - 1) * (dilation) + ((stride) - 1) * (pad)) / (stride) - (pad))
#define BEHIND(stride, pad) (((pad) + (stride) - 1) / (stride))
#define BEFORE_H BEFORE(KERNEL_H, STRIDE_H, PAD_H, DILATION_H)
#define BEFORE_W BEFORE(KERNEL_W, STRIDE_W, PAD_W, DILATION_W)
#define REACH_H (BEFORE_H + BEHIND(STRIDE_H, PAD_H))
#define REACH_W (BEFORE_W + BEHIND(STRIDE_W, PAD_W))
#define PHASE(tap, stride, pad, dilation) (((tap) * (dilation) + ((stride) - 1) * (pad)) % (stride))
#define PHASE_H(tap) PHASE(tap, STRIDE_H, PAD_H, DILATION_H)
#define PHASE_W(tap) PHASE(tap, STRIDE_W, PAD_W, DILATION_W)
#define SEEN_H(tap) (BEFORE_H + (PHASE_H(tap) + PAD_H - (tap) * DILATION_H) / STRIDE_H)
#define SEEN_W(tap) (BEFORE_W + (PHASE_W(tap) + PAD_W - (tap) * DILATION_W) / STRIDE_W)
#else
#define MOVE_H STRIDE_H
#define MOVE_W STRIDE_W
#define PHASES_H 1
#define PHASES_W 1
#define BEFORE_H PAD_H
#define BEFORE_W PAD_W
#define REACH_H ((KERNEL_H - 1) * DILATION_H)
#define REACH_W ((KERNEL_W - 1) * DILATION_W)
#define PHASE_H(tap) 0
#define PHASE_W(tap) 0
#define SEEN_H(tap) ((tap) * DILATION_H)
#define SEEN_W(tap) ((tap) * DILATION_W)
#endif

// What a row of the window sees at four places, and the vectors that hold it.
#define SPAN (3 * MOVE_W + REACH_W + 1)
#define VECTORS ((SPAN + 3) / 4)
// A patch's rows and columns. The distance of its rows is an odd multiple of four floats, so that eight work-items that
// load a vector each find them in different banks.
#define PATCH_H ((ROWS - 1) * MOVE_H + REACH_H + 1)
#define PATCH_W ((4 * QUADS - 1) * MOVE_W + REACH_W + 1)
#define PATCH_PITCH ((((QUADS - 1) * MOVE_W + VECTORS) | 1) * 4)
#define PATCH (CHANNELS * IMAGES * PATCH_H * PATCH_W)
#define PATCH_FLOATS (CHANNELS * IMAGES * PATCH_H * PATCH_PITCH)
#define PATCH_LOADS ((PATCH + GROUP - 1) / GROUP)
// Weights by channel and tap, the features side by side, with a gap that spreads stores over the banks.
#define WEIGHT_PITCH (FEATURES + 4)
#define WEIGHTS (CHANNELS * TAPS * FEATURES)
#define WEIGHT_FLOATS (CHANNELS * TAPS * WEIGHT_PITCH)
#define WEIGHT_LOADS ((WEIGHTS + GROUP - 1) / GROUP)

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void convolution_patch(
    const uint channels, const uint features, const uint images, const uint groups,
    const int height, const int width, const int out_height, const int out_width,
    __global const float *restrict weights, const ulong weights_offset,
    __global const float *restrict x, const ulong x_offset,
    __global float *y, const ulong y_offset
    //@begin arguments
    //@end arguments
) {
  __local float4 patch_fours[2][PATCH_FLOATS / 4];
  __local float4 weight_fours[2][WEIGHT_FLOATS / 4];

  const uint id = get_local_id(0);
  const uint group = get_group_id(2);
  const uint feature0 = get_group_id(1) * FEATURES;
  const uint tiles_across = ((uint)out_width + 4 * QUADS * PHASES_W - 1) / (4 * QUADS * PHASES_W);
  const uint tiles_down = ((uint)out_height + ROWS * PHASES_H - 1) / (ROWS * PHASES_H);
  const uint image0 = get_group_id(0) / (tiles_across * tiles_down) * IMAGES;
  const int row0 = (int)(get_group_id(0) / tiles_across % tiles_down) * ROWS;
  const int place0 = (int)(get_group_id(0) % tiles_across) * (4 * QUADS);
  const uint in_pixels = height * width;
  const uint pixels = out_height * out_width;

  // This work-item's four places and its features. Eight neighbours whose vectors would share banks in rows that follow
  // each other have rows that lie QUADS apart.
  const uint place = id % PLACES;
  const uint quad = place % QUADS;
#if QUADS < 8
  const uint strip_row = place / (8 * QUADS) * 8 + place / QUADS % (8 / QUADS) * QUADS + place / 8 % QUADS;
#else
  const uint strip_row = place / QUADS;
#endif
  const uint tile_image = strip_row / ROWS;
  const uint tile_row = strip_row % ROWS;
  const uint item_feature = id / PLACES * ITEM;

  // Where the elements that this work-item fetches lie in the first step, and in local memory; negative where there are none.
  int patch_from[PATCH_LOADS];
#pragma unroll
  for (uint i = 0; i < PATCH_LOADS; i += 1) {
    const uint element = i * GROUP + id;
    const uint line = element / PATCH_W;
    const int row = row0 * MOVE_H - BEFORE_H + (int)(line % PATCH_H);
    const int column = place0 * MOVE_W - BEFORE_W + (int)(element % PATCH_W);
    const uint image = line / PATCH_H % IMAGES;
    const uint channel = line / (PATCH_H * IMAGES);
    const int is_inside = element < PATCH && image0 + image < images && row >= 0 && row < height && column >= 0
                          && column < width;
    const uint plane = ((image0 + image) * groups + group) * channels + channel;
    patch_from[i] = is_inside ? (int)(plane * in_pixels) + row * width + column : -1;
  }
  int weight_from[WEIGHT_LOADS];
#pragma unroll
  for (uint i = 0; i < WEIGHT_LOADS; i += 1) {
    const uint element = i * GROUP + id;
#if TRANSPOSED
    const uint feature = element / TAPS % FEATURES;
    const uint channel = group * channels + element / (TAPS * FEATURES);
    const uint from = (channel * features + feature0 + feature) * TAPS + element % TAPS;
#else
    const uint feature = element / (CHANNELS * TAPS);
    const uint from = (group * features + feature0 + feature) * channels * TAPS + element % (CHANNELS * TAPS);
#endif
    weight_from[i] = element < WEIGHTS && feature0 + feature < features ? (int)from : -1;
  }
  __global const float *x_step = x + x_offset;
  __global const float *weights_step = weights + weights_offset;

  float patch_next[PATCH_LOADS];
  float weights_next[WEIGHT_LOADS];
#define FETCH                                                                                     \
  {                                                                                               \
    _Pragma("unroll") for (uint i = 0; i < PATCH_LOADS; i += 1)                                   \
        patch_next[i] = patch_from[i] >= 0 ? x_step[patch_from[i]] : 0.0f;                        \
    _Pragma("unroll") for (uint i = 0; i < WEIGHT_LOADS; i += 1)                                  \
        weights_next[i] = weight_from[i] >= 0 ? weights_step[weight_from[i]] : 0.0f;              \
    x_step += CHANNELS * in_pixels;                                                               \
    weights_step += CHANNELS * TAPS * (TRANSPOSED ? features : 1);                                \
  }
// Element number i * GROUP + id of a patch or of a step's weights in local memory.
#define PATCH_PLACE(element) ((element) / PATCH_W * PATCH_PITCH + (element) % PATCH_W)
#if TRANSPOSED
#define WEIGHT_PLACE(element) \
  (((element) / (TAPS * FEATURES) * TAPS + (element) % TAPS) * WEIGHT_PITCH + (element) / TAPS % FEATURES)
#else
#define WEIGHT_PLACE(element) ((element) % (CHANNELS * TAPS) * WEIGHT_PITCH + (element) / (CHANNELS * TAPS))
#endif
#define SHARE(turn)                                                                               \
  {                                                                                               \
    __local float *patch = (__local float *)patch_fours[turn];                                    \
    __local float *shared_weights = (__local float *)weight_fours[turn];                          \
    _Pragma("unroll") for (uint i = 0; i < PATCH_LOADS; i += 1) {                                 \
      const uint element = i * GROUP + id;                                                        \
      if (PATCH % GROUP == 0 || element < PATCH) patch[PATCH_PLACE(element)] = patch_next[i];     \
    }                                                                                             \
    _Pragma("unroll") for (uint i = 0; i < WEIGHT_LOADS; i += 1) {                                \
      const uint element = i * GROUP + id;                                                        \
      if (WEIGHTS % GROUP == 0 || element < WEIGHTS)                                              \
        shared_weights[WEIGHT_PLACE(element)] = weights_next[i];                                  \
    }                                                                                             \
  }

  // Of each feature a row of pixels for each of the places' rows.
  float sum[ITEM][PHASES_H][4 * PHASES_W];
#pragma unroll
  for (uint i = 0; i < ITEM; i += 1) {
#pragma unroll
    for (uint row = 0; row < PHASES_H; row += 1) {
#pragma unroll
      for (uint j = 0; j < 4 * PHASES_W; j += 1) sum[i][row][j] = 0.0f;
    }
  }

  FETCH
  SHARE(0)
  barrier(CLK_LOCAL_MEM_FENCE);

  uint turn = 0;
  for (uint channel0 = 0; channel0 < channels; channel0 += CHANNELS) {
    // The next step's elements are on their way while this step's are used.
    const int is_last = channel0 + CHANNELS >= channels;
    if (!is_last) FETCH
    __local const float4 *lines =
        patch_fours[turn] + (tile_image * PATCH_H + tile_row * MOVE_H) * (PATCH_PITCH / 4) + quad * MOVE_W;
    __local const float4 *taps = weight_fours[turn] + item_feature / 4;
#pragma unroll 1
    for (uint channel = 0; channel < CHANNELS; channel += 1) {
#pragma unroll
      for (int tap_row = 0; tap_row < KERNEL_H; tap_row += 1) {
        float4 seen[VECTORS];
#pragma unroll
        for (int i = 0; i < VECTORS; i += 1) seen[i] = lines[SEEN_H(tap_row) * (PATCH_PITCH / 4) + i];
        const float *pixel = (const float *)seen;
#pragma unroll
        for (int tap_place = 0; tap_place < KERNEL_W; tap_place += 1) {
          float4 weight_vectors[ITEM / 4];
#pragma unroll
          for (uint i = 0; i < ITEM / 4; i += 1)
            weight_vectors[i] = taps[(tap_row * KERNEL_W + tap_place) * (WEIGHT_PITCH / 4) + i];
          const float *weight = (const float *)weight_vectors;
#pragma unroll
          for (uint i = 0; i < ITEM; i += 1) {
            float *sums = sum[i][PHASE_H(tap_row)] + PHASE_W(tap_place);
#pragma unroll
            for (int j = 0; j < 4; j += 1)
              sums[j * PHASES_W] = MAD(weight[i], pixel[j * MOVE_W + SEEN_W(tap_place)], sums[j * PHASES_W]);
          }
        }
      }
      lines += IMAGES * PATCH_H * (PATCH_PITCH / 4);
      taps += TAPS * (WEIGHT_PITCH / 4);
    }
    turn = 1 - turn;
    if (!is_last) SHARE(turn)
    barrier(CLK_LOCAL_MEM_FENCE);
  }

  const uint batch = image0 + tile_image;
#define ELEMENT(column) (((ulong)batch * groups * features + row) * pixels + column)
#pragma unroll
  for (uint block = 0; block < PHASES_H * PHASES_W; block += 1) {
    const int out_row = (row0 + (int)tile_row) * PHASES_H + (int)(block / PHASES_W);
    const int out_place = (place0 + (int)quad * 4) * PHASES_W + (int)(block % PHASES_W) * 4;
    if (batch < images && out_row < out_height && out_place < out_width) {
#pragma unroll
      for (uint i = 0; i < ITEM; i += 1) {
        const float *sums = sum[i][block / PHASES_W] + block % PHASES_W * 4;
        const uint feature = feature0 + item_feature + i;
        if (feature < features) {
          const uint row = group * features + feature;
          const uint begin = out_row * out_width + out_place;
          __global float *c_row = y + y_offset + ELEMENT(0);
          //@begin rows
          //@end rows
          if (out_place + 4 <= out_width) {
#define REAL float4
#define LOAD vload4
#define STORE vstore4
#define RANDOM(stream) random_float4(ELEMENT(column), (uint2)(key0, key1), step, stream)
            const uint column = begin;
            const REAL product = (float4)(sums[0], sums[1], sums[2], sums[3]);
            //@begin vector
            STORE(product, 0, c_row + column);
            //@end vector
#undef RANDOM
          } else {
#define RANDOM(stream) random_float(ELEMENT(column), (uint2)(key0, key1), step, stream)
#pragma unroll
            for (uint lane = 0; lane < 3; lane += 1) {
              const uint column = begin + lane;
              const float product = sums[lane];
              if (out_place + (int)lane < out_width) {
                //@begin scalar
                c_row[column] = product;
                //@end scalar
              }
            }
#undef RANDOM
          }
        }
      }
    }
  }
}
