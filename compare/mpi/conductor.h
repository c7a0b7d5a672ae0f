#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

#include "compare/mpi/mail.h"

namespace duelio::compare {

// A clock elsewhere: what it shows is ours plus the offset, which is not further off than the
// bound.
struct ClockEstimate {
  std::int64_t offset_ns = 0;
  std::int64_t bound_ns = 0;
  std::int64_t drift_ns = 0;  // that it has gone since the time before, more than bounds explain
};

// Rank 0's side of the agents: it tells them what to do, and hears what came of it. An agent does
// one thing after the other. Everything throws HostLost when an agent does not answer, or
// Interrupted; HostLost, too, when a signal came because MPI ends a job that has lost a rank.
class Conductor {
 public:
  explicit Conductor(const boost::mpi::communicator& world);
  Conductor(const Conductor&) = delete;
  Conductor& operator=(const Conductor&) = delete;
  ~Conductor() = default;

  int ranks() const { return mail_.ranks(); }

  // Tells an agent what to do, and does not wait. Returns what await() is told.
  std::uint64_t post(int rank, boost::json::object command);

  // Its answer. Throws what it has thrown: EntryFailed, or std::runtime_error that names the rank.
  boost::json::object await(int rank, std::uint64_t number, std::chrono::nanoseconds limit);

  boost::json::object ask(int rank, boost::json::object command, std::chrono::nanoseconds limit) {
    return await(rank, post(rank, std::move(command)), limit);
  }

  // By the shortest of so many round trips (Cristian, 1989): the other side read its clock within
  // it. Both sides poll meanwhile.
  ClockEstimate compare_clocks(int rank, unsigned round_trips);

  // For whom nothing waits.
  void quit() noexcept;
  void forget(int rank, std::uint64_t lane) noexcept;

  bool has_lost_one() const noexcept { return lost_; }

 private:
  void look();
  void greet();
  [[noreturn]] void lose(const std::string& what);
  [[noreturn]] void stop();

  Mail mail_;
  std::uint64_t posted_ = 0;
  std::int64_t greeted_ns_ = 0;
  std::map<std::pair<int, std::uint64_t>, boost::json::object> answers_;
  std::vector<bool> heard_;  // of each rank: since stop() asked
  bool lost_ = false;
};

}  // namespace duelio::compare
