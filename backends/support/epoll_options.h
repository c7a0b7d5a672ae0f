#pragma once

#include <array>

#include "backends/backend.h"

namespace duelio::epoll_options {

inline constexpr std::array<std::string_view, 2> other_batches{"batch-64", "batch-512"};
inline constexpr std::array<std::string_view, 1> largest_batch{"batch-512"};

inline constexpr Option batch_1{
    .name = "batch-1",
    .about = "one event a wait: no event waits for another's handler, each costs a wait",
    .not_with = other_batches};
inline constexpr Option batch_64{
    .name = "batch-64",
    .about = "at most 64 events a wait (the default where threads share nothing)",
    .not_with = largest_batch};
inline constexpr Option batch_512{
    .name = "batch-512",
    .about = "at most 512 events a wait: fewer waits under many ready connections"};

inline constexpr std::array sharings{Sharing::per_thread, Sharing::exclusive, Sharing::steered};

inline constexpr std::array all{batch_1, batch_64, batch_512};

// Events a wait: as chosen, or `otherwise`.
inline unsigned batch(const ServerConfig& config, unsigned otherwise) noexcept {
  if (config.has(batch_1)) return 1;
  if (config.has(batch_64)) return 64;
  if (config.has(batch_512)) return 512;
  return otherwise;
}

}  // namespace duelio::epoll_options
