#pragma once

#include <span>
#include <string>
#include <vector>

#include "results/report/data.h"

// Several runs beside each other.
namespace duelio::results {

// "day-2.jsonl", with its folders where another run's file has the same name.
std::vector<std::string> names_of(std::span<const Report> reports);

// Why the ratios of the second cannot be held against those of the first: "machine kernel: A and
// B". The loads may differ, for that is what a series of runs varies, and so may the revision.
std::vector<std::string> differences(const Run& first, const Run& second);

// CPU work per request: "1 us", or "0 s to 20 us" where the entries differ.
std::string handler_cpu(const Run& run);

}  // namespace duelio::results
