#include "loadgen/generator.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>

#include "common/os/cpu.h"
#include "common/os/error.h"
#include "common/os/socket.h"

namespace duelio::loadgen {
namespace {

bool is_loopback_v4(const os::Address& address) {
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(address.get());
  return address.family() == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24U == IN_LOOPBACKNET;
}

// An address has 28,232 ephemeral ports by default; 127.0.0.0/8 has addresses to spare.
unsigned source_addresses_for(const Options& options, const std::vector<os::Address>& server) {
  constexpr unsigned ports = 25'000;
  const bool loopback = std::any_of(server.begin(), server.end(), is_loopback_v4);
  if (options.source_addresses > 0 && !loopback) {
    throw std::runtime_error("--source-addresses needs a server in 127.0.0.0/8, not " +
                             os::to_string(server.front()));
  }
  const unsigned total = options.connections + options.beside();
  if (options.source_addresses > 0 || !loopback || total <= ports) return options.source_addresses;
  return (total + ports - 1) / ports;
}

void set_up_thread(const Options& options, unsigned index) {
  if (index > 0 && ::unshare(CLONE_FILES) != 0 && !options.fits_one_table)
    os::throw_errno("unshare the table of descriptors");
  if (!options.cpus.empty()) os::pin_this_thread({options.cpus[index % options.cpus.size()]});
  // A sleep must not be stretched by the default slack of 50 us: prctl(2), PR_SET_TIMERSLACK.
  prctl(PR_SET_TIMERSLACK, 1UL);
}

}  // namespace

Generator::Generator(Options options)
    : options_(std::move(options)),
      server_(os::resolve_all(options_.host, options_.port)),
      source_addresses_(source_addresses_for(options_, server_)) {
  os::raise_descriptor_limit();
  for (unsigned i = 0; i < options_.threads; ++i)
    workers_.emplace_back(options_, server_, source_addresses_, i);
  for (unsigned i = 1; i < options_.threads; ++i)
    threads_.emplace_back([this, i](const std::stop_token& stop) { serve(i, stop); });
  // Nobody connects before all have a table: a socket that was copied into another is not closed by
  // closing it.
  each([this](unsigned index, Worker& /*worker*/) { set_up_thread(options_, index); });
}

// The numbers of its descriptors mean nothing in another thread's table.
Generator::~Generator() {
  disconnect();
}

void Generator::connect(const std::atomic<bool>& interrupted) {
  each([&](unsigned /*index*/, Worker& worker) { worker.connect_all(interrupted); });
}

void Generator::require_a_connection() const {
  const bool any = std::any_of(workers_.begin(), workers_.end(), [](const Worker& worker) {
    return worker.active_connections() > 0;
  });
  if (!any) os::throw_errno("connect " + server_name(), connect_error());
}

std::string Generator::server_name() const {
  std::string name;
  for (const os::Address& address : server_)
    name += (name.empty() ? "" : ", ") + os::to_string(address);
  return name;
}

int Generator::connect_error() const noexcept {
  for (const Worker& worker : workers_) {
    if (worker.first_connect_error() != 0) return worker.first_connect_error();
  }
  return ETIMEDOUT;
}

std::uint64_t Generator::open_connections() const noexcept {
  std::uint64_t open = 0;
  for (const Worker& worker : workers_) open += worker.open_connections();
  return open;
}

void Generator::run(const Load& load, const Plan& plan, const std::atomic<bool>& interrupted,
                    const Watch& watch) {
  const Watch nothing;
  each([&](unsigned index, Worker& worker) {
    worker.run(load, plan, interrupted, index == 0 ? watch : nothing);
  });
}

void Generator::disconnect() {
  each([](unsigned /*index*/, Worker& worker) { worker.disconnect(); });
}

void Generator::clear_tallies() {
  for (Worker& worker : workers_) worker.clear_tally();
}

void Generator::each(const Task& task) {
  {
    const std::lock_guard lock(mutex_);
    task_ = &task;
    busy_ = options_.threads;
    failure_ = nullptr;
    ++tasks_;
  }
  changed_.notify_all();
  perform(0);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return busy_ == 0; });
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Generator::serve(unsigned index, const std::stop_token& stop) {
  // Signals are for the first thread, which may be asleep and has to wake up.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  for (std::uint64_t done = 0;; ++done) {
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [&] { return tasks_ > done; })) return;
    }
    perform(index);
  }
}

void Generator::perform(unsigned index) noexcept {
  std::exception_ptr failure;
  try {
    (*task_)(index, workers_[index]);
  } catch (...) {
    failure = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  if (failure && !failure_) failure_ = failure;
  if (--busy_ == 0) changed_.notify_all();
}

}  // namespace duelio::loadgen
