#pragma once

// OpenCL without linking against it.
//
// `apus_opencl_load` looks for OpenCL at run time, once. What it finds is reached through the functions
// below, one per OpenCL call that Apus makes, with the same arguments and results. They may be called only
// after `apus_opencl_load` has returned something else than `APUS_OPENCL_ABSENT`, and only with objects that
// are not NULL.

#define CL_TARGET_OPENCL_VERSION 120
#if defined(__APPLE__)
#define CL_SILENCE_DEPRECATION
#include <OpenCL/cl.h>
#else
#include <CL/cl.h>
#include <CL/cl_icd.h>
#endif

/// Where the OpenCL functions come from.
typedef enum {
  /// There is no OpenCL on this machine.
  APUS_OPENCL_ABSENT = 0,
  /// From one library for all platforms: the ICD loader, or the system's framework.
  APUS_OPENCL_LOADER = 1,
  /// Straight from vendors' drivers: each object's first word points to its driver's function table.
  APUS_OPENCL_DRIVERS = 2,
} apus_opencl_source;

/// Looks for OpenCL: the ICD loader first, then, if there is none or it knows no platform, bare drivers.
///
/// The environment variable `APUS_OPENCL` narrows the search: `none`, `loader` or `drivers`.
/// Safe to call from several threads; only the first call searches.
apus_opencl_source apus_opencl_load(void);

/// The library that answered, or what was tried in vain. Valid after `apus_opencl_load`.
const char *apus_opencl_library(void);

#if defined(__APPLE__)
#define APUS_OPENCL_FIELD(name) __typeof__(&name) name;
#include "apus_opencl_functions.h"
typedef struct {
  APUS_OPENCL_FUNCTIONS(APUS_OPENCL_FIELD)
} apus_opencl_table;
#else
#include "apus_opencl_functions.h"
typedef struct _cl_icd_dispatch apus_opencl_table;
#endif

/// The loader's functions; NULL where drivers are reached directly.
extern const apus_opencl_table *apus_opencl_loader_table;

/// The function table that serves an object.
static inline const apus_opencl_table *apus_opencl_of(const void *object) {
  return apus_opencl_loader_table ? apus_opencl_loader_table : *(const apus_opencl_table *const *)object;
}

// MARK: - Platforms and devices

cl_int apus_clGetPlatformIDs(cl_uint capacity, cl_platform_id *platforms, cl_uint *count);

static inline cl_int apus_clGetPlatformInfo(
    cl_platform_id platform, cl_platform_info name, size_t capacity, void *value, size_t *size) {
  return apus_opencl_of(platform)->clGetPlatformInfo(platform, name, capacity, value, size);
}

static inline cl_int apus_clGetDeviceIDs(
    cl_platform_id platform, cl_device_type type, cl_uint capacity, cl_device_id *devices, cl_uint *count) {
  return apus_opencl_of(platform)->clGetDeviceIDs(platform, type, capacity, devices, count);
}

static inline cl_int apus_clGetDeviceInfo(
    cl_device_id device, cl_device_info name, size_t capacity, void *value, size_t *size) {
  return apus_opencl_of(device)->clGetDeviceInfo(device, name, capacity, value, size);
}

// MARK: - Contexts and queues

static inline cl_context apus_clCreateContext(
    const cl_context_properties *properties, cl_device_id device, cl_int *code) {
  return apus_opencl_of(device)->clCreateContext(properties, 1, &device, 0, 0, code);
}

static inline cl_int apus_clReleaseContext(cl_context context) {
  return apus_opencl_of(context)->clReleaseContext(context);
}

static inline cl_command_queue apus_clCreateCommandQueue(
    cl_context context, cl_device_id device, cl_command_queue_properties properties, cl_int *code) {
  return apus_opencl_of(context)->clCreateCommandQueue(context, device, properties, code);
}

static inline cl_int apus_clReleaseCommandQueue(cl_command_queue queue) {
  return apus_opencl_of(queue)->clReleaseCommandQueue(queue);
}

static inline cl_int apus_clFlush(cl_command_queue queue) { return apus_opencl_of(queue)->clFlush(queue); }

static inline cl_int apus_clFinish(cl_command_queue queue) { return apus_opencl_of(queue)->clFinish(queue); }

// MARK: - Memory

static inline cl_mem apus_clCreateBuffer(
    cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code) {
  return apus_opencl_of(context)->clCreateBuffer(context, flags, size, host, code);
}

static inline cl_int apus_clReleaseMemObject(cl_mem memory) {
  return apus_opencl_of(memory)->clReleaseMemObject(memory);
}
static inline cl_int apus_clSetMemObjectDestructorCallback(
    cl_mem memory, void(CL_CALLBACK *notify)(cl_mem, void *), void *data) {
  return apus_opencl_of(memory)->clSetMemObjectDestructorCallback(memory, notify, data);
}

static inline cl_int apus_clEnqueueReadBuffer(
    cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size, void *destination,
    cl_event *event) {
  return apus_opencl_of(queue)->clEnqueueReadBuffer(
      queue, buffer, blocking, offset, size, destination, 0, 0, event);
}

static inline cl_int apus_clEnqueueWriteBuffer(
    cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size, const void *source,
    cl_event *event) {
  return apus_opencl_of(queue)->clEnqueueWriteBuffer(queue, buffer, blocking, offset, size, source, 0, 0, event);
}

static inline cl_int apus_clEnqueueCopyBuffer(
    cl_command_queue queue, cl_mem source, cl_mem destination, size_t source_offset, size_t destination_offset,
    size_t size, cl_event *event) {
  return apus_opencl_of(queue)->clEnqueueCopyBuffer(
      queue, source, destination, source_offset, destination_offset, size, 0, 0, event);
}

static inline cl_int apus_clEnqueueFillBuffer(
    cl_command_queue queue, cl_mem buffer, const void *pattern, size_t pattern_size, size_t offset, size_t size,
    cl_event *event) {
  return apus_opencl_of(queue)->clEnqueueFillBuffer(
      queue, buffer, pattern, pattern_size, offset, size, 0, 0, event);
}

// MARK: - Programs and kernels

static inline cl_program apus_clCreateProgramWithSource(
    cl_context context, const char *source, size_t length, cl_int *code) {
  return apus_opencl_of(context)->clCreateProgramWithSource(context, 1, &source, &length, code);
}

static inline cl_program apus_clCreateProgramWithBinary(
    cl_context context, cl_device_id device, const unsigned char *binary, size_t length, cl_int *status,
    cl_int *code) {
  return apus_opencl_of(context)->clCreateProgramWithBinary(context, 1, &device, &length, &binary, status, code);
}

static inline cl_int apus_clBuildProgram(cl_program program, cl_device_id device, const char *options) {
  return apus_opencl_of(program)->clBuildProgram(program, 1, &device, options, 0, 0);
}

static inline cl_int apus_clGetProgramBuildInfo(
    cl_program program, cl_device_id device, cl_program_build_info name, size_t capacity, void *value,
    size_t *size) {
  return apus_opencl_of(program)->clGetProgramBuildInfo(program, device, name, capacity, value, size);
}

static inline cl_int apus_clGetProgramInfo(
    cl_program program, cl_program_info name, size_t capacity, void *value, size_t *size) {
  return apus_opencl_of(program)->clGetProgramInfo(program, name, capacity, value, size);
}

static inline cl_int apus_clReleaseProgram(cl_program program) {
  return apus_opencl_of(program)->clReleaseProgram(program);
}

static inline cl_kernel apus_clCreateKernel(cl_program program, const char *name, cl_int *code) {
  return apus_opencl_of(program)->clCreateKernel(program, name, code);
}

static inline cl_int apus_clReleaseKernel(cl_kernel kernel) {
  return apus_opencl_of(kernel)->clReleaseKernel(kernel);
}

static inline cl_int apus_clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value) {
  return apus_opencl_of(kernel)->clSetKernelArg(kernel, index, size, value);
}

static inline cl_int apus_clGetKernelWorkGroupInfo(
    cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info name, size_t capacity, void *value,
    size_t *size) {
  return apus_opencl_of(kernel)->clGetKernelWorkGroupInfo(kernel, device, name, capacity, value, size);
}

static inline cl_int apus_clEnqueueNDRangeKernel(
    cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *global, const size_t *local,
    cl_event *event) {
  return apus_opencl_of(queue)->clEnqueueNDRangeKernel(
      queue, kernel, dimensions, 0, global, local, 0, 0, event);
}

// MARK: - Events

static inline cl_int apus_clEnqueueMarker(cl_command_queue queue, cl_event *event) {
  return apus_opencl_of(queue)->clEnqueueMarkerWithWaitList(queue, 0, 0, event);
}

static inline cl_int apus_clWaitForEvent(cl_event event) {
  return apus_opencl_of(event)->clWaitForEvents(1, &event);
}

static inline cl_int apus_clGetEventInfo(
    cl_event event, cl_event_info name, size_t capacity, void *value, size_t *size) {
  return apus_opencl_of(event)->clGetEventInfo(event, name, capacity, value, size);
}

static inline cl_int apus_clGetEventProfilingInfo(
    cl_event event, cl_profiling_info name, size_t capacity, void *value, size_t *size) {
  return apus_opencl_of(event)->clGetEventProfilingInfo(event, name, capacity, value, size);
}

static inline cl_int apus_clReleaseEvent(cl_event event) { return apus_opencl_of(event)->clReleaseEvent(event); }
