// Lines of memory that a processor fetches ahead of their use: its own guesses do not reach over pages, and lag where a loop
// walks several arrays. OpenCL's `prefetch` does nothing on PoCL.
//
// AHEAD             how many elements ahead, or 1 where the file says itself what is fetched; 0 leaves it to the device
// FETCHES_NOTHING   for oclgrind, which does not know the instruction

#ifndef AHEAD
#define AHEAD 0
#endif

// Has the line at an address brought to the caches; and, where it is written next, taken from all other cores'.
#if AHEAD && !defined(FETCHES_NOTHING)
#define FETCH(address) __builtin_prefetch((const __private void *)(size_t)(address))
#define FETCH_TO_WRITE(address) __builtin_prefetch((const __private void *)(size_t)(address), 1)
#else
#define FETCH(address)
#define FETCH_TO_WRITE(address)
#endif

// Has the next `share` of an array's lines of 16 floats brought to the caches while something else is computed: `done` of
// `lines` have been.
#define FETCH_SHARE(array, done, share, lines) \
  for (const uint until = min(done + (share), lines); done < until; done += 1) FETCH((array) + (ulong)done * 16)
