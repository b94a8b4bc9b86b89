// A pointwise chain over strided views: y = f(x0, x1, ...), element by element.
//
// All views have one logical shape, which is walked as rows x columns: the columns are the innermost dimension after
// neighbouring dimensions were merged, the rows all others, outermost first.
//
// A work-item owns rows_per_item rows by columns_per_item columns, at (get_global_id(1), get_global_id(0)).
// A work-group owns nothing together: no local memory, no barrier.
//
// Limit: memory bandwidth: sums and products at 64 to 166 % of the rate of copies, and 38 to 67 % where both stay in
// the caches; arithmetic where there are exponentials: GELU at 15 % there; on PoCL (2 Zen 4 cores), measured by
// `apus bench pointwise`.
//
// rows, columns    the shape
// y0, x0, ...      the views: base, offset in elements, stride in elements of each outer dimension and, unless it is
//                  0 (a value per row) or 1, of the columns
// u0, ...          the uniforms, floats
//
// WIDTH            the floats of a vector load; 1 when a column stride is neither 0 nor 1
// AHEAD            how many elements ahead lines of memory are fetched

#ifndef WIDTH
#define WIDTH 4
#endif

#include "fetch.cl"

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)

__kernel void pointwise(
    const uint rows, const uint columns, const uint rows_per_item, const uint columns_per_item
    //@begin arguments
    , __global float *y0, const ulong y0_offset, const int y0_stride0
    , __global const float *x0, const ulong x0_offset, const int x0_stride0
    //@end arguments
) {
  const uint row_begin = get_global_id(1) * rows_per_item;
  const uint row_end = min(row_begin + rows_per_item, rows);
  const uint column_begin = get_global_id(0) * columns_per_item;
  const uint column_end = min(column_begin + columns_per_item, columns);

  for (uint row = row_begin; row < row_end; row += 1) {
    //@begin rows
    __global float *y0_row = y0 + y0_offset + (long)row * y0_stride0;
    __global const float *x0_row = x0 + x0_offset + (long)row * x0_stride0;
    //@end rows
    uint column = column_begin;
#if WIDTH > 1
    for (; column + WIDTH <= column_end; column += WIDTH) {
#define REAL JOIN(float, WIDTH)
#define INTEGER_TO_REAL JOIN(convert_float, WIDTH)
#define LOAD JOIN(vload, WIDTH)
#define STORE JOIN(vstore, WIDTH)
#define RANDOM(stream) JOIN(random_float, WIDTH)((ulong)row * columns + column, (uint2)(key0, key1), step, stream)
      //@begin fetches
      FETCH(x0_row + column + AHEAD);
      FETCH(y0_row + column + AHEAD);
      //@end fetches
      //@begin vector
      const REAL v0 = LOAD(0, x0_row + column);
      STORE(v0, 0, y0_row + column);
      //@end vector
#undef RANDOM
    }
#endif
    for (; column < column_end; column += 1) {
#define RANDOM(stream) random_float((ulong)row * columns + column, (uint2)(key0, key1), step, stream)
      //@begin scalar
      y0_row[column] = x0_row[column];
      //@end scalar
#undef RANDOM
    }
  }
}
