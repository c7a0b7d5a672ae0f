// What goes wrong around a server: signals, peers that do not read or reset, a lack of descriptors.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/os/cpu.h"
#include "tests/backends/conformance.h"

namespace duelio::test {
namespace {

// To every other thread of this process: the server's are among them.
void signal_the_others(int number) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    const pid_t thread = std::stoi(entry.path().filename());
    if (thread != ::gettid()) ::tgkill(::getpid(), thread, number);
  }
}

TEST_P(Conformance, GoesOnWhenSignalsInterruptItsWaits) {
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  sigaction(SIGURG, &action, nullptr);
  TcpClient client(address());
  for (int i = 0; i < 200; ++i) {
    signal_the_others(SIGURG);
    if (i % 8 == 7) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // while it waits
    ASSERT_TRUE(client.send(get));
    if (i % 2 == 1) signal_the_others(SIGURG);
    ASSERT_EQ(mask_dates(client.receive(hello.size())), hello);
  }
  client.finish_sending();
  EXPECT_EQ(client.receive_all(), "");
}

TEST_P(Conformance, ServesOthersWhileAPeerNeverReads) {
  TcpClient deaf(address());
  const timeval short_wait{0, 200'000};
  setsockopt(deaf.fd(), SOL_SOCKET, SO_SNDTIMEO, &short_wait, sizeof short_wait);
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += get;
  for (int i = 0; i < 1000 && deaf.send(requests); ++i) {
  }  // until the server takes no more
  for (int i = 0; i < 20; ++i) EXPECT_EQ(answer(get), hello);
}

TEST_P(Conformance, SurvivesPeersThatReset) {
  for (int i = 0; i < 50; ++i) {
    TcpClient client(address());
    client.send(i % 2 == 0 ? get + "GET / HT" : "GET /bytes/4000000 HTTP/1.1\r\nhost: a\r\n\r\n");
    if (i % 3 == 0) std::this_thread::yield();
    client.reset();
  }
  EXPECT_EQ(answer(get), hello);
}

// Leaves this process 200 descriptors more than it has, until the end of the scope.
class FewDescriptors {
 public:
  FewDescriptors() {
    int highest = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      highest = std::max(highest, std::stoi(entry.path().filename()));
    }
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit lower{static_cast<rlim_t>(highest) + 200, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &lower);
  }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// A model that accepted for ever would not answer `old`; one that slept would, but slowly.
TEST_P(Conformance, GoesOnWhenDescriptorsRunOut) {
  server_.reset();
  const FewDescriptors few;  // an accept that io_uring holds keeps the limit that it began with
  server_.emplace(GetParam());
  TcpClient old(address());
  ASSERT_TRUE(old.send(get));
  ASSERT_EQ(mask_dates(old.receive(hello.size())), hello);
  std::vector<os::UniqueFd> late;
  for (int i = 0; i < 8; ++i)
    late.emplace_back(::socket(address().family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  {
    std::vector<os::UniqueFd> taken;
    while (os::UniqueFd fd{::fcntl(old.fd(), F_DUPFD_CLOEXEC, 0)}) taken.push_back(std::move(fd));
    for (const os::UniqueFd& fd : late) {
      ASSERT_EQ(::connect(fd.get(), address().get(), address().length), 0);
      for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(old.send(get));
        ASSERT_EQ(mask_dates(old.receive(hello.size())), hello);
      }
    }
  }
  EXPECT_EQ(answer(get), hello);
  const std::uint64_t refused_accepts = server_->stop().accept_refused;
  // One thread has looked at its listener between the requests of `old`; one of several may not
  // have, and `threads` answers those in another. Direct descriptors are none of the process's.
  const auto& with = GetParam().with;
  if (GetParam().threads == 1 && GetParam().backend->name != "threads" &&
      std::find(with.begin(), with.end(), "direct-descriptors") == with.end() &&
      is_counted(GetParam().backend->uncounted, &Counters::accept_refused)) {
    EXPECT_GT(refused_accepts, 0U);
  }
}

// A process that has more than 1,024: FD_SETSIZE, and the usual soft limit.
class ManyDescriptors {
 public:
  static constexpr int above = 1'100;

  ManyDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit higher{std::min<rlim_t>(before_.rlim_max, 2 * above), before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &higher);
    while (os::UniqueFd fd{::fcntl(0, F_DUPFD_CLOEXEC, 0)}) {
      taken_.push_back(std::move(fd));
      if (taken_.back().get() > above) return;
    }
  }
  ManyDescriptors(const ManyDescriptors&) = delete;
  ManyDescriptors& operator=(const ManyDescriptors&) = delete;
  ~ManyDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

  bool are_there() const { return !taken_.empty() && taken_.back().get() > above; }

 private:
  rlimit before_{};
  std::vector<os::UniqueFd> taken_;
};

TEST_P(Conformance, ServesDescriptorsAbove1024) {
  server_.reset();
  const ManyDescriptors many;
  if (!many.are_there()) GTEST_SKIP() << "the hard limit of descriptors is too low";
  server_.emplace(GetParam());
  std::vector<std::unique_ptr<TcpClient>> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(std::make_unique<TcpClient>(address()));
  for (const auto& client : clients) ASSERT_TRUE(client->send(get));
  for (const auto& client : clients) ASSERT_EQ(mask_dates(client->receive(hello.size())), hello);
  server_->stop();  // before the limit is as it was
}

// The first worker serves; where there are others, the second one cannot.
TEST_P(Conformance, EndsWithAnErrorWhenAWorkerCannotStart) {
  std::vector<int> cpus{4095};
  if (GetParam().threads > 1) cpus.insert(cpus.begin(), os::allowed_cpus().front());
  Server server(GetParam(), {.cpus = cpus});
  const os::Address& there = server.address();
  const os::UniqueFd client(::socket(there.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::connect(client.get(), there.get(), there.length);  // in time, or refused
  EXPECT_THROW(server.stop(), std::system_error);
}

}  // namespace
}  // namespace duelio::test
