#if !defined(__APPLE__)
#define _GNU_SOURCE
#endif
#include "apus_opencl.h"

#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#if defined(__linux__)
#include <sched.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PLATFORMS = 64, MAX_DRIVERS = 64, MAX_PATH = 1024 };

const apus_opencl_table *apus_opencl_loader_table;

static apus_opencl_table loader_functions;
static apus_opencl_source source;
static char library[MAX_PATH];
static cl_platform_id driver_platforms[MAX_PLATFORMS];
static cl_uint driver_platform_count;

// MARK: - PoCL's threads

/// Lets PoCL keep thread i on processor i, so that what one launch left in a core's caches is there for the next; its
/// threads change places as they wake otherwise. Only where that takes nobody's choice away: a process that may run on
/// every processor, and nobody has set how many threads PoCL has. PoCL ends a process that has more threads than
/// processors then, so their number is set with it, under the older and the newer name.
static void keep_threads_in_place(void) {
#if defined(__linux__)
  static const char *const choices[] = {
    "POCL_AFFINITY", "POCL_MAX_PTHREAD_COUNT", "POCL_CPU_MAX_CU_COUNT", "POCL_MAX_COMPUTE_UNITS", "POCL_PTHREAD_MIN_THREADS",
  };
  for (size_t i = 0; i < sizeof choices / sizeof *choices; i += 1) {
    if (getenv(choices[i])) return;
  }
  cpu_set_t allowed;
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) != processors) return;
  for (long i = 0; i < processors; i += 1) {
    if (!CPU_ISSET(i, &allowed)) return;
  }
  char count[24];
  snprintf(count, sizeof count, "%ld", processors);
  if (setenv("POCL_MAX_PTHREAD_COUNT", count, 1) == 0 && setenv("POCL_CPU_MAX_CU_COUNT", count, 1) == 0)
    setenv("POCL_AFFINITY", "1", 1);
#endif
}

// MARK: - The ICD loader

/// Fills the table from a library, or from what the process has already loaded (`RTLD_DEFAULT`): an
/// application that links against OpenCL, or a tool that puts itself in front of it.
static int fill(void *handle) {
#define FILL(name)                                                              \
  *(void **)(void *)&loader_functions.name = dlsym(handle, #name);              \
  if (!loader_functions.name) return 0;
  APUS_OPENCL_FUNCTIONS(FILL)
#undef FILL
  return 1;
}

static int loader_has_platforms(void) {
  cl_uint count = 0;
  return loader_functions.clGetPlatformIDs(0, 0, &count) == CL_SUCCESS && count > 0;
}

static int open_loader(void) {
#if defined(__APPLE__)
  static const char *const names[] = {"/System/Library/Frameworks/OpenCL.framework/OpenCL"};
#else
  static const char *const names[] = {"libOpenCL.so.1", "libOpenCL.so"};
#endif
  if (fill(RTLD_DEFAULT) && loader_has_platforms()) {
    snprintf(library, sizeof library, "the OpenCL library of this process");
    return 1;
  }
  for (size_t i = 0; i < sizeof names / sizeof *names; i += 1) {
    void *handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (handle && fill(handle) && loader_has_platforms()) {
      snprintf(library, sizeof library, "%s", names[i]);
      return 1;
    }
  }
  return 0;
}

// MARK: - Bare drivers

#if defined(__APPLE__)
static int open_drivers(void) { return 0; }
#else

static void *opened_drivers[MAX_DRIVERS];
static size_t opened_driver_count;

/// Opens one vendor's driver and keeps its platforms; does nothing when it is absent or already open.
static void open_driver(const char *name) {
  void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!handle || opened_driver_count == MAX_DRIVERS) return;
  for (size_t i = 0; i < opened_driver_count; i += 1) {
    if (opened_drivers[i] == handle) return;
  }
  opened_drivers[opened_driver_count++] = handle;

  void *(*address)(const char *) = 0;
  cl_int (*platform_ids)(cl_uint, cl_platform_id *, cl_uint *) = 0;
  *(void **)(void *)&address = dlsym(handle, "clGetExtensionFunctionAddress");
  if (address) *(void **)(void *)&platform_ids = address("clIcdGetPlatformIDsKHR");
  if (!platform_ids) *(void **)(void *)&platform_ids = dlsym(handle, "clIcdGetPlatformIDsKHR");
  if (!platform_ids) return;

  cl_uint found = 0;
  cl_uint room = MAX_PLATFORMS - driver_platform_count;
  if (room == 0) return;
  if (platform_ids(room, driver_platforms + driver_platform_count, &found) != CL_SUCCESS || found == 0) return;
  driver_platform_count += found < room ? found : room;
  size_t used = strlen(library);
  snprintf(library + used, sizeof library - used, "%s%s", used ? ", " : "", name);
}

/// Opens the driver that an `.icd` file names on its first line.
static void open_icd_file(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) return;
  char line[MAX_PATH];
  if (fgets(line, sizeof line, file)) {
    line[strcspn(line, " \t\r\n")] = 0;
    if (line[0]) open_driver(line);
  }
  fclose(file);
}

static int compare_names(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

/// Opens what a folder, an `.icd` file or a driver at `path` leads to.
static void open_vendors(const char *path) {
  struct dirent **entries;
  int count = scandir(path, &entries, 0, compare_names);
  if (count < 0) {
    size_t length = strlen(path);
    if (length > 4 && strcmp(path + length - 4, ".icd") == 0) {
      open_icd_file(path);
    } else {
      open_driver(path);
    }
    return;
  }
  for (int i = 0; i < count; i += 1) {
    const char *name = entries[i]->d_name;
    size_t length = strlen(name);
    char full[2 * MAX_PATH];
    if (length > 4 && strcmp(name + length - 4, ".icd") == 0) {
      snprintf(full, sizeof full, "%s/%s", path, name);
      open_icd_file(full);
    }
    free(entries[i]);
  }
  free(entries);
}

static int open_drivers(void) {
  library[0] = 0;
  const char *vendors = getenv("OCL_ICD_VENDORS");
  const char *filenames = getenv("OCL_ICD_FILENAMES");
  if (filenames && *filenames) {
    char list[4 * MAX_PATH];
    char *rest = list;
    snprintf(list, sizeof list, "%s", filenames);
    for (char *name; (name = strsep(&rest, ":"));) {
      if (*name) open_driver(name);
    }
  }
  if (vendors && *vendors) {
    open_vendors(vendors);
  } else {
    static const char *const names[] = {
      "libnvidia-opencl.so.1", "libamdocl64.so", "libigdrcl.so", "libpocl.so.2",
    };
    open_vendors("/etc/OpenCL/vendors");
    for (size_t i = 0; i < sizeof names / sizeof *names; i += 1) open_driver(names[i]);
  }
  return driver_platform_count > 0;
}
#endif

// MARK: - Once

static void search(void) {
  const char *wish = getenv("APUS_OPENCL");
  int loader_allowed = !wish || !*wish || strcmp(wish, "loader") == 0;
  int drivers_allowed = !wish || !*wish || strcmp(wish, "drivers") == 0;
  keep_threads_in_place();
  if (loader_allowed && open_loader()) {
    apus_opencl_loader_table = &loader_functions;
    source = APUS_OPENCL_LOADER;
  } else if (drivers_allowed && open_drivers()) {
    source = APUS_OPENCL_DRIVERS;
  } else if (wish && strcmp(wish, "none") == 0) {
    snprintf(library, sizeof library, "switched off by the environment variable APUS_OPENCL");
  } else {
    snprintf(library, sizeof library, "no OpenCL library with a platform was found");
  }
}

apus_opencl_source apus_opencl_load(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, search);
  return source;
}

const char *apus_opencl_library(void) { return library; }

cl_int apus_clGetPlatformIDs(cl_uint capacity, cl_platform_id *platforms, cl_uint *count) {
  if (apus_opencl_loader_table) return apus_opencl_loader_table->clGetPlatformIDs(capacity, platforms, count);
  if (count) *count = driver_platform_count;
  for (cl_uint i = 0; platforms && i < capacity && i < driver_platform_count; i += 1) {
    platforms[i] = driver_platforms[i];
  }
  return CL_SUCCESS;
}
