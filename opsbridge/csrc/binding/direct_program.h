// How a direct call turns what the user gave into the arguments of a native function: words that
// opsbridge/core/direct.py writes once per framework API, read here into structs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "binding/arguments.h"

namespace opsbridge {

enum class Source : int64_t {
  constant,          // a value
  tensor,            // an argument: what shape and dtypes it may have
  number,            // an argument, as a double
  integer,           // an argument, as an int
  positive_number,   // an argument, or the value where it is not above zero
  positive_integer,  // the same
  rule,              // the rule word of the dtype and the choices
  output             // an output, by its place
};

struct NativeArgument {
  Source source;
  int64_t place;               // of the user's argument, or of the output
  size_t slot;                 // its own place among the native arguments
  uint64_t dtypes;             // of a tensor: one bit each
  std::vector<int64_t> shape;  // of a tensor: negative where any size may be
};

// A number (place < 0), an integer that the user gave at a place (axis < 0), or a size of the
// tensor at a place among the native arguments.
struct Term {
  int64_t place, axis, number;
};

struct Size {
  Term term;
  std::vector<Term> divisors;
};

struct DirectOutput {
  std::vector<Dtype> dtypes;  // for each dtype of the main tensor
  bool is_cut;                // to the count that the native function returns
  std::vector<Size> shape;
  size_t place = 0;  // among the native arguments
};

// A value that an argument may have; the value itself holds no more than a short text.
struct ChoiceValue {
  ObAny value;
  std::string text;
};

// An enumerated argument: its values, each of which has its own rule words.
struct DirectChoice {
  int64_t place;
  std::vector<ChoiceValue> values;
};

struct DirectProgram {
  bool returns_count;  // the native function does, or else zero unless it refuses a row
  int64_t main;        // the native argument that decides the dtype
  int64_t given;       // how many arguments the user gives
  std::vector<Dtype> dtypes;
  std::vector<DirectChoice> choices;
  std::vector<int64_t> words;  // by dtype, then by choice; negative: not direct
  std::vector<DirectOutput> outputs;
  std::vector<ObAny> values;         // of the native arguments where nothing else is put
  std::vector<NativeArgument> read;  // those that the user's arguments decide
  size_t rule = 0;                   // the native argument that is the rule
};

// Throws BadCall for words that are no program.
DirectProgram read_program(const int64_t* words, int64_t count);

}  // namespace opsbridge
