#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results/record.h"

namespace duelio::results {

// What is held against each other.
enum class Figures : std::uint8_t {
  ratios,  // each of one run. The load may differ, for that is what a series of runs varies
  values,  // as measured, or ratios whose difference is to be the code's: the load is the same
};

// Why such figures of two runs are not comparable: "machine kernel: A and B". Each field of the
// records says whether it has to be shared (fields.h). The revision may differ: that is what is
// compared.
std::vector<std::string> differences(const Run& first, const Run& second, Figures figures);

}  // namespace duelio::results
