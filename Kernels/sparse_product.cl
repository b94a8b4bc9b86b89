// The product of a sparse matrix in padded rows with a dense one, and the gradient of the dense one.
//
// sparse_product: a work-item owns every get_global_size(1)-th row of the result from get_global_id(1) on, and of its
// columns CHUNK from get_global_id(0) * CHUNK on, then every get_global_size(0)-th such chunk.
// A work-group owns nothing together: no local memory, no barrier.
//
// sparse_lengths: a work-item owns one row, get_global_id(0), and counts its entries.
//
// sparse_product_gradient: the rows of the result are dealt out to `parts` (a power of two) shares, one after the other. A
// work-group of LOCAL work-items owns a share, get_group_id(0); a work-item owns every LOCAL-th column (or vector of 16 of
// them) of it. Every group goes through all entries in their order, LOCAL at a time, and adds what belongs to its share.
// So each share reads all columns once, which is little beside what is added as long as there are few shares for each
// entry; nothing is sorted, and the order is that of the batch.
//
// Limit: memory bandwidth: the table's rows, and in the gradient what is added. No benchmark has it alone.
//
// rows, length     of the sparse matrix, padding included
// table_rows       the rows of the dense matrix; a column outside is moved to the last
// width            the columns of the dense matrix
// columns          ints, element (row, entry): row * length + entry; a negative one ends its row
// values           floats, likewise
// table, result    element (row, column), without gaps
// upstream, y      element (row, column), without gaps
// lengths          ints, scratch: the entries of each row
// offsets are in elements
//
// WIDTH            the columns of a vector: 16 on processors, 1 elsewhere

#include "arithmetic.cl"

#ifndef WIDTH
#define WIDTH 16
#endif
#ifndef LOCAL
#define LOCAL 1
#endif

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#if WIDTH > 1
#define CHUNK (4 * WIDTH)
#else
#define CHUNK 1
#endif

__kernel void sparse_product(
    const uint rows, const uint length, const uint table_rows, const uint width,
    __global const int *columns, const ulong columns_offset,
    __global const float *values, const ulong values_offset,
    __global const float *table, const ulong table_offset,
    __global float *y, const ulong y_offset
) {
  for (uint row = get_global_id(1); row < rows; row += get_global_size(1)) {
    __global const int *row_columns = columns + columns_offset + (ulong)row * length;
    __global const float *row_values = values + values_offset + (ulong)row * length;
    __global float *result = y + y_offset + (ulong)row * width;
    for (uint chunk = get_global_id(0) * CHUNK; chunk < width; chunk += get_global_size(0) * CHUNK) {
      uint place = chunk;
#if WIDTH > 1
      if (place + CHUNK <= width) {
        float16 sum[4] = {(float16)(0.0f), (float16)(0.0f), (float16)(0.0f), (float16)(0.0f)};
        for (uint entry = 0; entry < length; entry += 1) {
          const int column = row_columns[entry];
          if (column < 0) break;
          __global const float *from =
              table + table_offset + (ulong)min((uint)column, table_rows - 1) * width + place;
          const float16 value = (float16)(row_values[entry]);
#pragma unroll
          for (uint v = 0; v < 4; v += 1) sum[v] = MAD(value, vload16(v, from), sum[v]);
        }
#pragma unroll
        for (uint v = 0; v < 4; v += 1) vstore16(sum[v], v, result + place);
        place += CHUNK;
      }
      for (; place + 16 <= min(chunk + CHUNK, width); place += 16) {
        float16 sum = (float16)(0.0f);
        for (uint entry = 0; entry < length; entry += 1) {
          const int column = row_columns[entry];
          if (column < 0) break;
          __global const float *from =
              table + table_offset + (ulong)min((uint)column, table_rows - 1) * width + place;
          sum = MAD((float16)(row_values[entry]), vload16(0, from), sum);
        }
        vstore16(sum, 0, result + place);
      }
#endif
      for (; place < min(chunk + CHUNK, width); place += 1) {
        float sum = 0.0f;
        for (uint entry = 0; entry < length; entry += 1) {
          const int column = row_columns[entry];
          if (column < 0) break;
          const ulong from = table_offset + (ulong)min((uint)column, table_rows - 1) * width + place;
          sum = MAD(row_values[entry], table[from], sum);
        }
        result[place] = sum;
      }
    }
  }
}

__kernel void sparse_lengths(
    const uint rows, const uint length,
    __global const int *columns, const ulong columns_offset,
    __global int *lengths, const ulong lengths_offset
) {
  const uint row = get_global_id(0);
  if (row < rows) {
    uint count = 0;
    while (count < length && columns[columns_offset + (ulong)row * length + count] >= 0) count += 1;
    lengths[lengths_offset + row] = count;
  }
}

__kernel void sparse_product_gradient(
    const uint rows, const uint length, const uint table_rows, const uint width, const uint parts,
    __global const int *columns, const ulong columns_offset,
    __global const float *values, const ulong values_offset,
    __global const float *upstream, const ulong upstream_offset,
    __global const int *lengths, const ulong lengths_offset,
    __global float *result, const ulong result_offset
) {
  const uint item = get_local_id(0);
  const uint part = get_group_id(0);
  for (uint row = part; row < table_rows; row += parts) {
    __global float *to = result + result_offset + (ulong)row * width;
    for (uint place = item; place < width; place += LOCAL) to[place] = 0.0f;
  }
#if LOCAL == 1
  for (uint row = 0; row < rows; row += 1) {
    const uint count = lengths[lengths_offset + row];
    __global const float *from = upstream + upstream_offset + (ulong)row * width;
    for (uint entry = 0; entry < count; entry += 1) {
      const ulong index = (ulong)row * length + entry;
      const uint column = min((uint)columns[columns_offset + index], table_rows - 1);
      if ((column & (parts - 1)) != part) continue;
      const float value = values[values_offset + index];
      __global float *to = result + result_offset + (ulong)column * width;
      uint place = 0;
#if WIDTH > 1
      for (; place + 16 <= width; place += 16) {
        vstore16(MAD((float16)(value), vload16(0, from + place), vload16(0, to + place)), 0, to + place);
      }
#endif
      for (; place < width; place += 1) to[place] = MAD(value, from[place], to[place]);
    }
  }
#else
  __local int shared_columns[LOCAL];
  __local uint shared_rows[LOCAL];
  __local float shared_values[LOCAL];
  for (ulong begin = 0; begin < (ulong)rows * length; begin += LOCAL) {
    const ulong index = begin + item;
    int column = -1;
    if (index < (ulong)rows * length) {
      const uint row = index / length;
      if (index - (ulong)row * length < (uint)lengths[lengths_offset + row]) {
        const uint found = min((uint)columns[columns_offset + index], table_rows - 1);
        if ((found & (parts - 1)) == part) column = found;
        shared_rows[item] = row;
        shared_values[item] = values[values_offset + index];
      }
    }
    shared_columns[item] = column;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint i = 0; i < LOCAL; i += 1) {
      if (shared_columns[i] < 0) continue;
      __global const float *from = upstream + upstream_offset + (ulong)shared_rows[i] * width;
      __global float *to = result + result_offset + (ulong)shared_columns[i] * width;
      for (uint place = item; place < width; place += LOCAL) {
        to[place] = MAD(shared_values[i], from[place], to[place]);
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
#endif
}
