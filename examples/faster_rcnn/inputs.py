"""Write one batch of synthetic images for `opsbridge compare --inputs`.

python inputs.py inputs.npz
"""

import sys

import numpy as np
from small_rcnn.config import Config
from small_rcnn.synthetic import batch

np.savez(sys.argv[1], *[each.asnumpy() for each in batch(Config(), 100)])
