// Pooling of planes: the largest or mean element under a moving window, and what reaches the input.
//
// Of equals the first in row-major order is the largest, and NaN is above all; padding never is.
//
// pool: a work-item owns rows_per_item consecutive rows of the output planes, from get_global_id(1) times that on, and of
// each the columns of get_global_id(0), columns_per_item of them.
// pool_gradient: a work-item owns one element of the input, (get_global_id(1), get_global_id(0)) of rows of all planes, and
// looks at every window that covers it.
// pool_gradient_planes, for processors: a work-item owns planes_per_item consecutive planes, and goes through the windows.
// A work-group owns nothing together: no local memory, no barrier.
//
// Limit: memory bandwidth in all three, and the steps from one window to the next; windows of 2x2 at 30 to 96 % of the
// rate of copies, of 3x3 at 15 to 102 %, on PoCL (2 Zen 4 cores), measured by `apus bench pool`.
//
// planes                the images' channels, all told
// height, width         of a plane of the input
// out_height, out_width of a plane of the output
// x, y, dy, dx          input, output and their gradients: element (plane, row, column), without gaps
// offsets are in elements
//
// KIND                  0 the largest, 1 the mean in which padding counts, 2 the mean in which it does not
// WIDTH                 the outputs that are computed at a time; at most out_width

#include "window.cl"

#ifndef KIND
#define KIND 0
#endif
#ifndef WIDTH
#define WIDTH 8
#endif

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define IS_ABOVE(a, b) ((a) > (b) || ((a) != (a) && (b) == (b)))
#if WIDTH == 16
#define HALF 8
#elif WIDTH == 8
#define HALF 4
#else
#define HALF 2
#endif
#if WIDTH > 1
#define REAL JOIN(float, WIDTH)
#define INT JOIN(int, WIDTH)
#define ARE_ABOVE(a, b) (((a) > (b)) | (((a) != (a)) & ((b) == (b))))

#if WIDTH == 16
#define INTERLEAVED_LOW(a, b) \
  ((REAL)(a.s0, b.s0, a.s1, b.s1, a.s2, b.s2, a.s3, b.s3, a.s4, b.s4, a.s5, b.s5, a.s6, b.s6, a.s7, b.s7))
#define INTERLEAVED_HIGH(a, b) \
  ((REAL)(a.s8, b.s8, a.s9, b.s9, a.sa, b.sa, a.sb, b.sb, a.sc, b.sc, a.sd, b.sd, a.se, b.se, a.sf, b.sf))
#define LANES (INT)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#elif WIDTH == 8
#define INTERLEAVED_LOW(a, b) ((REAL)(a.s0, b.s0, a.s1, b.s1, a.s2, b.s2, a.s3, b.s3))
#define INTERLEAVED_HIGH(a, b) ((REAL)(a.s4, b.s4, a.s5, b.s5, a.s6, b.s6, a.s7, b.s7))
#define LANES (INT)(0, 1, 2, 3, 4, 5, 6, 7)
#else
#define INTERLEAVED_LOW(a, b) ((REAL)(a.s0, b.s0, a.s1, b.s1))
#define INTERLEAVED_HIGH(a, b) ((REAL)(a.s2, b.s2, a.s3, b.s3))
#define LANES (INT)(0, 1, 2, 3)
#endif

// Adds WIDTH floats to what lies in memory.
static void add_to(__global float *target, const REAL value) {
  JOIN(vstore, WIDTH)(JOIN(vload, WIDTH)(0, target) + value, 0, target);
}

// The WIDTH floats that lie STRIDE_W apart.
static REAL load_strided(__global const float *source) {
#if STRIDE_W == 1
  return JOIN(vload, WIDTH)(0, source);
#elif STRIDE_W == 2
  // Two loads that end at the last float that is needed.
  float values[WIDTH];
  JOIN(vstore, HALF)(JOIN(vload, WIDTH)(0, source).even, 0, values);
  JOIN(vstore, HALF)(JOIN(vload, WIDTH)(0, source + WIDTH - 1).odd, 1, values);
  return JOIN(vload, WIDTH)(0, values);
#else
  float values[WIDTH];
  for (uint lane = 0; lane < WIDTH; lane += 1) values[lane] = source[lane * STRIDE_W];
  return JOIN(vload, WIDTH)(0, values);
#endif
}
#endif

// The place in its plane of the largest element under the window at (row, column).
static int largest_place(
    __global const float *x, const int height, const int width, const int row, const int column
) {
  int best = -1;
  float largest = 0.0f;
  for (int i = 0; i < KERNEL_H; i += 1) {
    const int ih = row * STRIDE_H - PAD_H + i * DILATION_H;
    if (ih < 0 || ih >= height) continue;
    for (int j = 0; j < KERNEL_W; j += 1) {
      const int iw = column * STRIDE_W - PAD_W + j * DILATION_W;
      if (iw < 0 || iw >= width) continue;
      const float value = x[ih * width + iw];
      if (best < 0 || IS_ABOVE(value, largest)) {
        largest = value;
        best = ih * width + iw;
      }
    }
  }
  return best;
}

// How many elements of a window lie inside, along one dimension.
static int count_inside(const int first, const int kernel_size, const int dilation, const int extent) {
  int count = 0;
  for (int i = 0; i < kernel_size; i += 1) count += first + i * dilation >= 0 && first + i * dilation < extent;
  return count;
}

// Each element's share in the mean under the window at (row, column).
static float share_of(const int height, const int width, const int row, const int column) {
#if KIND == 2
  return 1.0f
         / (count_inside(row * STRIDE_H - PAD_H, KERNEL_H, DILATION_H, height)
            * count_inside(column * STRIDE_W - PAD_W, KERNEL_W, DILATION_W, width));
#else
  return 1.0f / (KERNEL_H * KERNEL_W);
#endif
}

// What the window at (row, column) gives.
static float pooled(__global const float *x, const int height, const int width, const int row, const int column) {
#if KIND == 0
  const int place = largest_place(x, height, width, row, column);
  return place < 0 ? -INFINITY : x[place];
#else
  float sum = 0.0f;
  for (int i = 0; i < KERNEL_H; i += 1) {
    const int ih = row * STRIDE_H - PAD_H + i * DILATION_H;
    if (ih < 0 || ih >= height) continue;
    for (int j = 0; j < KERNEL_W; j += 1) {
      const int iw = column * STRIDE_W - PAD_W + j * DILATION_W;
      if (iw >= 0 && iw < width) sum += x[ih * width + iw];
    }
  }
  return sum * share_of(height, width, row, column);
#endif
}

// The first column whose window lies inside the plane, and the first after it whose window does not.
static int first_inside(void) { return (PAD_W + STRIDE_W - 1) / STRIDE_W; }
static int end_inside(const int width, const int out_width) {
  const int room = width + PAD_W - ((KERNEL_W - 1) * DILATION_W + 1);
  return room < 0 ? 0 : min(room / STRIDE_W + 1, out_width);
}

__kernel void pool(
    const uint planes, const int height, const int width, const int out_height, const int out_width,
    const uint rows_per_item, const int columns_per_item,
    __global const float *x, const ulong x_offset,
    __global float *y, const ulong y_offset
) {
  const uint row_begin = get_global_id(1) * rows_per_item;
  const uint row_end = min(row_begin + rows_per_item, planes * out_height);
  const int column_begin = get_global_id(0) * columns_per_item;
  const int column_end = min(column_begin + columns_per_item, out_width);
  for (uint row_of_all = row_begin; row_of_all < row_end; row_of_all += 1) {
    const int row = row_of_all % out_height;
    __global const float *plane = x + x_offset + (ulong)(row_of_all / out_height) * height * width;
    __global float *result = y + y_offset + (ulong)row_of_all * out_width;
    int column = column_begin;
#if WIDTH > 1
    const int inside = max(column_begin, first_inside());
    const int end = min(column_end, end_inside(width, out_width));
    if (end - inside >= WIDTH) {
      for (; column < inside; column += 1) result[column] = pooled(plane, height, width, row, column);
      for (; column < end; column += WIDTH) {
        // The last vector may begin inside the one before.
        const int first = min(column, end - WIDTH);
        REAL total = (REAL)(0.0f);
        int is_first = 1;
        for (int i = 0; i < KERNEL_H; i += 1) {
          const int ih = row * STRIDE_H - PAD_H + i * DILATION_H;
          if (ih < 0 || ih >= height) continue;
          __global const float *source = plane + ih * width + first * STRIDE_W - PAD_W;
#pragma unroll
          for (int j = 0; j < KERNEL_W; j += 1) {
            const REAL value = load_strided(source + j * DILATION_W);
#if KIND == 0
            total = is_first ? value : (ARE_ABOVE(value, total) ? value : total);
#else
            total += value;
#endif
            is_first = 0;
          }
        }
#if KIND == 1
        total *= 1.0f / (KERNEL_H * KERNEL_W);
#elif KIND == 2
        total *= share_of(height, width, row, first);
#endif
        JOIN(vstore, WIDTH)(total, 0, result + first);
      }
      column = end;
    }
#endif
    for (; column < column_end; column += 1) result[column] = pooled(plane, height, width, row, column);
  }
}

__kernel void pool_gradient(
    const uint planes, const int height, const int width, const int out_height, const int out_width,
    __global const float *dy, const ulong dy_offset,
    __global const float *x, const ulong x_offset,
    __global float *dx, const ulong dx_offset
) {
  const int iw = get_global_id(0);
  const uint row_of_all = get_global_id(1);
  if (iw < width && row_of_all < planes * height) {
    const int ih = row_of_all % height;
    const uint plane = row_of_all / height;
    __global const float *gradients = dy + dy_offset + (ulong)plane * out_height * out_width;
    float sum = 0.0f;
    // The windows that cover it are those that reach it with one of their elements, the last element first.
    for (int i = KERNEL_H - 1; i >= 0; i -= 1) {
      const int row = ih + PAD_H - i * DILATION_H;
      if (row < 0 || row % STRIDE_H != 0 || row / STRIDE_H >= out_height) continue;
      for (int j = KERNEL_W - 1; j >= 0; j -= 1) {
        const int column = iw + PAD_W - j * DILATION_W;
        if (column < 0 || column % STRIDE_W != 0 || column / STRIDE_W >= out_width) continue;
        const float gradient = gradients[row / STRIDE_H * out_width + column / STRIDE_W];
#if KIND == 0
        const int place = largest_place(
            x + x_offset + (ulong)plane * height * width, height, width, row / STRIDE_H, column / STRIDE_W);
        if (place == ih * width + iw) sum += gradient;
#else
        sum += gradient * share_of(height, width, row / STRIDE_H, column / STRIDE_W);
#endif
      }
    }
    dx[dx_offset + (ulong)row_of_all * width + iw] = sum;
  }
}

__kernel void pool_gradient_planes(
    const uint planes, const int height, const int width, const int out_height, const int out_width,
    const uint planes_per_item,
    __global const float *dy, const ulong dy_offset,
    __global const float *x, const ulong x_offset,
    __global float *dx, const ulong dx_offset
) {
  const uint begin = get_global_id(0) * planes_per_item;
  const uint end = min(begin + planes_per_item, planes);
  const int pixels = height * width;
  for (uint plane = begin; plane < end; plane += 1) {
    __global const float *gradient = dy + dy_offset + (ulong)plane * out_height * out_width;
    __global float *result = dx + dx_offset + (ulong)plane * pixels;
    int pixel = 0;
    for (; pixel + 16 <= pixels; pixel += 16) vstore16((float16)(0.0f), 0, result + pixel);
    for (; pixel < pixels; pixel += 1) result[pixel] = 0.0f;

    for (int row = 0; row < out_height; row += 1) {
      int column = 0;
#if KIND == 0
      __global const float *input = x + x_offset + (ulong)plane * pixels;
#if WIDTH > 1
      const int inside = first_inside();
      const int end_column = end_inside(width, out_width);
      if (end_column - inside >= WIDTH) {
        for (; column < inside; column += 1) {
          const int place = largest_place(input, height, width, row, column);
          if (place >= 0) result[place] += gradient[row * out_width + column];
        }
        for (; column < end_column; column += WIDTH) {
          // The last vector may begin inside the one before; what that one has done is left out.
          const int first = min(column, end_column - WIDTH);
          REAL largest = (REAL)(0.0f);
          INT best = (INT)(0);
          int is_first = 1;
          for (int i = 0; i < KERNEL_H; i += 1) {
            const int ih = row * STRIDE_H - PAD_H + i * DILATION_H;
            if (ih < 0 || ih >= height) continue;
            const int place = ih * width + first * STRIDE_W - PAD_W;
#pragma unroll
            for (int j = 0; j < KERNEL_W; j += 1) {
              const REAL value = load_strided(input + place + j * DILATION_W);
              const INT is_above = is_first ? (INT)(-1) : ARE_ABOVE(value, largest);
              largest = is_above ? value : largest;
              best = is_above ? (INT)(place + j * DILATION_W) : best;
              is_first = 0;
            }
          }
          const REAL upstream = JOIN(vload, WIDTH)(0, gradient + row * out_width + first);
          const REAL value = LANES < (INT)(column - first) ? (REAL)(0.0f) : upstream;
#if STRIDE_W <= 2 && DILATION_W == 1
          // Tap by tap, because the elements under one tap of neighbouring windows lie side by side. With a stride of 2
          // two taps' fill the gaps of each other; behind the last tap nothing is added, if there is a place for it.
          const int last = (row * STRIDE_H - PAD_H + (KERNEL_H - 1) * DILATION_H) * width + first * STRIDE_W - PAD_W
                           + KERNEL_W - 1 + STRIDE_W * WIDTH;
          if (last <= pixels) {
            for (int i = 0; i < KERNEL_H; i += 1) {
              const int ih = row * STRIDE_H - PAD_H + i * DILATION_H;
              if (ih < 0 || ih >= height) continue;
              const int place = ih * width + first * STRIDE_W - PAD_W;
#pragma unroll
              for (int j = 0; j < KERNEL_W; j += STRIDE_W) {
                const REAL here = best == (INT)(place + j) ? value : (REAL)(0.0f);
#if STRIDE_W == 2
                const REAL next =
                    j + 1 < KERNEL_W ? (best == (INT)(place + j + 1) ? value : (REAL)(0.0f)) : (REAL)(0.0f);
                add_to(result + place + j, INTERLEAVED_LOW(here, next));
                add_to(result + place + j + WIDTH, INTERLEAVED_HIGH(here, next));
#else
                add_to(result + place + j, here);
#endif
              }
            }
            continue;
          }
#endif
          int places[WIDTH];
          JOIN(vstore, WIDTH)(best, 0, places);
          for (int lane = column - first; lane < WIDTH; lane += 1) {
            result[places[lane] + lane * STRIDE_W] += gradient[row * out_width + first + lane];
          }
        }
        column = end_column;
      }
#endif
      for (; column < out_width; column += 1) {
        const int place = largest_place(input, height, width, row, column);
        if (place >= 0) result[place] += gradient[row * out_width + column];
      }
#else
      for (; column < out_width; column += 1) {
        const float value = gradient[row * out_width + column] * share_of(height, width, row, column);
        for (int i = 0; i < KERNEL_H; i += 1) {
          const int ih = row * STRIDE_H - PAD_H + i * DILATION_H;
          if (ih < 0 || ih >= height) continue;
          for (int j = 0; j < KERNEL_W; j += 1) {
            const int iw = column * STRIDE_W - PAD_W + j * DILATION_W;
            if (iw >= 0 && iw < width) result[ih * width + iw] += value;
          }
        }
      }
#endif
    }
  }
}
