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

  const ServerConfig& config;
  http::Workspace workspace;
  Counters counters;
};

}  // namespace duelio
