#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/command_line.h"
#include "common/units.h"

// Values of flags, as cli::value() takes them. What is wrong is said by std::invalid_argument.
namespace duelio::compare {

// The values of a flag that takes a list.
template <class Parse>
auto values_of(const boost::program_options::variables_map& values, const char* flag, Parse parse) {
  return cli::value(values, flag, [&](std::string_view text) {
    std::vector<decltype(parse(std::string_view()))> all;
    for (const std::string& word : split_list(text)) {
      all.push_back(parse(word));
      if (std::find(all.begin(), all.end() - 1, all.back()) != all.end() - 1)
        throw std::invalid_argument("has " + word + " twice");
    }
    return all;
  });
}

// A count within these limits.
inline auto between(std::uint64_t least, std::uint64_t most) {
  return [=](std::string_view word) {
    const std::uint64_t number = parse_count(word);
    if (number < least || number > most) {
      throw std::invalid_argument("is not between " + std::to_string(least) + " and " +
                                  std::to_string(most));
    }
    return static_cast<unsigned>(number);
  };
}

}  // namespace duelio::compare
