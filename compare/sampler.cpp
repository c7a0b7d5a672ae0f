#include "compare/sampler.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <system_error>

#include <sys/wait.h>
#include <unistd.h>

#include "common/os/cpu.h"
#include "common/os/error.h"
#include "compare/server.h"

namespace duelio::compare {

using std::chrono::seconds;

namespace {

constexpr const char* permission =
    " (sysctl kernel.perf_event_paranoid=-1, or CAP_PERFMON; in a container also a seccomp profile "
    "that allows perf_event_open)";
constexpr std::int64_t trial_ns = 50'000'000;
// Nobody waits for it but who would wait for ever: perf starts within some tenths of a second.
constexpr seconds limit{60};

Process::How quietly(const std::vector<int>& cpus) {
  // What the user set for perf elsewhere is not to change what is recorded here.
  return {.cpus = cpus, .variable = "PERF_CONFIG=/dev/null", .with_stderr = true};
}

std::unique_ptr<Process> start(const std::vector<std::string>& words,
                               const std::vector<int>& cpus) {
  try {
    return std::make_unique<Process>(words, quietly(cpus));
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::no_such_file_or_directory)
      throw NoSamples("perf is not installed (Debian: apt-get install linux-perf)");
    throw NoSamples(error.what());
  }
}

std::vector<std::string> record(const std::vector<pid_t>& processes, const std::string& data) {
  std::string pids;
  for (const pid_t pid : processes) pids += (pids.empty() ? "" : ",") + std::to_string(pid);
  // It begins when it is told to: to start takes it a while. Symbols are looked up at once, so that
  // nothing has to be kept of the binaries.
  return {"perf",         "record",
          "-q",           "-F",
          "999",          "-e",
          "cpu-clock",    "-k",
          "mono",         "-g",
          "--call-graph", "fp",
          "-D",           "-1",
          "--control",    "fd:0,1",
          "--no-buildid", "-o",
          data,           "-p",
          pids,           "--no-buildid-cache"};
}

}  // namespace

Sampler::Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "duelio-perf-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) os::throw_errno("mkdtemp " + name);
  path = name;
}

Sampler::Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

Sampler::Sampler(const std::vector<pid_t>& processes, const std::vector<int>& cpus)
    : cpus_(cpus), data_((folder_.path / "data").string()) {
  perf_ = start(record(processes, data_), cpus_);
  perf_->write_line("enable");
  std::string said;
  // Acknowledged by "ack" and, in some versions, a NUL. Only the first of a complaint's lines tells
  // something: the rest is advice on other flags.
  while (const auto line = perf_->read_line(limit)) {
    if (line->ends_with("ack")) return;
    if (said.empty() && *line != "Error:") said = *line;
  }
  if (interrupted()) throw Interrupted{};
  const int status = perf_->wait(limit);
  throw NoSamples("perf record does not sample: " +
                  (said.empty() ? describe_status(status) : said) + permission);
}

std::vector<StackSample> Sampler::finish() {
  perf_->signal(SIGINT);
  perf_->wait(limit);
  const auto script = start(
      {"perf", "script", "--ns", "--no-inline", "-F", "pid,tid,time,event,ip,sym,dso", "-i", data_},
      cpus_);
  PerfScript read;
  while (const auto line = script->read_line(limit)) read.read(*line);
  if (interrupted()) throw Interrupted{};
  if (const int status = script->wait(limit); status != 0)
    throw NoSamples("perf script ended with " + describe_status(status));
  if (read.is_of_user_mode_alone())
    throw NoSamples(std::string("the kernel may not be sampled") + permission);
  return read.take();
}

std::string why_not_sample(const std::vector<int>& cpus) {
  try {
    Sampler sampler({::getpid()}, cpus);
    for (const std::int64_t begin = os::monotonic_ns(); os::monotonic_ns() - begin < trial_ns;)
      ::getppid();
    const auto samples = sampler.finish();
    const auto is_named_in_kernel = [](const std::string& frame) {
      return frame.starts_with("kernel`") && !frame.ends_with("`[unknown]");
    };
    if (samples.empty()) return "perf took no samples of a busy process";
    if (std::none_of(samples.begin(), samples.end(), [&](const StackSample& sample) {
          return std::any_of(sample.frames.begin(), sample.frames.end(), is_named_in_kernel);
        }))
      return "perf finds no names of the kernel's functions (sysctl kernel.kptr_restrict=0)";
    return {};
  } catch (const NoSamples& reason) {
    return reason.what();
  }
}

}  // namespace duelio::compare
