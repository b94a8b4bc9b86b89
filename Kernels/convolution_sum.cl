// The second pass of a convolution's weight gradient on processors: adds the slices' sums in their order.
//
// A work-item owns one channel of one group, for all features: channel get_global_id(0), group get_global_id(1).
// A work-group owns nothing together: no local memory, no barrier.
//
// Limit: memory bandwidth; its time is part of convolution_wide_weights' figures.
//
// slices              how many there are
// channels, features  of one group
// taps                rows times columns of the convolution's kernel
// sums                element (slice, group, channel, tap, feature), features padded to a multiple of 16
// dw                  element (group, feature, channel, tap), without gaps
// offsets are in elements

__kernel void convolution_sum(
    const uint slices, const uint channels, const uint features, const uint taps,
    __global const float *sums, const ulong sums_offset,
    __global float *dw, const ulong dw_offset
) {
  const uint channel = get_global_id(0);
  const uint group = get_global_id(1);
  const uint pitch = (features + 15) / 16 * 16;
  const ulong slice_size = (ulong)get_global_size(1) * channels * taps * pitch;
  __global const float *from = sums + sums_offset + ((ulong)group * channels + channel) * taps * pitch;
  __global float *to = dw + dw_offset + ((ulong)group * features * channels + channel) * taps;
  for (uint feature = 0; feature < features; feature += 16) {
    for (uint tap = 0; tap < taps; tap += 1) {
      float16 sum = vload16(0, from + (ulong)tap * pitch + feature);
      for (uint slice = 1; slice < slices; slice += 1) {
        sum += vload16(0, from + slice * slice_size + (ulong)tap * pitch + feature);
      }
      float lanes[16];
      vstore16(sum, 0, lanes);
      for (uint lane = 0; lane < min(16u, features - feature); lane += 1) {
        to[(ulong)(feature + lane) * channels * taps + tap] = lanes[lane];
      }
    }
  }
}
