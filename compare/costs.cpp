#include "compare/costs.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include <linux/io_uring.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/os/address.h"
#include "common/os/cpu.h"
#include "common/os/socket.h"
#include "common/os/unique_fd.h"

namespace duelio::compare {
namespace {

constexpr std::int64_t trial_ns = 4'000'000;
constexpr int trials = 11;

// Time of one call, in nanoseconds: the median of the trials. What the machine did beside it makes
// some of them long and none of them short.
template <class Call>
double cost_of(Call call) {
  std::vector<double> all;
  for (int trial = 0; trial < trials; ++trial) {
    const std::int64_t begin = os::monotonic_ns();
    std::int64_t end = begin;
    std::int64_t calls = 0;
    for (; end - begin < trial_ns; end = os::monotonic_ns()) {
      constexpr int between_looks = 16;
      for (int i = 0; i < between_looks; ++i) call();
      calls += between_looks;
    }
    all.push_back(static_cast<double>(end - begin) / static_cast<double>(calls));
  }
  std::nth_element(all.begin(), all.begin() + trials / 2, all.end());
  return all[trials / 2];
}

void check(bool is_good, const char* what) {
  if (!is_good) throw std::system_error(errno, std::generic_category(), what);
}

// io_uring_enter(2) on a ring with nothing to submit and nothing to wait for.
std::optional<double> io_uring_cost() {
  io_uring_params parameters{};
  const os::UniqueFd ring(static_cast<int>(syscall(SYS_io_uring_setup, 1, &parameters)));
  if (!ring) return std::nullopt;
  return cost_of([&] { syscall(SYS_io_uring_enter, ring.get(), 0, 0, 0, nullptr, 0); });
}

// There and back between this thread and another one that sleeps in between: each writes to what
// the other reads. `cpu` is the other one's.
double ping_pong(int here_writes, int here_reads, int there_reads, int there_writes, int cpu) {
  std::thread other([&] {
    os::pin_this_thread({cpu});
    // An eventfd takes and gives eight bytes, a socket may give fewer.
    for (std::uint64_t word = 0; ::read(there_reads, &word, sizeof word) > 0;) {
      if (::write(there_writes, &word, sizeof word) < 0) return;
      if (word > 1) return;
    }
  });
  const auto exchange = [&](std::uint64_t word) {
    if (::write(here_writes, &word, sizeof word) < 0) return;
    if (::read(here_reads, &word, sizeof word) < 0) return;
  };
  const double cost = cost_of([&] { exchange(1); });
  exchange(2);  // the last
  other.join();
  return cost;
}

// Half of there and back: to one thread.
double switch_cost(int cpu) {
  const os::UniqueFd there(eventfd(0, EFD_CLOEXEC));
  const os::UniqueFd back(eventfd(0, EFD_CLOEXEC));
  check(there && back, "eventfd");
  return ping_pong(there.get(), back.get(), there.get(), back.get(), cpu) / 2;
}

double round_trip(int cpu) {
  const os::UniqueFd listener = os::listen_on(os::resolve("127.0.0.1", 0), {});
  const os::Address address = os::local_address(listener.get());
  const os::UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  check(client && ::connect(client.get(), address.get(), address.length) == 0, "connect");
  const os::UniqueFd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  check(static_cast<bool>(server), "accept4");
  os::set_no_delay(client.get());
  os::set_no_delay(server.get());
  return ping_pong(client.get(), client.get(), server.get(), server.get(), cpu);
}

double copy_cost() {
  constexpr std::size_t size = 64 * 1024;
  const std::vector<char> from(size, 'x');
  std::vector<char> to(size);
  return cost_of([&] {
    std::memcpy(to.data(), from.data(), size);
    asm volatile("" : : "r"(to.data()) : "memory");  // or none of them would be made
  });
}

}  // namespace

results::Costs measure_costs(int server_cpu, int client_cpu) {
  results::Costs costs;
  std::exception_ptr failure;
  std::thread([&] {  // pinned, which its maker must not be
    try {
      os::pin_this_thread({client_cpu});
      costs.system_call_ns = cost_of([] { syscall(SYS_getppid); });
      costs.io_uring_ns = io_uring_cost();
      costs.copy_ns = copy_cost();
      costs.context_switch_ns = switch_cost(client_cpu);
      costs.wake_up_ns = switch_cost(server_cpu);
      costs.round_trip_ns = round_trip(server_cpu);
    } catch (...) {
      failure = std::current_exception();
    }
  })
      .join();
  if (failure) std::rethrow_exception(failure);
  return costs;
}

}  // namespace duelio::compare
