#pragma once

#include "compare/network.h"
#include "compare/server.h"
#include "compare/site.h"

namespace duelio::compare {

// This host: servers and generators are children of this process.
class LocalSite : public Site {
 public:
  explicit LocalSite(Network& network) : network_(network) {}

  void prepare(const Options& options) override;
  void describe(results::Manifest& manifest) override;
  std::vector<Event> events() override;
  Stolen stolen(const results::Plan& plan) override;
  std::unique_ptr<Ends> start(const results::EntrySpec& entry, const results::Manifest& manifest,
                              std::size_t environment_pad) override;

 private:
  Network& network_;
};

// What /proc says of a server.
ServerLook look_at(std::vector<pid_t> processes);
std::vector<ThreadTimes> times_of_threads(const std::vector<pid_t>& processes);

}  // namespace duelio::compare
