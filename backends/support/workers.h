#pragma once

#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include "backends/backend.h"
#include "common/os/cpu.h"

namespace duelio {

inline void pin_worker(const ServerConfig& config, std::size_t index) {
  if (!config.cpus.empty()) os::pin_this_thread({config.cpus[index % config.cpus.size()]});
}

// Calls work(i) in config.threads threads, the first of them the caller's, and returns when all
// have. When one throws, or cannot be started, the others are asked to stop and the first exception
// is thrown on.
template <class Work>
void run_workers(const ServerConfig& config, const StopEvent& stop, Work work) {
  std::mutex mutex;
  std::exception_ptr failure;
  const auto fail = [&] {
    const std::lock_guard lock(mutex);
    if (!failure) failure = std::current_exception();
    stop.request();
  };
  if (config.by_thread != nullptr) config.by_thread->assign(config.threads, {});
  const auto guarded = [&](std::size_t i) {
    try {
      pin_worker(config, i);
      const std::int64_t begin_ns = os::thread_cpu_ns();
      work(i);
      if (config.by_thread != nullptr)
        (*config.by_thread)[i] = {.id = ::gettid(), .cpu_ns = os::thread_cpu_ns() - begin_ns};
    } catch (...) {
      fail();
    }
  };
  {
    std::vector<std::jthread> threads;
    try {
      for (std::size_t i = 1; i < config.threads; ++i) threads.emplace_back(guarded, i);
    } catch (...) {
      fail();
    }
    guarded(0);
  }
  if (failure) std::rethrow_exception(failure);
}

// What all workers counted, worker i in thread i; and each for itself, where that is asked for.
template <class Workers>
Counters added_up(const ServerConfig& config, const Workers& workers) {
  Counters sum;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    const Counters counted = workers[i].counted();
    sum += counted;
    if (config.by_thread != nullptr) (*config.by_thread)[i].counters = counted;
  }
  return sum;
}

// The run() of a model whose workers share nothing: a Worker, made of (config, listener, stop), for
// each listener.
template <class Worker>
Counters run_worker_per_listener(const ServerConfig& config, Listeners listeners,
                                 const StopEvent& stop) {
  std::deque<Worker> workers;
  for (os::UniqueFd& listener : listeners) workers.emplace_back(config, std::move(listener), stop);
  run_workers(config, stop, [&](std::size_t i) { workers[i].run(); });
  return added_up(config, workers);
}

}  // namespace duelio
