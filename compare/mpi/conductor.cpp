#include "compare/mpi/conductor.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include <boost/json.hpp>
#include <sched.h>

#include "common/os/cpu.h"
#include "common/units.h"
#include "compare/mpi/limits.h"
#include "compare/process.h"
#include "compare/server.h"

namespace duelio::compare {

namespace json = boost::json;

Conductor::Conductor(const boost::mpi::communicator& world)
    : mail_(world), heard_(static_cast<std::size_t>(world.size())) {}

std::uint64_t Conductor::post(int rank, json::object command) {
  command["number"] = ++posted_;
  mail_.send(rank, Post::command, json::serialize(command));
  return posted_;
}

json::object Conductor::await(int rank, std::uint64_t number, std::chrono::nanoseconds limit) {
  const std::int64_t asked = os::monotonic_ns();
  const std::pair key(rank, number);
  while (true) {
    look();
    if (const auto found = answers_.find(key); found != answers_.end()) {
      json::object answer = std::move(found->second);
      // Those before it are of an order that was given up.
      answers_.erase(answers_.lower_bound({rank, 0}), std::next(found));
      if (const json::value* const entry = answer.if_contains("entry_failed"))
        throw EntryFailed(json::value_to<std::string>(*entry),
                          json::value_to<std::string>(answer.at("why")));
      if (const json::value* const what = answer.if_contains("error"))
        throw std::runtime_error("rank " + std::to_string(rank) + ": " +
                                 json::value_to<std::string>(*what));
      return answer;
    }
    if (interrupted()) stop();
    const std::int64_t waited = os::monotonic_ns() - asked;
    if (waited > limit.count())
      lose("rank " + std::to_string(rank) + " has not answered for " +
           format_duration(std::chrono::duration<double>(limit).count()) +
           ": its agent or its host is gone");
    greet();
    nap(nap_after(waited));
  }
}

void Conductor::look() {
  while (auto letter = mail_.receive()) {
    const auto from = static_cast<std::size_t>(letter->rank);
    heard_[from] = true;
    if (letter->post != Post::reply) continue;
    json::object answer = json::parse(letter->text).as_object();
    const auto number = answer.at("number").to_number<std::uint64_t>();
    answers_.insert_or_assign({letter->rank, number}, std::move(answer));
  }
}

// Agents that hear nothing for long take this rank for dead.
void Conductor::greet() {
  if (os::monotonic_ns() - greeted_ns_ < greeting_period.count()) return;
  greeted_ns_ = os::monotonic_ns();
  for (int rank = 1; rank < ranks(); ++rank) mail_.send(rank, Post::alive, {});
}

void Conductor::lose(const std::string& what) {
  lost_ = true;
  throw HostLost(what);
}

// SIGINT is the user's. Who launches MPI jobs sends SIGTERM to all ranks, when it is told to end,
// and when a rank has died: then the dead one is the one that says nothing.
void Conductor::stop() {
  if (interruption() == SIGINT) throw Interrupted{};
  std::fill(heard_.begin(), heard_.end(), false);
  for (int rank = 1; rank < ranks(); ++rank) post(rank, {{"do", "ping"}});
  const std::int64_t until = os::monotonic_ns() + farewell_limit.count();
  const auto missing = [&] { return std::find(heard_.begin() + 1, heard_.end(), false); };
  while (missing() != heard_.end() && os::monotonic_ns() < until) {
    look();
    nap(1'000'000);
  }
  if (missing() == heard_.end()) throw Interrupted{};
  lose("rank " + std::to_string(missing() - heard_.begin()) +
       " is gone: its agent or its host has died");
}

ClockEstimate Conductor::compare_clocks(int rank, unsigned round_trips) {
  const std::uint64_t number = post(rank, {{"do", "clock"}, {"round_trips", round_trips}});
  ClockEstimate best{.bound_ns = std::numeric_limits<std::int64_t>::max()};
  const std::int64_t until = os::monotonic_ns() + clock_limit.count();
  for (unsigned i = 0; i < round_trips; ++i) {
    const std::int64_t sent = os::monotonic_ns();
    mail_.send(rank, Post::clock, {});
    std::optional<Letter> letter;
    while (!(letter = mail_.receive(rank, Post::clock))) {
      if (interrupted()) stop();
      ::sched_yield();  // where hosts are one machine the other side may need this CPU
      if (os::monotonic_ns() > until)
        lose("rank " + std::to_string(rank) +
             " does not say what time it is: its agent or its "
             "host is gone");
    }
    const std::int64_t back = os::monotonic_ns();
    std::int64_t there = 0;
    std::memcpy(&there, letter->text.data(), std::min(sizeof there, letter->text.size()));
    const std::int64_t bound = (back - sent + 1) / 2;
    if (bound < best.bound_ns)
      best = {.offset_ns = there - (sent + (back - sent) / 2), .bound_ns = bound};
  }
  await(rank, number, clock_limit);
  return best;
}

void Conductor::quit() noexcept {
  try {
    for (int rank = 1; rank < ranks(); ++rank) post(rank, {{"do", "quit"}});
  } catch (const std::exception&) {
    lost_ = true;  // an agent that hears nothing more ends, too
  }
}

void Conductor::forget(int rank, std::uint64_t lane) noexcept {
  try {
    post(rank, {{"do", "drop"}, {"lane", lane}});
  } catch (const std::exception&) {
    lost_ = true;
  }
}

}  // namespace duelio::compare
