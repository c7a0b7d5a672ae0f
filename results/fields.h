#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/json.hpp>

// A record is a plain struct that lists its fields once:
//
//   template <class Self, class Visit>
//   static void fields(Self& self, Visit visit) {
//     visit("name", self.name, Share::no);
//   }
//
// From the list it is written as a JSON object, read back, held against another, and shown.
namespace duelio::results {

// Whether two runs must agree in a field to be held against each other.
enum class Share : std::uint8_t {
  no,
  load,    // when values are compared; ratios may be of different loads
  always,  // or a difference may be the machine's, the build's or the plan's
};

struct AnyField {
  template <class Field>
  void operator()(std::string_view name, Field& field, Share share) const;
};

template <class T>
concept Record = std::is_void_v<decltype(T::fields(std::declval<T&>(), AnyField()))>;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_optional_record = false;
template <Record T>
inline constexpr bool is_optional_record<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

// Enumerations are written as words: an overload of to_string and of from_string(text, E&), which
// returns false for a word that is none.
template <class T>
boost::json::value to_value(const T& value) {
  if constexpr (Record<T>) {
    boost::json::object object;
    T::fields(value, [&](std::string_view name, const auto& field, Share) {
      object[name] = to_value(field);
    });
    return object;
  } else if constexpr (std::is_same_v<T, boost::json::object>) {
    return value;
  } else if constexpr (is_optional<T>) {
    return value ? to_value(*value) : boost::json::value(nullptr);
  } else if constexpr (is_vector<T>) {
    boost::json::array array;
    for (const auto& each : value) array.push_back(to_value(each));
    return array;
  } else if constexpr (std::is_enum_v<T>) {
    return boost::json::value(to_string(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    // JSON has no such number, and a reader of the file could not say where it came from.
    if (!std::isfinite(value)) throw std::domain_error("a measured number is not finite");
    return value;
  } else {
    return boost::json::value_from(value);
  }
}

// Throws std::runtime_error that names the field: "plan.blocks is missing". Fields that are not in
// the list are an error too: the file is of another version.
template <class T>
void from_value(const boost::json::value& value, T& target, const std::string& path) {
  const auto wrong = [&](const char* what) { throw std::runtime_error(path + " is " + what); };
  if constexpr (Record<T>) {
    if (!value.is_object()) wrong("not an object");
    const boost::json::object& object = value.get_object();
    std::size_t known = 0;
    T::fields(target, [&](std::string_view name, auto& field, Share) {
      const std::string inner = path.empty() ? std::string(name) : path + "." + std::string(name);
      const boost::json::value* const found = object.if_contains(name);
      if (found == nullptr) {
        // A file from before the field was added says nothing of it.
        if (!is_optional<std::remove_cvref_t<decltype(field)>>)
          throw std::runtime_error(inner + " is missing");
        return;
      }
      from_value(*found, field, inner);
      ++known;
    });
    if (object.size() == known) return;
    for (const auto& field : object) {
      const std::string_view key = field.key();
      bool is_known = false;
      T::fields(target, [&](std::string_view name, auto&, Share) { is_known |= name == key; });
      if (!is_known)
        throw std::runtime_error((path.empty() ? "" : path + ".") + std::string(key) +
                                 " is unknown");
    }
  } else if constexpr (is_optional<T>) {
    if (value.is_null()) return target.reset();
    from_value(value, target.emplace(), path);
  } else if constexpr (is_vector<T>) {
    if (!value.is_array()) wrong("not an array");
    target.clear();
    for (const boost::json::value& each : value.get_array())
      from_value(each, target.emplace_back(), path + "[" + std::to_string(target.size() - 1) + "]");
  } else if constexpr (std::is_enum_v<T>) {
    if (!value.is_string() || !from_string(std::string_view(value.get_string()), target))
      wrong("none of its words");
  } else if constexpr (std::is_same_v<T, boost::json::object>) {
    if (!value.is_object()) wrong("not an object");
    target = value.get_object();
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!value.is_string()) wrong("not a text");
    target = value.get_string();
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_bool()) wrong("neither true nor false");
    target = value.get_bool();
  } else {
    boost::json::error_code error;
    if (!value.is_number()) wrong("not a number");
    target = value.to_number<T>(error);
    if (error) wrong("out of range");
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(target)) wrong("out of range");
    }
  }
}

}  // namespace duelio::results
