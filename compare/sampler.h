#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/types.h>

#include "compare/perf_script.h"
#include "compare/process.h"

namespace duelio::compare {

// What perf(1) said when it could not sample.
struct NoSamples : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Has perf(1) sample where processes are while they have a CPU, with kernel and user stacks, by the
// CPU clock: virtual machines show no hardware events. Sampling costs a server time, so it is done
// in windows of its own. Idle processes give no samples.
class Sampler {
 public:
  // Returns when sampling has begun. perf itself runs on `cpus`. Throws NoSamples, or Interrupted.
  Sampler(const std::vector<pid_t>& processes, const std::vector<int>& cpus);
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;
  ~Sampler() = default;  // ends perf, if it still runs

  // Ends it; all samples, in the order of time. Throws NoSamples, or Interrupted.
  std::vector<StackSample> finish();

 private:
  struct Folder {  // of the samples, until they are read
    Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder();
    std::filesystem::path path;
  };

  std::vector<int> cpus_;
  Folder folder_;
  std::string data_;
  std::unique_ptr<Process> perf_;
};

// Empty when this machine permits it, otherwise why not and what to do: found out by sampling
// ourselves for some milliseconds.
std::string why_not_sample(const std::vector<int>& cpus);

}  // namespace duelio::compare
