// The operators with direct calls on tensors in host memory.
#include "binding/object_call.h"

OPSBRIDGE_EXPORT_OBJECT_CALL(box_area, opsbridge::kBriefBytes)
OPSBRIDGE_EXPORT_OBJECT_CALL(box_convert, opsbridge::kBriefBytes)
OPSBRIDGE_EXPORT_OBJECT_CALL(box_iou, opsbridge::kBriefBytes)
OPSBRIDGE_EXPORT_OBJECT_CALL(clip_boxes, opsbridge::kBriefBytes)
OPSBRIDGE_EXPORT_OBJECT_CALL(nms, opsbridge::kBriefBytes)
OPSBRIDGE_EXPORT_OBJECT_CALL(roi_align, opsbridge::kNeverBrief)
OPSBRIDGE_EXPORT_OBJECT_CALL(roi_pool, opsbridge::kNeverBrief)
OPSBRIDGE_EXPORT_OBJECT_CALL(soft_nms, opsbridge::kBriefBytes)
