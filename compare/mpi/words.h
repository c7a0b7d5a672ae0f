#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "compare/probe.h"
#include "results/fields.h"

// How commands to agents and their answers are written. Both ends are of one build: nobody else
// reads them.
namespace duelio::compare {

inline std::int64_t number_of(const boost::json::object& object, std::string_view key) {
  return object.at(key).to_number<std::int64_t>();
}

inline std::string text_of(const boost::json::object& object, std::string_view key) {
  return boost::json::value_to<std::string>(object.at(key));
}

inline std::vector<int> cpus_of(const boost::json::object& object) {
  return boost::json::value_to<std::vector<int>>(object.at("cpus"));
}

template <class Record>
Record record_of(const boost::json::object& object, std::string_view key) {
  Record record;
  results::from_value(object.at(key), record, std::string(key));
  return record;
}

inline boost::json::array to_words(const std::vector<ThreadTimes>& threads) {
  boost::json::array words;
  for (const ThreadTimes& each : threads)
    words.push_back(boost::json::array{each.id, each.cpu_ns, each.delay_ns});
  return words;
}

inline std::vector<ThreadTimes> threads_of(const boost::json::object& object,
                                           std::string_view key) {
  std::vector<ThreadTimes> threads;
  for (const boost::json::value& each : object.at(key).as_array()) {
    const boost::json::array& words = each.as_array();
    threads.push_back({.id = words.at(0).to_number<pid_t>(),
                       .cpu_ns = words.at(1).to_number<std::int64_t>(),
                       .delay_ns = words.at(2).to_number<std::int64_t>()});
  }
  return threads;
}

}  // namespace duelio::compare
