// Transposes matrices of 4-byte elements, one or a batch: y[column, row] = x[row, column].
//
// A work-group of TILE x ROWS work-items owns a TILE x TILE tile: tile column get_group_id(0), tile row
// get_group_id(1), matrix get_group_id(2). It goes through local memory, so that both sides are read and written
// along their rows.
// A work-item owns TILE / ROWS elements of one column of the tile, then as many of one column of the transposed tile.
//
// Limit: memory bandwidth on a GPU, where it has not been measured; the way through local memory, float by float, on
// processors: 4 to 26 % of the rate of copies on PoCL (2 Zen 4 cores), measured by `apus bench pointwise`.
//
// rows, columns    the shape of x
// x                element (row, column): row * x_stride + column
// y                element (column, row): column * y_stride + row
// *_batch_stride   from one matrix to the next; all strides and offsets are in elements

#ifndef TILE
#define TILE 32
#endif
#ifndef ROWS
#define ROWS 8
#endif

__kernel void transpose(
    const uint rows, const uint columns,
    __global const float *x, const ulong x_offset, const ulong x_batch_stride, const ulong x_stride,
    __global float *y, const ulong y_offset, const ulong y_batch_stride, const ulong y_stride
) {
  __local float tile[TILE * (TILE + 1)];
  const uint across = get_local_id(0);
  const uint row0 = get_group_id(1) * TILE;
  const uint column0 = get_group_id(0) * TILE;
  for (uint down = get_local_id(1); down < TILE; down += ROWS) {
    if (row0 + down < rows && column0 + across < columns) {
      tile[down * (TILE + 1) + across] =
          x[x_offset + get_group_id(2) * x_batch_stride + (row0 + down) * x_stride + column0 + across];
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (uint down = get_local_id(1); down < TILE; down += ROWS) {
    if (column0 + down < columns && row0 + across < rows) {
      y[y_offset + get_group_id(2) * y_batch_stride + (column0 + down) * y_stride + row0 + across] =
          tile[across * (TILE + 1) + down];
    }
  }
}
