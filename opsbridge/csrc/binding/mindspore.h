// MindSpore's calling convention of custom operators in graphs ("aot"), without its headers.
//
// A graph holds the call of a core operator as data: the arguments of the native call, with holes
// where tensors go. The inputs of the custom operator are, in this order,
//   templates  one per output, without elements: its dtype is the output's, its shape is 0, the
//              number of templates, then a word per axis of the output: twice its size, or
//              2 * (16 * input + axis) + 1 where it is that of an axis of a tensor;
//   call       int64 (n, 2): two rows about the call (see RecordedCall), then an argument per row;
//   tensors    what the holes stand for; what no hole stands for is not read.
// The outputs are those of the core operator; one more tells which rows of the cut ones are filled.
#pragma once

#include <cstdint>
#include <vector>

#include "binding/arguments.h"

namespace opsbridge {

using CallBody = int64_t (*)(Arguments&);
using Shapes = std::vector<std::vector<int64_t>>;

struct GraphTensors {
  int count;
  void** data;
  int* ranks;
  int64_t** shapes;
  const char** dtypes;
};

// Writes why a call is refused, as text of at most `size` bytes with the final 0: Python knows how.
using DescribeRefusal = void (*)(int64_t id, void* const* data, int64_t* const* shapes, char* text,
                                 int64_t size);

// Makes the recorded call; what it refuses is thrown, which MindSpore turns into a RuntimeError.
void run_recorded(CallBody body, const char* name, const GraphTensors& tensors);

// The shapes of the outputs from those of the inputs.
Shapes infer_shapes(const int* ranks, int64_t* const* shapes);

}  // namespace opsbridge
