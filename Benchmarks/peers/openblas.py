"""Matrix products by OpenBLAS's `cblas_sgemm`. See harness.py for the arguments."""
import ctypes

import numpy

import harness

try:
    library = ctypes.CDLL("libopenblas.so.0")
except OSError as error:
    raise SystemExit(f"OpenBLAS is missing (libopenblas0): {error}")

ROW_MAJOR, PLAIN, TRANSPOSED = 101, 111, 112


def version():
    library.openblas_get_config.restype = ctypes.c_char_p
    return library.openblas_get_config().decode()


def prepare(name):
    shape = harness.product(name)
    if not shape:
        return None
    m, n, k, left, right = shape

    def make():
        a = numpy.random.rand(*((k, m) if left else (m, k))).astype(numpy.float32)
        b = numpy.random.rand(*((n, k) if right else (k, n))).astype(numpy.float32)
        c = numpy.zeros((m, n), numpy.float32)
        pa, pb, pc = (x.ctypes.data_as(ctypes.POINTER(ctypes.c_float)) for x in (a, b, c))

        def run(keep=(a, b, c)):
            library.cblas_sgemm(
                ROW_MAJOR, TRANSPOSED if left else PLAIN, TRANSPOSED if right else PLAIN, m, n, k, ctypes.c_float(1), pa,
                a.shape[1], pb, b.shape[1], ctypes.c_float(0), pc, n)

        return harness.Run(run, 2e-9 * m * n * k)

    return {"sgemm": make}


if __name__ == "__main__":
    harness.main(version, prepare, lambda count: library.openblas_set_num_threads(count))
