// Matrices transposed in registers.
//
// JOINS_THROUGH_MEMORY      for oclgrind, which cannot follow vectors that are joined

// Exchanges rows and columns of a matrix of 16 x 16. Interleaving the rows of both halves moves the row's highest bit into
// the column and the column's highest one into the row; four times, and all have changed places.
static void transpose16(float16 *rows) {
#ifdef JOINS_THROUGH_MEMORY
  float values[256];
  for (uint i = 0; i < 16; i += 1) vstore16(rows[i], i, values);
  for (uint i = 0; i < 16; i += 1) {
    float column[16];
    for (uint j = 0; j < 16; j += 1) column[j] = values[j * 16 + i];
    rows[i] = vload16(0, column);
  }
#else
#pragma unroll
  for (uint step = 0; step < 4; step += 1) {
    float16 next[16];
#pragma unroll
    for (uint i = 0; i < 8; i += 1) {
      next[2 * i].even = rows[i].lo;
      next[2 * i].odd = rows[i + 8].lo;
      next[2 * i + 1].even = rows[i].hi;
      next[2 * i + 1].odd = rows[i + 8].hi;
    }
#pragma unroll
    for (uint i = 0; i < 16; i += 1) rows[i] = next[i];
  }
#endif
}
