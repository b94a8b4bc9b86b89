// Adds rows to the rows of a table that indices name: the gradient of a gather. The rows that go to one row of the
// table are added in their order, so the result is always the same.
//
// A work-item owns WIDTH columns, from get_global_id(0) * WIDTH on, of every parts-th row of the table, from
// get_global_id(1) on. A work-group owns nothing together: no local memory, no barrier, no atomics.
//
// Limit: memory bandwidth, and the indices, of which every share of rows reads all; 12 to 53 % of the rate of copies, on
// PoCL (2 Zen 4 cores), measured by `apus bench gather`.
//
// rows, columns    the shape of what is added
// parts            get_global_size(1), the number of shares of the table's rows
// table_rows       the number of rows of the table; an index outside is left out
// indices          ints, one for each row
// x                element (row, column): row * x_stride + column
// table            element (row, column): row * table_stride + column, written and read
// all strides and offsets are in elements

#ifndef WIDTH
#define WIDTH 16
#endif

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)

__kernel void scatter_add(
    const uint rows, const uint columns, const uint parts, const uint table_rows,
    __global const int *indices, const ulong indices_offset,
    __global const float *x, const ulong x_offset, const ulong x_stride,
    __global float *table, const ulong table_offset, const ulong table_stride
) {
  const uint column_begin = get_global_id(0) * WIDTH;
  const uint column_end = min(column_begin + WIDTH, columns);
  const uint part = get_global_id(1);
  for (uint row = 0; row < rows; row += 1) {
    const int index = indices[indices_offset + row];
    if (index >= 0 && (uint)index < table_rows && (uint)index % parts == part) {
      __global const float *from = x + x_offset + row * x_stride;
      __global float *to = table + table_offset + (ulong)index * table_stride;
#if WIDTH > 1
      if (column_begin + WIDTH <= columns) {
        JOIN(vstore, WIDTH)
        (JOIN(vload, WIDTH)(0, to + column_begin) + JOIN(vload, WIDTH)(0, from + column_begin), 0, to + column_begin);
        continue;
      }
#endif
      for (uint column = column_begin; column < column_end; column += 1) to[column] += from[column];
    }
  }
}
