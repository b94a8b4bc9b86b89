// Packs a convolution's weights into panels for convolution_wide: the weights of TILE_M channels of the result side by
// side, one tap after the other.
//
// A work-item owns one tile of one group: tile get_global_id(0), group get_global_id(1).
// A work-group owns nothing together: no local memory, no barrier.
//
// Limit: memory bandwidth; its time is part of convolution_wide's figures.
//
// in_channels, out_channels   of one group, of what the convolution reads and writes
// w                           element (feature, channel of its group, row, column), without gaps
// panels                      element (group, phase, tile, in channel, tap of the phase, channel of the tile), zero beyond
//                             the last channel; there is one phase unless TRANSPOSED
// offsets are in elements

#include "window.cl"

#ifndef TILE_M
#define TILE_M 8
#endif
#ifndef TRANSPOSED
#define TRANSPOSED 0
#endif

__kernel void convolution_pack(
    const uint in_channels, const uint out_channels,
    __global const float *restrict w, const ulong w_offset,
    __global float *restrict panels, const ulong panels_offset
) {
  const uint tile = get_global_id(0);
  const uint group = get_global_id(1);
  const uint tiles = get_global_size(0);
  const uint channel0 = tile * TILE_M;
  const uint count = min((uint)TILE_M, out_channels - channel0);
  const ulong taps_size = (ulong)in_channels * TILE_M;
  __global const float *from = w + w_offset + (ulong)group * in_channels * out_channels * (KERNEL_H * KERNEL_W);
  __global float *phase_panels = panels + panels_offset + group * tiles * taps_size * (KERNEL_H * KERNEL_W);

#if TRANSPOSED
  for (int phase = 0; phase < STRIDE_H * STRIDE_W; phase += 1) {
#else
  {
#endif
    uint taps = 0;
    uint chosen[KERNEL_H * KERNEL_W];
    for (int i = 0; i < KERNEL_H; i += 1) {
      for (int j = 0; j < KERNEL_W; j += 1) {
#if TRANSPOSED
        if (i * DILATION_H % STRIDE_H != phase / STRIDE_W || j * DILATION_W % STRIDE_W != phase % STRIDE_W) continue;
#endif
        chosen[taps] = i * KERNEL_W + j;
        taps += 1;
      }
    }
    __global float *to = phase_panels + tile * taps_size * taps;
    for (uint channel = 0; channel < in_channels; channel += 1) {
      for (uint m = 0; m < TILE_M; m += 1) {
#if TRANSPOSED
        const ulong pair = (ulong)channel * out_channels + channel0 + m;
#else
        const ulong pair = (ulong)(channel0 + m) * in_channels + channel;
#endif
        for (uint tap = 0; tap < taps; tap += 1) {
          to[((ulong)channel * taps + tap) * TILE_M + m] =
              m < count ? from[pair * (KERNEL_H * KERNEL_W) + chosen[tap]] : 0.0f;
        }
      }
    }
    phase_panels += tiles * taps_size * taps;
  }
}
