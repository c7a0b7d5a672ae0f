#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/record.h"

// Who is to blame: an entry that does not do its work is left out with that reason, and the others
// go on.
namespace duelio::compare {

// At this load, or at all.
bool is_left_out(const std::vector<results::LeftOut>& left_out, std::string_view entry,
                 std::string_view load);
bool is_left_out(const std::vector<results::LeftOut>& left_out, std::string_view entry);

// Watches the windows of one lane, in their order. thresholds::again_and_again of them in which it
// failed in the same way are no accident.
class Watch {
 public:
  // Why the entry is to be left out, once it is.
  std::optional<std::string> see(const results::Window& window);

 private:
  std::string failures_;
  std::size_t windows_ = 0;
};

// Neither a right response nor a failure fell into the window: it was too short for this machine.
bool shows_nothing(const results::Window& window);

// What failed in the window: "reset, timeout"; empty when it did what was asked.
std::string failures_of(const results::Window& window);

// What the trials say of an entry: that it does not answer as it should. `windows` are all of one
// entry, in the closed loop.
std::optional<std::string> failure_in_calibration(const std::vector<results::Window>& windows);

// Loads that an entry cannot reach, for it has shown in the calibration what it can, and was not
// kept from more by the generator.
std::vector<results::LeftOut> beyond_reach(const results::Plan& plan, std::string_view entry,
                                           const std::vector<results::Window>& windows);

}  // namespace duelio::compare
