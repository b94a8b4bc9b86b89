#pragma once

/// Every OpenCL function that Apus calls; a library that lacks one is not used.
#define APUS_OPENCL_FUNCTIONS(FUNCTION) \
  FUNCTION(clGetPlatformIDs)            \
  FUNCTION(clGetPlatformInfo)           \
  FUNCTION(clGetDeviceIDs)              \
  FUNCTION(clGetDeviceInfo)             \
  FUNCTION(clCreateContext)             \
  FUNCTION(clReleaseContext)            \
  FUNCTION(clCreateCommandQueue)        \
  FUNCTION(clReleaseCommandQueue)       \
  FUNCTION(clFlush)                     \
  FUNCTION(clFinish)                    \
  FUNCTION(clCreateBuffer)              \
  FUNCTION(clReleaseMemObject)          \
  FUNCTION(clSetMemObjectDestructorCallback) \
  FUNCTION(clEnqueueReadBuffer)         \
  FUNCTION(clEnqueueWriteBuffer)        \
  FUNCTION(clEnqueueCopyBuffer)         \
  FUNCTION(clEnqueueFillBuffer)         \
  FUNCTION(clCreateProgramWithSource)   \
  FUNCTION(clCreateProgramWithBinary)   \
  FUNCTION(clBuildProgram)              \
  FUNCTION(clGetProgramBuildInfo)       \
  FUNCTION(clGetProgramInfo)            \
  FUNCTION(clReleaseProgram)            \
  FUNCTION(clCreateKernel)              \
  FUNCTION(clReleaseKernel)             \
  FUNCTION(clSetKernelArg)              \
  FUNCTION(clGetKernelWorkGroupInfo)    \
  FUNCTION(clEnqueueNDRangeKernel)      \
  FUNCTION(clEnqueueMarkerWithWaitList) \
  FUNCTION(clWaitForEvents)             \
  FUNCTION(clGetEventInfo)              \
  FUNCTION(clGetEventProfilingInfo)     \
  FUNCTION(clReleaseEvent)
