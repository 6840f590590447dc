"""A small Faster R-CNN with a feature pyramid, written for MindSpore."""
