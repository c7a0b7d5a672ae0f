#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>

#include "results/record.h"

// In which order rounds are run and the data is looked at.
namespace duelio::compare {

inline constexpr int max_tries = 10;  // of a round

// Where a run begins, or goes on.
struct Start {
  int round = 1;
  int attempt = 1;
  std::size_t complete = 0;  // rounds that count already
};

// What an interrupted or killed run had measured stands; its unfinished round is run anew.
Start start_after(const results::Run& run);

struct Steps {
  std::function<bool(int round, int attempt)> run;  // whether the round counts
  std::function<bool()> is_decided;                 // looks at the data
  std::function<void(int tries)> pause;             // before a round is run again
};

// Runs rounds until a look decides or the last number in `looks` is reached. Returns a round that
// never counted, after which no other is run.
std::optional<int> run_rounds(std::span<const std::size_t> looks, Start start, const Steps& steps);

}  // namespace duelio::compare
