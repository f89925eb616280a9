"""When is deep neural collapse optimal, and when does low-rank bias win? Exact theory, search, certificates.

The floors stand in folders of their own at the top of the repository and are linked here: `dufm.theory`,
`dufm.solvers`, `dufm.verification`, `dufm.paper_figs`. A wheel holds them below this one name.
"""

from importlib.metadata import PackageNotFoundError, version

from dufm.solvers.base.threads import limit_blas

# Before anything loads NumPy: libraries read their number of threads once.
limit_blas()

try:
    __version__ = version("dufm")
except PackageNotFoundError:
    __version__ = "0+checkout"
