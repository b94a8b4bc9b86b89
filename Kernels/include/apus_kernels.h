#pragma once

#include <stddef.h>

/// One `.cl` file, embedded in the binary.
typedef struct {
  /// Its path in this folder without `.cl`, such as `pointwise` or `Updates/adam`.
  const char *name;
  const unsigned char *bytes;
  size_t size;
} apus_kernel_file;

/// How many files there are.
int apus_kernel_count(void);

/// One of them, counted from 0.
apus_kernel_file apus_kernel(int index);
