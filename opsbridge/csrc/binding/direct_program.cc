#include "binding/direct_program.h"

#include "binding/checks.h"

namespace opsbridge {
namespace {

class Words {
 public:
  explicit Words(const TensorView& view) : view_(view) {
    require(view.dtype == Dtype::int64 && view.rank == 1, "a program must be int64 words");
  }

  int64_t next() {
    require(position_ < view_.shape[0], "a program ends too early");
    return read<int64_t>(view_, position_++);
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
  const TensorView& view_;
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

NativeArgument read_argument(Words& words) {
  NativeArgument argument;
  argument.source = static_cast<Source>(words.next());
  argument.place = words.next();
  argument.value = words.value();
  argument.dtypes = static_cast<uint64_t>(words.next());
  argument.shape = words.list([&] { return words.next(); });
  require(argument.shape.size() <= kMaxRank, "a tensor has too many axes");
  return argument;
}

}  // namespace

DirectProgram read_program(const TensorView& view) {
  Words words(view);
  DirectProgram program;
  program.form = static_cast<TensorForm>(words.next());
  program.returns_count = words.next() != 0;
  program.main = words.next();
  program.widths = words.list([&] { return words.next(); });
  program.dtypes = words.list([&] { return static_cast<Dtype>(words.next()); });
  program.choices = words.list([&] { return read_choice(words); });
  program.words = words.list([&] { return words.next(); });
  program.outputs = words.list([&] { return read_output(words); });
  program.arguments = words.list([&] { return read_argument(words); });
  return program;
}

}  // namespace opsbridge
