#ifndef C_PREFETCH_H
#define C_PREFETCH_H

/// Has the line of memory at an address brought to the first-level cache, ahead of its use. Swift has no such instruction.
///
/// The address need not be one of the process's memory.
static inline __attribute__((always_inline)) void apus_prefetch_line(const void *address) { __builtin_prefetch(address); }

#endif
