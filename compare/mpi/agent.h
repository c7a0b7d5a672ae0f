#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <boost/json/object.hpp>

#include "compare/generator.h"
#include "compare/mpi/mail.h"
#include "compare/network.h"
#include "compare/server.h"

namespace duelio::compare {

// A rank that is told by rank 0 what to do on its host, and does it as duelio-compare would: the
// same executables with the same command lines. It does one thing after the other, and sleeps while
// a window runs. What it has started ends with it.
class Agent {
 public:
  explicit Agent(const boost::mpi::communicator& world);

  // Until it is told to quit: true. False: a signal came, or rank 0 is gone.
  bool run();

 private:
  boost::json::object answer(const boost::json::object& command);
  boost::json::object do_it(const boost::json::object& command);
  boost::json::object tell_facts() const;
  boost::json::object prepare(const boost::json::object& command);
  boost::json::object tell_time(const boost::json::object& command);
  boost::json::object start(const boost::json::object& command);
  boost::json::object connect(const boost::json::object& command);
  boost::json::object load(const boost::json::object& command);
  boost::json::object watch(const boost::json::object& command);
  boost::json::object look(const boost::json::object& command);
  boost::json::object stop(const boost::json::object& command);

  RunningServer& server(const boost::json::object& command);

  Mail mail_;
  std::vector<int> allowed_cpus_;  // before it left the measured ones
  std::vector<int> server_cpus_;
  std::optional<Network> network_;
  std::map<std::uint64_t, std::unique_ptr<RunningServer>> servers_;  // by lane
  std::map<std::uint64_t, std::unique_ptr<Generator>> generators_;
};

}  // namespace duelio::compare
