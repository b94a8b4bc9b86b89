// Packs one operand of a matrix product into panels: TILE rows of A, or TILE columns of B ("lines"), with the lines'
// values for one p side by side, so that the product reads memory in order.
//
// A work-item owns panels_per_item panels from get_global_id(0) * panels_per_item on, and of each the values for p_per_item
// p from get_global_id(1) * p_per_item on, of matrix get_global_id(2) of the batch. It should read what is contiguous from
// end to end: some p of all panels where lines are adjacent, and otherwise many p of one.
// A work-group owns nothing together: no local memory, no barrier.
//
// Limit: memory bandwidth; its time is part of matmul_wide's figures.
//
// lines, k         the operand's size: rows of A or columns of B, and the length of their products
// source           element (line, p): line * line_stride + p * k_stride; LINES_ADJACENT says that line_stride is 1,
//                  and otherwise k_stride is 1
// panels           element (line, p): (line / TILE) * TILE * k + p * TILE + line % TILE, zero beyond the last line;
//                  the matrices of a batch follow each other without a gap
//
// AHEAD                     whether the lines of the next panel are fetched, where lines are adjacent
// JOINS_THROUGH_MEMORY      for oclgrind, which cannot follow vectors that are joined

#include "fetch.cl"
#include "transposition.cl"

#ifndef TILE
#define TILE 32
#endif
#ifndef LINES_ADJACENT
#define LINES_ADJACENT 1
#endif

__kernel void matmul_pack(
    const uint lines, const uint k, const uint panels_per_item, const uint p_per_item,
    __global const float *restrict source, const ulong source_offset, const ulong batch_stride,
    const ulong line_stride, const ulong k_stride,
    __global float *restrict panels, const ulong panels_offset
) {
  const uint panel_count = (lines + TILE - 1) / TILE;
  const uint panel_begin = get_global_id(0) * panels_per_item;
  const uint panel_end = min(panel_begin + panels_per_item, panel_count);
  const uint p_begin = get_global_id(1) * p_per_item;
  const uint p_end = min(p_begin + p_per_item, k);
  for (uint panel = panel_begin; panel < panel_end; panel += 1) {
    const uint first_line = panel * TILE;
    const uint count = min((uint)TILE, lines - first_line);
    __global const float *from = source + source_offset + get_global_id(2) * batch_stride + first_line * line_stride;
    __global float *to = panels + panels_offset + (get_global_id(2) * panel_count + panel) * (ulong)k * TILE;
    uint p = p_begin;
#if LINES_ADJACENT
    for (; p < p_end; p += 1) {
      __global const float *values = from + p * k_stride;
      __global float *packed = to + (ulong)p * TILE;
      // The line behind the next panel's values, and where these go.
      FETCH(values + 2 * TILE);
      FETCH(packed + (ulong)k * TILE);
      if (count == TILE) {
#pragma unroll
        for (uint line = 0; line < TILE; line += 1) packed[line] = values[line];
      } else {
        for (uint line = 0; line < TILE; line += 1) packed[line] = line < count ? values[line] : 0.0f;
      }
    }
#else
#if TILE % 16 == 0
    for (; p + 16 <= p_end; p += 16) {
      for (uint first = 0; first < TILE; first += 16) {
        float16 rows[16];
        if (first + 16 <= count) {
#pragma unroll
          for (uint i = 0; i < 16; i += 1) rows[i] = vload16(0, from + (first + i) * line_stride + p);
        } else {
          for (uint i = 0; i < 16; i += 1) {
            rows[i] = first + i < count ? vload16(0, from + (first + i) * line_stride + p) : (float16)(0.0f);
          }
        }
        transpose16(rows);
#pragma unroll
        for (uint i = 0; i < 16; i += 1) vstore16(rows[i], 0, to + (ulong)(p + i) * TILE + first);
      }
    }
#endif
    for (; p < p_end; p += 1) {
      for (uint line = 0; line < TILE; line += 1) {
        to[(ulong)p * TILE + line] = line < count ? from[line * line_stride + p] : 0.0f;
      }
    }
#endif
  }
}
