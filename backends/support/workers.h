#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "backends/backend.h"
#include "common/os/cpu.h"

namespace duelio {

inline void pin_worker(const ServerConfig& config, std::size_t index) {
  if (!config.cpus.empty()) os::pin_this_thread({config.cpus[index % config.cpus.size()]});
}

// Calls work(i) in config.threads threads, the first of them the caller's, and returns when all
// have.
template <class Work>
void run_workers(const ServerConfig& config, Work work) {
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < config.threads; ++i) {
    threads.emplace_back([&config, &work, i] {
      pin_worker(config, i);
      work(i);
    });
  }
  pin_worker(config, 0);
  work(0);
}

}  // namespace duelio
