#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "common/cli.h"
#include "common/os/cpu.h"
#include "compare/command_line.h"

namespace duelio::compare {

using Words = std::vector<std::string>;

inline std::vector<Options> parse_as_they_are(Words words, const std::vector<Host>& hosts = {}) {
  words.insert(words.begin(), "duelio-compare");
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  return parse_options(static_cast<int>(argv.size()), argv.data(), hosts);
}

// On a machine with one CPU, too: the words' flags, and CPUs if they name none.
inline std::vector<Options> parse(Words words, const std::vector<Host>& hosts = {}) {
  const auto cpus = os::allowed_cpus();
  for (const auto& [flag, cpu] :
       {std::pair("--server-cpus", cpus.front()), std::pair("--client-cpus", cpus.back())}) {
    if (std::find(words.begin(), words.end(), flag) == words.end())
      words.insert(words.begin(), {flag, std::to_string(cpu)});
  }
  return parse_as_they_are(std::move(words), hosts);
}

// What the user is told; "none" if nothing is refused.
template <class Parse>
std::string complaint(Parse parse_words) {
  try {
    parse_words();
    return "none";
  } catch (const cli::UsageError& error) {
    return error.what();
  }
}

inline std::string complaint(const Words& words) {
  return complaint([&] { parse(words); });
}

}  // namespace duelio::compare
