#pragma once

#include <chrono>

// How long the ranks of a job wait for each other. None of it is a matter of results: it is time
// after which somebody is called dead.
namespace duelio::compare {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

inline constexpr nanoseconds greeting_period = milliseconds(500);
inline constexpr nanoseconds silence_limit = seconds(30);  // then an agent takes rank 0 for dead
inline constexpr nanoseconds answer_limit = seconds(15);   // for what takes no time
inline constexpr nanoseconds start_limit_there = seconds(30);  // a server has 10 s of it
inline constexpr nanoseconds connect_limit_there = seconds(75);
inline constexpr nanoseconds clock_limit = seconds(10);
// SIGKILL follows SIGTERM within a second, or less.
inline constexpr nanoseconds farewell_limit = milliseconds(150);

}  // namespace duelio::compare
