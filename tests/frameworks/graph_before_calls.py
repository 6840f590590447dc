"""A refused graph as the first thing of a process, then a gradient outside of graphs.

MindSpore's own opening of the library must not be the first: it would lack the functions of
tvm-ffi, and the next call would jump to nowhere.
"""

import mindspore

from opsbridge.torchvision.ops import box_area, masks_to_boxes


@mindspore.jit
def sum_of_boxes(masks: mindspore.Tensor) -> mindspore.Tensor:
    return masks_to_boxes(masks).sum()


masks = mindspore.ops.ones((1, 3, 3))
boxes = mindspore.Tensor([[1.0, 1.0, 0.5, 0.5]])
try:
    mindspore.grad(sum_of_boxes)(masks).asnumpy()
except RuntimeError as error:
    if "there is no gradient" in str(error):
        print("no gradient in the graph,", end=" ")
gradient = mindspore.grad(lambda given: box_area(given).sum())(boxes)
print(gradient.asnumpy().tolist(), "outside")
