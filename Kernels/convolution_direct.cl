// Convolution for graphics processors where a group has few channels, as in a depthwise one: forward or to the input with
// a pointwise chain on each element, and to the weights.
//
// In convolution_direct a work-item owns one element of the result: pixel get_global_id(0), channel get_global_id(1) over
// all groups, image get_global_id(2). A work-group owns nothing together: no local memory, no barrier.
// In convolution_direct_weights a work-group of LOCAL work-items owns one weight, get_group_id(0), and a work-item every
// LOCAL-th pixel of every image; their sums are added in a fixed order through local memory.
//
// Limit: memory bandwidth: little is computed with each element that is read. Not measured on a GPU.
//
// channels, features    of one group
// height, width         of an input image
// out_height, out_width of an output image
// x, dy, w              input, output's gradient and weights, without gaps
// y, dw                 the result, without gaps
// offsets are in elements
//
// TRANSPOSED            whether x is the output's gradient and y the input's

#include "arithmetic.cl"
#include "window.cl"

#ifndef TRANSPOSED
#define TRANSPOSED 0
#endif
#ifndef LOCAL
#define LOCAL 64
#endif

#define TAPS (KERNEL_H * KERNEL_W)

__kernel void convolution_direct(
    const uint groups, const uint channels, const uint features, const int height, const int width,
    const int out_height, const int out_width,
    __global const float *restrict x, const ulong x_offset,
    __global const float *restrict w, const ulong w_offset,
    __global float *y, const ulong y_offset
    //@begin arguments
    //@end arguments
) {
  const uint column = get_global_id(0);
  const uint row = get_global_id(1);
  const uint batch = get_global_id(2);
#if TRANSPOSED
  const uint pixels = height * width;
  const uint rows = groups * channels;
  const uint group = row / channels;
  const int pixel_row = (int)(column / width) + PAD_H;
  const int pixel_place = (int)(column % width) + PAD_W;
#else
  const uint pixels = out_height * out_width;
  const uint rows = groups * features;
  const uint group = row / features;
  const int pixel_row = (int)(column / out_width) * STRIDE_H - PAD_H;
  const int pixel_place = (int)(column % out_width) * STRIDE_W - PAD_W;
#endif
  if (column < pixels && row < rows) {
    float product = 0.0f;
#if TRANSPOSED
    for (uint feature = 0; feature < features; feature += 1) {
      __global const float *plane =
          x + x_offset + (((ulong)batch * groups + group) * features + feature) * out_height * out_width;
      __global const float *taps =
          w + w_offset + (((ulong)group * features + feature) * channels + row % channels) * TAPS;
      for (int i = 0; i < KERNEL_H; i += 1) {
        for (int j = 0; j < KERNEL_W; j += 1) {
          const int oh = pixel_row - i * DILATION_H;
          const int ow = pixel_place - j * DILATION_W;
          if (oh >= 0 && oh % STRIDE_H == 0 && oh / STRIDE_H < out_height && ow >= 0 && ow % STRIDE_W == 0
              && ow / STRIDE_W < out_width) {
            product = MAD(taps[i * KERNEL_W + j], plane[oh / STRIDE_H * out_width + ow / STRIDE_W], product);
          }
        }
      }
    }
#else
    for (uint channel = 0; channel < channels; channel += 1) {
      __global const float *plane =
          x + x_offset + (((ulong)batch * groups + group) * channels + channel) * height * width;
      __global const float *taps = w + w_offset + ((ulong)row * channels + channel) * TAPS;
      for (int i = 0; i < KERNEL_H; i += 1) {
        for (int j = 0; j < KERNEL_W; j += 1) {
          const int ih = pixel_row + i * DILATION_H;
          const int iw = pixel_place + j * DILATION_W;
          if (ih >= 0 && ih < height && iw >= 0 && iw < width) {
            product = MAD(taps[i * KERNEL_W + j], plane[ih * width + iw], product);
          }
        }
      }
    }
#endif
    const ulong element = ((ulong)batch * rows + row) * pixels;
    __global float *c_row = y + y_offset + element;
#define RANDOM(stream) random_float(element + column, (uint2)(key0, key1), step, stream)
    //@begin rows
    //@end rows
    //@begin scalar
    c_row[column] = product;
    //@end scalar
#undef RANDOM
  }
}

__kernel void convolution_direct_weights(
    const uint images, const uint groups, const uint channels, const uint features, const int height,
    const int width, const int out_height, const int out_width,
    __global const float *restrict x, const ulong x_offset,
    __global const float *restrict dy, const ulong dy_offset,
    __global float *dw, const ulong dw_offset
) {
  __local float shared[LOCAL];
  const uint item = get_local_id(0);
  const uint weight = get_group_id(0);
  const int i = weight % TAPS / KERNEL_W;
  const int j = weight % KERNEL_W;
  const uint channel = weight / TAPS % channels;
  const uint feature = weight / TAPS / channels;
  const uint in_channel = feature / features * channels + channel;
  float sum = 0.0f;
  for (uint image = 0; image < images; image += 1) {
    __global const float *plane =
        x + x_offset + ((ulong)image * groups * channels + in_channel) * height * width;
    __global const float *gradient =
        dy + dy_offset + ((ulong)image * groups * features + feature) * out_height * out_width;
    for (int pixel = item; pixel < out_height * out_width; pixel += LOCAL) {
      const int ih = pixel / out_width * STRIDE_H - PAD_H + i * DILATION_H;
      const int iw = pixel % out_width * STRIDE_W - PAD_W + j * DILATION_W;
      if (ih >= 0 && ih < height && iw >= 0 && iw < width) {
        sum = MAD(gradient[pixel], plane[ih * width + iw], sum);
      }
    }
  }
  shared[item] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (uint size = LOCAL / 2; size > 0; size /= 2) {
    if (item < size) shared[item] += shared[item + size];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (item == 0) dw[dw_offset + weight] = shared[0];
}
