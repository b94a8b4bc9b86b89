// Reduces outer dimensions, keeping the innermost, by sums or maxima of pointwise chains over the same inputs.
//
// The outputs are walked as kept_rows x columns, the columns innermost; each reduces `rows` elements that lie a row
// apart. The rows are dealt out to slices, whose results, one after the other, are reduced by a second launch where
// there is more than one slice.
//
// A work-item owns VECTORS * WIDTH neighbouring outputs of a kept row in one slice: columns from get_global_id(0) times
// that on, kept row get_global_id(1), slice get_global_id(2). A work-group owns nothing together: no local memory, no
// barrier. The longer the piece of a row that a work-item reads, the sooner a processor fetches what follows by itself.
//
// Limit: memory bandwidth; 4096x4096 at 56 to 122 % of the rate of copies, and at 38 to 48 with VECTORS = 1, where every piece
// of a row is a single line that is waited for, on PoCL (2 Zen 4 cores), measured by `apus bench reduction`.
//
// kept_rows, columns   the shape of the output
// rows                 the elements that each output reduces
// rows_per_slice       those of a slice
// output, output1, ...  one for each result; element (slice, kept row, column), row-major
// x0, ...              the inputs' views: base and offset in elements, then strides
//
// RESULTS              how many chains are reduced, at most 4
// MAXIMUM              0 for a sum; 1 for a maximum, which is NaN where any element is
// VECTORS              how many vectors of WIDTH outputs a work-item owns

#include "reduction.cl"

#ifndef VECTORS
#define VECTORS 1
#endif

// One vector of each result is taken from all of the work-item's, changed, and put back.
#define START_VECTOR(result) totals[result][vector] = (REAL)(INITIAL);
#define TAKE_VECTOR(result) REAL TOTAL(result) = totals[result][vector];
#define PUT_VECTOR(result) totals[result][vector] = TOTAL(result);

__kernel void reduce_columns(
    const uint kept_rows, const uint columns, const uint rows, const uint rows_per_slice,
    __global float *output, const ulong output_offset
    //@begin arguments
    , __global const float *x0, const ulong x0_offset
    //@end arguments
) {
  const uint column_begin = get_global_id(0) * VECTORS * WIDTH;
  const uint column_end = min(column_begin + VECTORS * WIDTH, columns);
  const uint kept_row = get_global_id(1);
  const uint slice = get_global_id(2);
  const uint row_begin = slice * rows_per_slice;
  const uint row_end = min(row_begin + rows_per_slice, rows);
  const ulong first_place = ((ulong)slice * kept_rows + kept_row) * columns;

  //@begin base
  __global const float *x0_base = x0 + x0_offset + (ulong)kept_row * rows * columns;
  //@end base
  uint first_single = column_begin;
#if WIDTH > 1
#define REAL JOIN(float, WIDTH)
  const uint vectors = (column_end - column_begin) / WIDTH;
  first_single += vectors * WIDTH;
  REAL totals[RESULTS][VECTORS];
  for (uint vector = 0; vector < vectors; vector += 1) {
    EACH(START_VECTOR)
  }
  for (uint row = row_begin; row < row_end; row += 1) {
    //@begin rows
    __global const float *x0_row = x0_base + (ulong)row * columns;
    //@end rows
    for (uint vector = 0; vector < vectors; vector += 1) {
      const uint column = column_begin + vector * WIDTH;
      EACH(TAKE_VECTOR)
      //@begin vector
      const REAL value0 = LOAD(0, x0_row + column);
      //@end vector
      EACH(ACCUMULATE)
      EACH(PUT_VECTOR)
    }
  }
  for (uint vector = 0; vector < vectors; vector += 1) {
    const ulong place = first_place + column_begin + vector * WIDTH;
    EACH(TAKE_VECTOR)
    //@begin vector_finish
    JOIN(vstore, WIDTH)(total0, 0, output + output_offset + place);
    //@end vector_finish
  }
#endif
  for (uint column = first_single; column < column_end; column += 1) {
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
