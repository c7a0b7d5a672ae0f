#include "results/report/input.h"

#include <array>
#include <cerrno>
#include <system_error>

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os/error.h"
#include "common/os/unique_fd.h"

namespace duelio::results {
namespace {

// Into memory.
os::UniqueFd decompressed(const std::string& file) {
  os::UniqueFd memory(::memfd_create("results", MFD_CLOEXEC));
  if (!memory) os::throw_errno("make room for " + file);
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, memory.get(), STDOUT_FILENO);
  std::array<std::string, 4> words{"xz", "-dcqq", "--", file};
  std::array<char*, 5> argv{words[0].data(), words[1].data(), words[2].data(), words[3].data(),
                            nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    throw std::system_error(error, std::generic_category(), file + " is compressed: start xz");
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0)
    throw BadFile(file + " cannot be decompressed: it is cut off, damaged or not of xz");
  return memory;
}

}  // namespace

Run read_run(const std::string& file) {
  if (!file.ends_with(".xz")) return load(file);
  const os::UniqueFd memory = decompressed(file);
  const std::string inside = "/proc/self/fd/" + std::to_string(memory.get());
  try {
    Run run = load(inside);
    run.file = file;
    return run;
  } catch (const BadFile& error) {
    std::string what = error.what();
    if (const std::size_t at = what.find(inside); at != std::string::npos)
      what.replace(at, inside.size(), file);
    throw BadFile(what);
  }
}

}  // namespace duelio::results
