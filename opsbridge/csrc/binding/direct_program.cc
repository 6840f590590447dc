#include "binding/direct_program.h"

#include <utility>

#include "binding/checks.h"
#include "binding/direct_call.h"

namespace opsbridge {
namespace {

class Words {
 public:
  Words(const int64_t* words, int64_t count) : words_(words), count_(count) {}

  int64_t next() {
    require(position_ < count_, "a program ends too early");
    return words_[position_++];
  }

  ObAny value() {
    ObAny value;
    value.tag = static_cast<int32_t>(next());
    value.padding = static_cast<uint32_t>(next());
    value.as_int = next();
    return value;
  }

  // As many items as the next word says.
  template <class Read>
  auto list(const Read& read_item) {
    std::vector<decltype(read_item())> items;
    for (int64_t left = next(); left > 0; --left) items.push_back(read_item());
    return items;
  }

 private:
  const int64_t* words_;
  int64_t count_;
  int64_t position_ = 0;
};

Term read_term(Words& words) {
  const int64_t place = words.next(), axis = words.next();
  return {place, axis, words.next()};
}

Size read_size(Words& words) {
  const Term term = read_term(words);
  return {term, words.list([&] { return read_term(words); })};
}

ChoiceValue read_choice_value(Words& words) {
  const ObAny value = words.value();
  const std::vector<int64_t> bytes = words.list([&] { return words.next(); });
  return {value, std::string(bytes.begin(), bytes.end())};
}

DirectChoice read_choice(Words& words) {
  const int64_t place = words.next();
  return {place, words.list([&] { return read_choice_value(words); })};
}

DirectOutput read_output(Words& words) {
  DirectOutput output;
  output.dtypes = words.list([&] { return static_cast<Dtype>(words.next()); });
  output.is_cut = words.next() != 0;
  output.shape = words.list([&] { return read_size(words); });
  require(output.shape.size() <= kMaxRank, "an output has too many axes");
  return output;
}

// Also puts the value of an argument, or its place as an output, where the program keeps it.
NativeArgument read_argument(Words& words, DirectProgram& program) {
  NativeArgument argument;
  argument.slot = program.values.size();
  argument.source = static_cast<Source>(words.next());
  argument.place = words.next();
  program.values.push_back(words.value());
  argument.dtypes = static_cast<uint64_t>(words.next());
  argument.shape = words.list([&] { return words.next(); });
  require(argument.shape.size() <= kMaxRank, "a tensor has too many axes");
  if (argument.source == Source::rule) program.rule = argument.slot;
  if (argument.source == Source::output) {
    program.outputs.at(static_cast<size_t>(argument.place)).place = argument.slot;
  }
  return argument;
}

bool is_read(const NativeArgument& argument) {
  return argument.source != Source::constant && argument.source != Source::rule &&
         argument.source != Source::output;
}

}  // namespace

DirectProgram read_program(const int64_t* first, int64_t count) {
  Words words(first, count);
  DirectProgram program;
  program.returns_count = words.next() != 0;
  program.main = words.next();
  program.given = words.next();
  program.dtypes = words.list([&] { return static_cast<Dtype>(words.next()); });
  program.choices = words.list([&] { return read_choice(words); });
  program.words = words.list([&] { return words.next(); });
  program.outputs = words.list([&] { return read_output(words); });
  for (int64_t left = words.next(); left > 0; --left) {
    NativeArgument argument = read_argument(words, program);
    if (is_read(argument)) program.read.push_back(std::move(argument));
  }
  require(program.values.size() <= kMaxArguments, "a direct call has too many arguments");
  require(program.outputs.size() <= kMaxOutputs, "a direct call has too many outputs");
  return program;
}

}  // namespace opsbridge
