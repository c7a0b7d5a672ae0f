#pragma once

#include <ostream>
#include <string_view>
#include <utility>

#include <boost/json/object.hpp>

#include "loadgen/generator.h"
#include "loadgen/options.h"
#include "loadgen/tally.h"

namespace duelio::loadgen {

// A generator that keeps its connections and measures windows on command (FORMAT.md, "The
// generator's control protocol").
class Control {
 public:
  // As Generator.
  explicit Control(Options options) : generator_(std::move(options)) {}

  // Does what a line says and returns the line that answers it: {"type": "error", ...} for whatever
  // went wrong.
  boost::json::object answer(std::string_view line);

 private:
  boost::json::object connect();
  boost::json::object drain();

  Generator generator_;
  Tally tally_;
  bool connected_ = false;
};

// Answers the commands that come from the descriptor `in`, asleep between them, until `quit`, its
// end or a signal. Returns the exit code.
int serve_commands(const Options& options, int in, std::ostream& out);

}  // namespace duelio::loadgen
