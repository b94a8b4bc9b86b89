// Reduces the innermost dimension, and others with it, by sums or maxima of pointwise chains over the same inputs.
//
// The reduced elements of one output are walked as rows x columns, the columns innermost. They are dealt out to
// slices, whose results, one after the other, are reduced by a second launch where there is more than one slice.
//
// A work-group of LOCAL work-items owns one slice of one output: output get_group_id(0), slice get_group_id(1).
// A work-item owns every LOCAL-th vector of WIDTH columns. Lanes and work-items are combined in a fixed order.
//
// Limit: memory bandwidth; 4096x4096 at 99 to 201 % of the rate of copies, which also write; in the caches the combining
// of lanes: rows of 64 at 12 %, the two sums of a norm over rows of 128 at 19 %, over 128x64x8x8 at 50 %; on PoCL (2
// Zen 4 cores), measured by `apus bench reduction`.
//
// kept             the number of outputs
// rows, columns    the shape that each output reduces
// rows_per_slice, columns_per_slice   the shape of a slice
// output, output1, ...   one for each result; element (slice, output): slice * kept + output
// x0, ...          the inputs' views: base and offset in elements, then strides
//
// RESULTS          how many chains are reduced, at most 4
// MAXIMUM          0 for a sum; 1 for a maximum, which is NaN where any element is

#include "reduction.cl"

#ifndef LOCAL
#define LOCAL 1
#endif

#define LANES(result) JOIN(lanes, result)
#define START_VECTOR(result) REAL LANES(result) = (REAL)(INITIAL);
#define ACCUMULATE_VECTOR(result) LANES(result) = COMBINE(LANES(result), VALUE(result));
#define COMBINE_LANES(result) \
  { \
    float parts[WIDTH]; \
    JOIN(vstore, WIDTH)(LANES(result), 0, parts); \
    for (uint width = WIDTH / 2; width > 0; width /= 2) { \
      for (uint lane = 0; lane < width; lane += 1) parts[lane] = COMBINE(parts[lane], parts[lane + width]); \
    } \
    TOTAL(result) = COMBINE(parts[0], TOTAL(result)); \
  }
#define SHARE(result) shared[result][item] = TOTAL(result);
#define COMBINE_SHARED(result) shared[result][item] = COMBINE(shared[result][item], shared[result][item + width]);
#define TAKE(result) TOTAL(result) = shared[result][0];

__kernel void reduce_rows(
    const uint kept, const uint rows, const uint columns, const uint rows_per_slice, const uint columns_per_slice,
    __global float *output, const ulong output_offset
    //@begin arguments
    , __global const float *x0, const ulong x0_offset
    //@end arguments
) {
  const uint item = get_local_id(0);
  const uint output_index = get_group_id(0);
  const uint slice = get_group_id(1);
  const uint slices_across = (columns + columns_per_slice - 1) / columns_per_slice;
  const uint row_begin = slice / slices_across * rows_per_slice;
  const uint row_end = min(row_begin + rows_per_slice, rows);
  const uint column_begin = slice % slices_across * columns_per_slice;
  const uint column_end = min(column_begin + columns_per_slice, columns);

  //@begin base
  __global const float *x0_base = x0 + x0_offset + (ulong)output_index * rows * columns;
  //@end base
  EACH(START)
#if WIDTH > 1
#define REAL JOIN(float, WIDTH)
  EACH(START_VECTOR)
#endif
  for (uint row = row_begin; row < row_end; row += 1) {
    //@begin rows
    __global const float *x0_row = x0_base + (ulong)row * columns;
    //@end rows
#if WIDTH > 1
    for (uint column = column_begin + item * WIDTH; column + WIDTH <= column_end; column += LOCAL * WIDTH) {
      //@begin vector
      const REAL value0 = LOAD(0, x0_row + column);
      //@end vector
      EACH(ACCUMULATE_VECTOR)
    }
#endif
    const uint tail = column_begin + (column_end - column_begin) / WIDTH * WIDTH;
    for (uint column = (WIDTH > 1 ? tail : column_begin) + item; column < column_end; column += LOCAL) {
      //@begin scalar
      const float value0 = x0_row[column];
      //@end scalar
      EACH(ACCUMULATE)
    }
  }
#if WIDTH > 1
  EACH(COMBINE_LANES)
#endif
#if LOCAL > 1
  __local float shared[RESULTS][LOCAL];
  EACH(SHARE)
  barrier(CLK_LOCAL_MEM_FENCE);
  for (uint width = LOCAL / 2; width > 0; width /= 2) {
    if (item < width) {
      EACH(COMBINE_SHARED)
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  EACH(TAKE)
#endif
  if (item == 0) {
    const ulong place = (ulong)slice * kept + output_index;
    //@begin finish
    output[output_offset + place] = total0;
    //@end finish
  }
}
