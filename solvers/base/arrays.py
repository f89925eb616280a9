"""The one type of array, float64, and the shapes of factors."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Shapes = tuple[tuple[int, int], ...]
