// Gathers rows of a table by index, with a pointwise chain on each element: a batch from a data set that lies on the
// device, or rows of an embedding.
//
// A work-item owns rows_per_item rows by columns_per_item columns, at (get_global_id(1), get_global_id(0)).
// A work-group owns nothing together: no local memory, no barrier.
//
// Limit: memory bandwidth; 46 to 104 % of the rate of copies for floats, 27 to 59 % for bytes, on PoCL (2 Zen 4
// cores), measured by `apus bench gather`.
//
// rows, columns    the shape of the result
// table_rows       the number of rows of the table
// table            element (row, column): row * table_stride + column; floats, ints or bytes
// indices          ints, one for each row of the result; an index outside the table gives a row of `missing`
// y                element (row, column): row * y_stride + column
// all strides and offsets are in elements
//
// ELEMENT, RESULT  the types of the table's and the result's elements
// WIDTH            the elements of a vector load
// AHEAD            not 0 where the next row of the table is fetched while one is read, because nobody else can guess where it
//                  lies, and the row of the result before it is written

#include "fetch.cl"

#ifndef ELEMENT
#define ELEMENT float
#endif
#ifndef RESULT
#define RESULT float
#endif
#ifndef WIDTH
#define WIDTH 4
#endif
// Of a longer row the beginning: it stays in the first-level cache until then, and a processor guesses the rest.
#define MOST_FETCHED 4096

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)

__kernel void gather_rows(
    const uint rows, const uint columns, const uint rows_per_item, const uint columns_per_item,
    __global const int *indices, const ulong indices_offset, const uint table_rows, const RESULT missing,
    __global const ELEMENT *table, const ulong table_offset, const ulong table_stride,
    __global RESULT *y, const ulong y_offset, const ulong y_stride
    //@begin arguments
    //@end arguments
) {
  const uint row_begin = get_global_id(1) * rows_per_item;
  const uint row_end = min(row_begin + rows_per_item, rows);
  const uint column_begin = get_global_id(0) * columns_per_item;
  const uint column_end = min(column_begin + columns_per_item, columns);
  const uint batch = 0;
#if AHEAD
  const uint fetch_end = min(column_begin + MOST_FETCHED, column_end);
#endif

  for (uint row = row_begin; row < row_end; row += 1) {
    __global RESULT *c_row = y + y_offset + row * y_stride;
    const int index = indices[indices_offset + row];
#if AHEAD
    const int next = row + 1 < row_end ? indices[indices_offset + row + 1] : -1;
    if (next >= 0 && (uint)next < table_rows) {
      __global const ELEMENT *next_row = table + table_offset + (ulong)next * table_stride;
      for (uint column = column_begin; column < fetch_end; column += 64 / sizeof(ELEMENT)) FETCH(next_row + column);
    }
    for (uint column = column_begin; column < fetch_end; column += 16) FETCH_TO_WRITE(c_row + column);
#endif
    if (index < 0 || (uint)index >= table_rows) {
      for (uint column = column_begin; column < column_end; column += 1) c_row[column] = missing;
    } else {
      __global const ELEMENT *table_row = table + table_offset + (ulong)index * table_stride;
      //@begin rows
      //@end rows
      uint column = column_begin;
#if WIDTH > 1
      for (; column + WIDTH <= column_end; column += WIDTH) {
#define REAL JOIN(RESULT, WIDTH)
#define LOAD JOIN(vload, WIDTH)
#define STORE JOIN(vstore, WIDTH)
#define INTEGER_TO_REAL JOIN(convert_float, WIDTH)
#define RANDOM(stream) JOIN(random_float, WIDTH)((ulong)row * columns + column, (uint2)(key0, key1), step, stream)
        const REAL product = JOIN(JOIN(convert_, RESULT), WIDTH)(LOAD(0, table_row + column));
        //@begin vector
        STORE(product, 0, c_row + column);
        //@end vector
#undef RANDOM
      }
#endif
      for (; column < column_end; column += 1) {
#define RANDOM(stream) random_float((ulong)row * columns + column, (uint2)(key0, key1), step, stream)
        const RESULT product = table_row[column];
        //@begin scalar
        c_row[column] = product;
        //@end scalar
#undef RANDOM
      }
    }
  }
}
