// Reductions along the rows of a matrix, and chains over the same rows that need their results: norms and their gradients.
//
// A work-group of LOCAL work-items owns rows_per_group consecutive rows, from get_group_id(0) times that on.
// A work-item owns every LOCAL-th vector of WIDTH columns of them and, behind the last whole vector, every LOCAL-th column.
// A row is walked once for each pass of reductions and once for the elements that are stored.
//
// Limit: memory bandwidth, where a row stays in the nearest cache from one walk to the next: a layer norm of 16384x1024 at 91
// to 112 % of the rate of copies, an RMS norm at 76 to 139 %; in the caches the combining of lanes: 768x128 at 12 %, 1.5 times
// as fast as by launches of their own; on PoCL (2 Zen 4 cores), measured by `apus bench norm`. Of a graphics processor no
// figure is known.
//
// rows, columns    the shape
// x0, x1, ...      the operands: base, offset in elements, stride of the rows unless it is 0 and, unless it is 0 (a value
//                  per row) or 1, of the columns
// y0, y1, ...      the outputs: a value per row each, then rows x columns elements each
// u0, ...          the uniforms, floats
//
// LOCAL, WIDTH     1 and 16 (1 where a column stride is neither 0 nor 1) on processors; a power of two and 1 elsewhere

#include "lanes.cl"

#if WIDTH > 1
#define INTEGER_TO_REAL JOIN(convert_float, WIDTH)
#define LOAD JOIN(vload, WIDTH)
#define STORE JOIN(vstore, WIDTH)
#endif
// The walk along a row: by vectors, then what is left.
#define EACH_VECTOR for (uint column = item * WIDTH; column < whole; column += LOCAL * WIDTH)
#define EACH_COLUMN for (uint column = whole + item; column < columns; column += LOCAL)

__kernel void row_chain(
    const uint rows, const uint columns, const uint rows_per_group
    //@begin arguments
    , __global const float *x0, const ulong x0_offset, const int x0_stride0
    , __global float *y0, const ulong y0_offset
    //@end arguments
) {
  __local float shared[LOCAL];
  const uint item = get_local_id(0);
  const uint whole = WIDTH > 1 ? columns / WIDTH * WIDTH : 0;
  const uint begin = get_group_id(0) * rows_per_group;
  const uint end = min(begin + rows_per_group, rows);
  for (uint row = begin; row < end; row += 1) {
    //@begin rows
    __global const float *x0_row = x0 + x0_offset + (long)row * x0_stride0;
    __global float *y0_row = y0 + y0_offset + (ulong)row * columns;
    //@end rows
    //@begin passes
    float r0 = 0.0f;
#if WIDTH > 1
    REAL lanes0 = (REAL)(0.0f);
    EACH_VECTOR { lanes0 += LOAD(0, x0_row + column); }
    r0 = combine_lanes(lanes0, 1);
#endif
    EACH_COLUMN { r0 += x0_row[column]; }
    r0 = combine_items(r0, 1, shared);
    //@end passes
#if WIDTH > 1
#define RANDOM(stream) JOIN(random_float, WIDTH)((ulong)row * columns + column, (uint2)(key0, key1), step, stream)
    EACH_VECTOR {
      //@begin vector
      STORE(LOAD(0, x0_row + column) - (REAL)(r0), 0, y0_row + column);
      //@end vector
    }
#undef RANDOM
#endif
#define RANDOM(stream) random_float((ulong)row * columns + column, (uint2)(key0, key1), step, stream)
    EACH_COLUMN {
      //@begin scalar
      y0_row[column] = x0_row[column] - r0;
      //@end scalar
    }
#undef RANDOM
  }
}
