// Packs one operand of a matrix product into panels: TILE rows of A, or TILE columns of B ("lines"), with the lines'
// values for one p side by side, so that the product reads memory in order.
//
// A work-item owns one panel, get_global_id(0), of matrix get_global_id(1) of the batch.
// A work-group owns nothing together: no local memory, no barrier.
//
// Limit: memory bandwidth; its time is part of matmul_wide's figures.
//
// lines, k         the operand's size: rows of A or columns of B, and the length of their products
// source           element (line, p): line * line_stride + p * k_stride; LINES_ADJACENT says that line_stride is 1,
//                  and otherwise k_stride is 1
// panels           element (line, p): (line / TILE) * TILE * k + p * TILE + line % TILE, zero beyond the last line;
//                  the matrices of a batch follow each other without a gap

#ifndef TILE
#define TILE 32
#endif
#ifndef LINES_ADJACENT
#define LINES_ADJACENT 1
#endif

__kernel void matmul_pack(
    const uint lines, const uint k,
    __global const float *restrict source, const ulong source_offset, const ulong batch_stride,
    const ulong line_stride, const ulong k_stride,
    __global float *restrict panels, const ulong panels_offset
) {
  const uint first_line = get_global_id(0) * TILE;
  const uint count = min((uint)TILE, lines - first_line);
  __global const float *from =
      source + source_offset + get_global_id(1) * batch_stride + first_line * line_stride;
  __global float *to =
      panels + panels_offset + (get_global_id(1) * get_global_size(0) + get_global_id(0)) * TILE * k;
#if LINES_ADJACENT
  for (uint p = 0; p < k; p += 1) {
    if (count == TILE) {
#pragma unroll
      for (uint line = 0; line < TILE; line += 1) to[line] = from[line];
    } else {
      for (uint line = 0; line < TILE; line += 1) to[line] = line < count ? from[line] : 0.0f;
    }
    from += k_stride;
    to += TILE;
  }
#else
  for (uint line = 0; line < TILE; line += 1) {
    for (uint p = 0; p < k; p += 1) to[(ulong)p * TILE + line] = line < count ? from[line * line_stride + p] : 0.0f;
  }
#endif
}
