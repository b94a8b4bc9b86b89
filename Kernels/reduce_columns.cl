// Reduces outer dimensions, keeping the innermost, by sums or maxima of pointwise chains over the same inputs.
//
// The outputs are walked as kept_rows x columns, the columns innermost; each reduces `rows` elements that lie a row
// apart. The rows are dealt out to slices, whose results, one after the other, are reduced by a second launch where
// there is more than one slice.
//
// A work-item owns WIDTH neighbouring outputs of a kept row in one slice: columns from get_global_id(0) * WIDTH on,
// kept row get_global_id(1), slice get_global_id(2). A work-group owns nothing together: no local memory, no
// barrier.
//
// Limit: memory, by latency where rows are long: a work-item reads one cache line of each; 4096x4096 at 25 % of the rate
// of copies, on PoCL (2 AVX-512 cores), measured by `apus bench reduction`.
//
// kept_rows, columns   the shape of the output
// rows                 the elements that each output reduces
// rows_per_slice       those of a slice
// output, output1, ...  one for each result; element (slice, kept row, column), row-major
// x0, ...              the inputs' views: base and offset in elements, then strides
//
// RESULTS              how many chains are reduced, at most 4
// MAXIMUM              0 for a sum; 1 for a maximum, which is NaN where any element is

#include "reduction.cl"

#define START_VECTOR(result) REAL TOTAL(result) = (REAL)(INITIAL);

__kernel void reduce_columns(
    const uint kept_rows, const uint columns, const uint rows, const uint rows_per_slice,
    __global float *output, const ulong output_offset
    //@begin arguments
    , __global const float *x0, const ulong x0_offset
    //@end arguments
) {
  const uint column_begin = get_global_id(0) * WIDTH;
  const uint column_end = min(column_begin + WIDTH, columns);
  const uint kept_row = get_global_id(1);
  const uint slice = get_global_id(2);
  const uint row_begin = slice * rows_per_slice;
  const uint row_end = min(row_begin + rows_per_slice, rows);
  const ulong first_place = ((ulong)slice * kept_rows + kept_row) * columns;

  //@begin base
  __global const float *x0_base = x0 + x0_offset + (ulong)kept_row * rows * columns;
  //@end base
#if WIDTH > 1
  if (column_begin + WIDTH <= columns) {
#define REAL JOIN(float, WIDTH)
    const uint column = column_begin;
    const ulong place = first_place + column;
    EACH(START_VECTOR)
    for (uint row = row_begin; row < row_end; row += 1) {
      //@begin rows
      __global const float *x0_row = x0_base + (ulong)row * columns;
      //@end rows
      //@begin vector
      const REAL value0 = LOAD(0, x0_row + column);
      //@end vector
      EACH(ACCUMULATE)
    }
    //@begin vector_finish
    JOIN(vstore, WIDTH)(total0, 0, output + output_offset + place);
    //@end vector_finish
    return;
  }
#endif
  for (uint column = column_begin; column < column_end; column += 1) {
    const ulong place = first_place + column;
    EACH(START)
    for (uint row = row_begin; row < row_end; row += 1) {
      //@begin rows
      __global const float *x0_row = x0_base + (ulong)row * columns;
      //@end rows
      //@begin scalar
      const float value0 = x0_row[column];
      //@end scalar
      EACH(ACCUMULATE)
    }
    //@begin finish
    output[output_offset + place] = total0;
    //@end finish
  }
}
