#pragma once

#include "backends/backend.h"
#include "common/http/workspace.h"

namespace duelio {

// What every worker has, whatever its model. Used by one thread at a time.
struct WorkerContext {
  explicit WorkerContext(const ServerConfig& server)
      : config(server), workspace(server.limits, *server.clock) {}

  // What it counted, with what its connections did.
  Counters counted() const noexcept {
    Counters all = counters;
    all.requests = workspace.requests;
    all.rejections = workspace.rejections;
    return all;
  }

  // A connection has been accepted. False, and counted, when it is one too many: it is to be
  // closed.
  bool admit() noexcept {
    if (config.connections == nullptr || config.connections->enter()) return true;
    ++counters.accept_over_limit;
    return false;
  }
  // One that was admitted is about to be closed: before its peer can see that.
  void leave() noexcept {
    if (config.connections != nullptr) config.connections->leave();
  }

  const ServerConfig& config;
  http::Workspace workspace;
  Counters counters;
};

}  // namespace duelio
