#pragma once

#include <span>
#include <string>
#include <vector>

#include "results/judged_run.h"

// What page, Markdown and terminal say in the same words.
namespace duelio::results {

std::string load_label(const Load& load);   // "10 % (12.0 k/s)", "20.0 k/s", "closed loop"
std::string load_tick(const Load& load);    // the same in two lines
std::string load_phrase(const Load& load);  // "at 10 %", "at 20.0 k/s", "in the closed loop"
std::string load_slug(const Load& load);    // "10-percent", "20k", "max": in names of files

std::string with_micro(std::string text);  // "4.82 us" as a page writes it, "4.82 µs"

// "epoll-oneshot, epoll-et, nginx (peer)".
std::string entry_names(const JudgedRun& run);
// "abc --seed 7", as a shell would take it but for quotes.
std::string command_line(const Manifest& manifest);

// Where the sign changes: "asio has more CPU per request than epoll-oneshot at 10 % and less at
// 80 %".
std::vector<std::string> turns(const JudgedRun& run);
// Each candidate in the primary metric over all loads: "epoll-et has 6.1 % less CPU per request
// than epoll-oneshot at 10 % [4.8, 7.5]; 3.2 % less in the closed loop [1.4, 5.0]".
std::vector<std::string> answers(const JudgedRun& run);

// Why a run shows less than it was to: not finished, entries left out. Empty when it does not.
std::vector<std::string> shortcomings(const JudgedRun& run);

// What entries did that is no ratio: "asio did not hold 45.0 k/s in 7 of 12 blocks".
std::vector<std::string> conduct_sentences(const JudgedRun& run);

// "-6.1 %", "+0.4 %".
std::string signed_percent(double ratio);

// Short names of files, the whole path where two have the same.
std::vector<std::string> names_of(std::span<const JudgedRun> runs);

}  // namespace duelio::results
