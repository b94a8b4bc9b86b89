// Rows of a sparse matrix, each padded to the same number of entries.
//
// A work-item owns every get_global_size(0)-th entry from get_global_id(0) on of every get_global_size(1)-th row from
// get_global_id(1) on. A work-group owns nothing together: no local memory, no barrier.
//
// Limit: memory bandwidth. No benchmark has it alone.
//
// rows, length     the shape of the result
// table_rows       the rows of the matrix; a pick outside gives the nearest
// entry_count      the entries of the matrix; nothing past them is read
// filler           what stands behind a row's last entry
// starts           ints, table_rows + 1 of them: where each row's entries begin
// entries          ints, floats or bytes
// picks            ints, one for each row of the result
// y                element (row, entry), without gaps
// offsets are in elements
//
// ELEMENT, RESULT  the types of the entries' and the result's elements

#ifndef ELEMENT
#define ELEMENT float
#endif
#ifndef RESULT
#define RESULT float
#endif

__kernel void sparse_rows(
    const uint rows, const uint length, const uint table_rows, const uint entry_count, const RESULT filler,
    __global const int *starts, const ulong starts_offset,
    __global const ELEMENT *entries, const ulong entries_offset,
    __global const int *picks, const ulong picks_offset,
    __global RESULT *y, const ulong y_offset
) {
  for (uint row = get_global_id(1); row < rows; row += get_global_size(1)) {
    const int picked = clamp(picks[picks_offset + row], 0, (int)table_rows - 1);
    const long begin = max(starts[starts_offset + picked], 0);
    const long end = min(starts[starts_offset + picked + 1], (int)entry_count);
    __global RESULT *result = y + y_offset + (ulong)row * length;
    for (uint place = get_global_id(0); place < length; place += get_global_size(0)) {
      result[place] = begin + place < end ? (RESULT)entries[entries_offset + begin + place] : filler;
    }
  }
}
