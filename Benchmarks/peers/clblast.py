"""Matrix products by CLBlast's `CLBlastSgemm` on an OpenCL device. See harness.py for the arguments.

The device is the first one whose name begins with APUS_OPENCL_DEVICE, or simply the first.
"""
import ctypes
import os
from ctypes import byref, c_float, c_int, c_size_t, c_uint, c_ulong, c_void_p

import numpy

import harness

try:
    opencl = ctypes.CDLL("libOpenCL.so.1")
    clblast = ctypes.CDLL("libclblast.so.1")
except OSError as error:
    raise SystemExit(f"CLBlast or OpenCL is missing (libclblast1, ocl-icd-libopencl1): {error}")

ALL_DEVICES, READ_WRITE, COPY_HOST, DEVICE_NAME, DRIVER_VERSION = 0xFFFFFFFF, 1, 1 << 5, 0x102B, 0x102D
ROW_MAJOR, PLAIN, TRANSPOSED = 101, 111, 112
for function in ("clCreateContext", "clCreateCommandQueue", "clCreateBuffer"):
    getattr(opencl, function).restype = c_void_p


def check(code, call):
    if code != 0:
        raise RuntimeError(f"{call} failed with {code}")


def devices():
    count = c_uint()
    check(opencl.clGetPlatformIDs(0, None, byref(count)), "clGetPlatformIDs")
    platforms = (c_void_p * count.value)()
    check(opencl.clGetPlatformIDs(count, platforms, None), "clGetPlatformIDs")
    for platform in platforms:
        if opencl.clGetDeviceIDs(c_void_p(platform), c_ulong(ALL_DEVICES), 0, None, byref(count)) != 0:
            continue
        found = (c_void_p * count.value)()
        check(opencl.clGetDeviceIDs(c_void_p(platform), c_ulong(ALL_DEVICES), count, found, None), "clGetDeviceIDs")
        yield from found


def text(device, what):
    size = c_size_t()
    check(opencl.clGetDeviceInfo(c_void_p(device), what, 0, None, byref(size)), "clGetDeviceInfo")
    value = ctypes.create_string_buffer(size.value)
    check(opencl.clGetDeviceInfo(c_void_p(device), what, size, value, None), "clGetDeviceInfo")
    return value.value.decode()


wanted = os.environ.get("APUS_OPENCL_DEVICE", "")
candidates = list(devices())
device = next((d for d in candidates if text(d, DEVICE_NAME).startswith(wanted)), None)
if device is None:
    raise SystemExit(f"there is no OpenCL device whose name begins with '{wanted}'")
code = c_int()
context = c_void_p(opencl.clCreateContext(None, 1, (c_void_p * 1)(device), None, None, byref(code)))
check(code.value, "clCreateContext")
queue = c_void_p(opencl.clCreateCommandQueue(context, c_void_p(device), c_ulong(0), byref(code)))
check(code.value, "clCreateCommandQueue")


class Buffer:
    """Device memory with an array's contents, released with this object."""

    def __init__(self, array):
        self.handle = c_void_p(opencl.clCreateBuffer(
            context, c_ulong(READ_WRITE | COPY_HOST), c_size_t(array.nbytes), array.ctypes.data_as(c_void_p), byref(code)))
        check(code.value, "clCreateBuffer")

    def __del__(self):
        opencl.clReleaseMemObject(self.handle)


def prepare(name):
    shape = harness.product(name)
    if not shape:
        return None
    m, n, k, left, right = shape

    def make():
        a, b, c = (Buffer(numpy.random.rand(count).astype(numpy.float32)) for count in (m * k, k * n, m * n))

        def run():
            check(clblast.CLBlastSgemm(
                ROW_MAJOR, TRANSPOSED if left else PLAIN, TRANSPOSED if right else PLAIN, c_size_t(m), c_size_t(n),
                c_size_t(k), c_float(1), a.handle, c_size_t(0), c_size_t(m if left else k), b.handle, c_size_t(0),
                c_size_t(k if right else n), c_float(0), c.handle, c_size_t(0), c_size_t(n), byref(queue), None),
                "CLBlastSgemm")

        return harness.Run(run, 2e-9 * m * n * k, lambda: check(opencl.clFinish(queue), "clFinish"))

    return {"sgemm": make}


if __name__ == "__main__":
    harness.main(f"CLBlast (libclblast1) on {text(device, DEVICE_NAME)}, driver {text(device, DRIVER_VERSION)}", prepare)
