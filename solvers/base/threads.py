"""One thread for linear algebra, whatever the cores: a sum that is cut into parts by threads has other bits.

Small matrices are fastest so, and searches use the cores for restarts. `DUFM_BLAS_THREADS=8` gives large matrices (Deep
RFM with many samples) more threads: results then repeat for that number only.
"""

import os
import sys

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
OWN = "DUFM_BLAS_THREADS"


def limit_blas() -> None:
    """Fix the threads of every BLAS library: of those to be loaded by environment, of those loaded already directly.

    Raises:
        SystemExit: after one line, if `DUFM_BLAS_THREADS` is set to anything but an integer >= 1.
    """
    asked = os.environ.get(OWN, "1")
    if not asked.isascii() or not asked.isdigit() or int(asked) < 1:
        sys.stderr.write(f"error: {OWN} must be an integer >= 1, got {asked!r}\n")
        raise SystemExit(2)
    for variable in VARIABLES:
        os.environ[variable] = asked
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits

        threadpool_limits(int(asked), user_api="blas")
