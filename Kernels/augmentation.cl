// Random shifts, mirror images and holes, decided anew for each image of a batch.
//
// A work-item owns every get_global_size(0)-th column from get_global_id(0) on of every get_global_size(1)-th row of all
// channels from get_global_id(1) on, of image get_global_id(2). A work-group owns nothing together: no local memory, no
// barrier.
//
// Limit: memory bandwidth, and on small images the drawing of five numbers for each work-item. No benchmark has it
// alone.
//
// channels, height, width   of an image
// padding                   the largest shift, in rows and in columns
// flips                     whether every other image is mirrored left to right
// cutout                    the side of a square of zeros, or 0
// x, y                      element (image, channel, row, column), without gaps
// stream                    the random stream; image n draws its elements 8 n to 8 n + 4: the shift's row and column, the
//                           mirror, and the centre of the square
// key0, key1, step          the generator's key and the step
// offsets are in elements
//
// DRAW   the generator, random_float where it is in front of this file; alone, the file moves nothing

#ifndef DRAW
#define DRAW(element, key, step, stream) 0.5f
#endif

__kernel void augmentation(
    const uint channels, const int height, const int width, const int padding, const int flips, const int cutout,
    __global const float *x, const ulong x_offset,
    __global float *y, const ulong y_offset,
    const uint stream, const uint key0, const uint key1, const uint step
) {
  const ulong image = get_global_id(2);
  const uint2 key = (uint2)(key0, key1);
  const float room = (float)(2 * padding + 1);
  const int shift_row = (int)(DRAW(8 * image, key, step, stream) * room) - padding;
  const int shift_column = (int)(DRAW(8 * image + 1, key, step, stream) * room) - padding;
  const int is_mirrored = flips && DRAW(8 * image + 2, key, step, stream) < 0.5f;
  const int hole_row = (int)(DRAW(8 * image + 3, key, step, stream) * (float)height) - cutout / 2;
  const int hole_column = (int)(DRAW(8 * image + 4, key, step, stream) * (float)width) - cutout / 2;

  for (uint line = get_global_id(1); line < channels * height; line += get_global_size(1)) {
    const int row = line % height;
    const int from_row = row + shift_row;
    const int is_row_inside = from_row >= 0 && from_row < height;
    const int is_row_cut = row >= hole_row && row < hole_row + cutout;
    __global const float *from = x + x_offset + ((image * channels + line / height) * height + from_row) * width;
    __global float *to = y + y_offset + (image * channels * height + line) * width;
    for (int column = get_global_id(0); column < width; column += get_global_size(0)) {
      const int from_column = (is_mirrored ? width - 1 - column : column) + shift_column;
      const int is_cut = is_row_cut && column >= hole_column && column < hole_column + cutout;
      const int is_inside = is_row_inside && from_column >= 0 && from_column < width && !is_cut;
      to[column] = is_inside ? from[from_column] : 0.0f;
    }
  }
}
