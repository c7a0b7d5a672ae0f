#include "results/likeness.h"

#include <string_view>

namespace duelio::results {
namespace {

namespace json = boost::json;

std::string text(const json::value& value) {
  if (value.is_null()) return "none";
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

// "10%, 50%, max".
std::string text(const std::vector<Load>& loads) {
  std::string names;
  for (const Load& load : loads) names += (names.empty() ? "" : ", ") + load.id;
  return names;
}

class Comparison {
 public:
  explicit Comparison(Figures figures) : figures_(figures) {}

  // `second` is a record of the same type, as JSON, for a list of fields visits one record.
  template <Record R>
  void compare(const std::string& path, const R& first, const json::object& second) {
    R::fields(first, [&](std::string_view name, const auto& field, Share share) {
      if (share == Share::no || (share == Share::load && figures_ == Figures::ratios)) return;
      const std::string inner = path.empty() ? std::string(name) : path + " " + std::string(name);
      compare_field(inner, field, second.at(name));
    });
  }

  std::vector<std::string> found() && { return std::move(found_); }

 private:
  template <class T>
  void compare_field(const std::string& path, const T& first, const json::value& second) {
    if constexpr (Record<T>) {
      compare(path, first, second.get_object());
    } else if constexpr (is_optional_record<T>) {
      // An older file does not say: that is no difference that was seen.
      if (first && second.is_object()) compare(path, *first, second.get_object());
    } else if constexpr (std::is_same_v<T, std::vector<Load>>) {
      std::vector<Load> other;
      from_value(second, other, path);
      note(path, text(first), text(other));
    } else {
      note(path, text(to_value(first)), text(second));
    }
  }

  void note(const std::string& path, const std::string& first, const std::string& second) {
    if (first != second) found_.push_back(path + ": " + first + " and " + second);
  }

  Figures figures_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> differences(const Run& first, const Run& second, Figures figures) {
  Comparison comparison(figures);
  comparison.compare("", first.manifest, to_value(second.manifest).get_object());
  // Of the entries that both runs have: which those are, is for the caller to say.
  for (const EntrySpec& entry : first.manifest.entries) {
    if (const EntrySpec* const other = second.entry(entry.name))
      comparison.compare("entry " + entry.name, entry, to_value(*other).get_object());
  }
  return std::move(comparison).found();
}

}  // namespace duelio::results
