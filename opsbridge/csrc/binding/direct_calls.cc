// The operators with direct calls on tensors in host memory.
#include "binding/object_call.h"

OPSBRIDGE_EXPORT_OBJECT_CALL(box_area)
OPSBRIDGE_EXPORT_OBJECT_CALL(box_convert)
OPSBRIDGE_EXPORT_OBJECT_CALL(box_iou)
OPSBRIDGE_EXPORT_OBJECT_CALL(clip_boxes)
OPSBRIDGE_EXPORT_OBJECT_CALL(nms)
OPSBRIDGE_EXPORT_OBJECT_CALL(roi_align)
OPSBRIDGE_EXPORT_OBJECT_CALL(roi_pool)
OPSBRIDGE_EXPORT_OBJECT_CALL(soft_nms)
