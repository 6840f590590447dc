// The operators with direct calls on tensors in host memory.
#include "binding/direct.h"

OPSBRIDGE_EXPORT_DIRECT(box_area, opsbridge::kOnHost)
OPSBRIDGE_EXPORT_DIRECT(box_convert, opsbridge::kOnHost)
OPSBRIDGE_EXPORT_DIRECT(box_iou, opsbridge::kOnHost)
OPSBRIDGE_EXPORT_DIRECT(clip_boxes, opsbridge::kOnHost)
OPSBRIDGE_EXPORT_DIRECT(nms, opsbridge::kOnHost)
OPSBRIDGE_EXPORT_DIRECT(roi_align, opsbridge::kOnHost)
OPSBRIDGE_EXPORT_DIRECT(roi_pool, opsbridge::kOnHost)
OPSBRIDGE_EXPORT_DIRECT(soft_nms, opsbridge::kOnHost)
