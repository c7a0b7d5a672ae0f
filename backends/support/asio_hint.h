#pragma once

#include <boost/asio/detail/concurrency_hint.hpp>

#include "backends/support/asio_options.h"

namespace duelio::asio_options {

// Of an io_context that `threads` threads run. For Asio's models only.
inline int concurrency_hint(const ServerConfig& config, unsigned threads) noexcept {
  if (config.has(hint_unsafe_io)) return BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO;
  if (config.has(hint_unsafe)) return BOOST_ASIO_CONCURRENCY_HINT_UNSAFE;
  if (config.has(hint_default) || threads > 1) return BOOST_ASIO_CONCURRENCY_HINT_DEFAULT;
  return 1;
}

}  // namespace duelio::asio_options
